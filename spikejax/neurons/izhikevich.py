"""Izhikevich's simple model of spiking neurons."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset_to, strict_option
from spikejax.surrogate import Sigmoid, SuperSpike, Surrogate, Triangle, spike


class IzhikevichState(NamedTuple):
    """Variables of `Izhikevich`, after the reset."""

    membrane: Array  # v, mV
    recovery: Array  # u


@neuron(
    IzhikevichState,
    drive=10.0,
    horizon=600,
    like={
        "spikingjelly": {
            "quadratic": 1.0,
            "linear": -0.7,
            "constant": -0.08,
            "rest": -0.1,
            "a": 1.0,
            "b": 0.0,
            "c": 0.0,
            "d": 0.0,
            "peak": 1.0,
            "dt": 0.5,
            "recovery": "after",
            "surrogate": Sigmoid(4.0),
        },
        "norse": {"dt": 0.25, "strict": True, "surrogate": SuperSpike(1.0)},
    },
)
class Izhikevich(Neuron):
    """Two variables that reproduce most firing patterns of cortical neurons; in mV and ms.

        dv/dt = quadratic v² + linear v + constant − u + I
        du/dt = a (b (v − rest) − u)
        S = 1, v ← c, u ← u + d          at v ≥ peak

    One Euler step of length `dt`; v starts at c, u at b (c − rest). a, b, c, d select the pattern: (0.02, 0.2, −65, 8)
    is a regularly spiking, (0.02, 0.2, −50, 2) a chattering, (0.1, 0.2, −65, 2) a fast spiking neuron.

    With `recovery="before"` du/dt is evaluated at v before the step, with "after" at v after the step and before its
    reset.

    Deviations: the publication has no `rest` (0); it belongs to the model's later form, u' = a (b (v − v_r) − u), and
    to SpikingJelly's. The publication's own program takes two half steps of v and one of u per millisecond, u with the
    new v; here both advance by `dt` together.

    Reference: Izhikevich (2003), Simple model of spiking neurons, Eq. 1–3.

    >>> import jax.numpy as jnp
    >>> neuron, currents = Izhikevich(), jnp.full((400, 1), 10.0)  # 200 ms
    >>> int(neuron.sequence(neuron.init_state(currents[0]), currents)[1].sum())
    5
    """

    a: Leaf = param(default=0.02, low=0, high=2, unit="per ms", doc="rate of the recovery")
    b: Leaf = param(default=0.2, low=-1, high=1, doc="sensitivity of the recovery to v")
    c: Leaf = param(default=-65.0, low=-80, high=0, unit="mV", doc="v after a spike")
    d: Leaf = param(default=8.0, low=-2, high=10, doc="increment of u by a spike")
    peak: Leaf = param(default=30.0, low=0.5, high=40, unit="mV", doc="v that counts as a spike")
    quadratic: Leaf = param(default=0.04, low=0.01, high=1, doc="coefficient of v²")
    linear: Leaf = param(default=5.0, low=-1, high=6, doc="coefficient of v")
    constant: Leaf = param(default=140.0, low=-10, high=150, doc="constant term")
    rest: Leaf = param(
        default=0.0, low=-70, high=0, unit="mV", doc="resting v in the equation of u"
    )
    dt: Leaf = param(default=0.5, low=0.05, high=1, unit="ms", doc="length of a step")
    surrogate: Surrogate = surrogate_field(default=Triangle(20.0))
    recovery: str = option(
        default="before",
        choices=("before", "after"),
        doc="the v that drives u: before or after the step",
    )
    strict: bool = strict_option()
    detach_reset: bool = detach_option(doc="no gradient through the reset of v")

    def init_state(self, current: Array) -> IzhikevichState:
        membrane = jnp.zeros_like(current) + self.c
        return IzhikevichState(membrane, self.b * (membrane - self.rest))

    def step(self, state: IzhikevichState, current: Array) -> tuple[IzhikevichState, Array]:
        before, recovery = state
        # v (q v + l) and not q v² + l v: fewer large terms that cancel.
        force = before * (self.quadratic * before + self.linear) + self.constant
        membrane = before + self.dt * (force - recovery + current)
        driving = before if self.recovery == "before" else membrane
        recovery = recovery + self.dt * self.a * (self.b * (driving - self.rest) - recovery)
        spikes = spike(membrane - self.peak, self.surrogate, self.strict)
        after = reset_to(membrane, spikes, self.c, self.detach_reset)
        return IzhikevichState(after, recovery + self.d * spikes), spikes
