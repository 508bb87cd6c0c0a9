"""Leaky integrate-and-fire."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import (
    detach_option,
    integrate_and_fire,
    late_option,
    none_yet,
    reset_option,
    strict_option,
    timing_option,
    without_reset,
)
from spikejax.surrogate import ATan, Sigmoid, SuperSpike, Surrogate, Triangle


class LIFState(NamedTuple):
    """Variables of `LIF`."""

    membrane: Array  # after the reset, unless reset_timing or late leave it to the next step
    spikes: Array | None = None  # of the last step, with reset_timing="next"


@neuron(
    LIFState,
    drive=0.5,
    like={
        "spikingjelly": {
            "decay": 0.5,
            "input_scaling": "complement",
            "reset": "zero",
            "surrogate": Sigmoid(4.0),
        },
        "snntorch": {
            "reset_timing": "next",
            "strict": True,
            "detach_reset": True,
            "surrogate": ATan(2.0),
        },
        "norse": {
            "decay": 0.9,
            "input_scaling": "complement",
            "reset": "zero",
            "strict": True,
            "surrogate": SuperSpike(1.0),
        },
        "spyx": {
            "reset_timing": "next",
            "late": True,
            "strict": True,
            "surrogate": SuperSpike(25.0),
        },
    },
)
class LIF(Neuron):
    """Leaky integrate-and-fire neuron in discrete time.

        H[t] = decay U[t−1] + g I[t]                 g = 1, or 1 − decay with input_scaling="complement"
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] − threshold S[t]                 reset="subtract"
               H[t] (1 − S[t])                       reset="zero"
               H[t]                                  reset="none"

    `decay` is exp(−dt/τ), or 1 − dt/τ where a library uses an Euler step. With `learn=("decay",)` in a layer it is
    learned; `PLIF` learns it through σ(w), as its authors do. The defaults are those of the LIF baseline in TC-LIF's
    released code (decay 0.8, soft reset, Triangle).

    With `reset_timing="next"` a spike resets one step later and outside the decay,

        U[t] = decay U[t−1] − threshold S[t−1] + g I[t],  S[t] = Θ(U[t] − threshold)

    and with `late=True` the spikes emitted are those of the membrane potential before the step.

    Deviations: Eq. 1 of TC-LIF leaves the reset out of the decay (reset_timing="next"); its released code, and our
    default, decay the membrane potential after its reset.

    Reference: TC-LIF (AAAI 2024), Eq. 1–3; AR-LIF (arXiv 2507.20746), Eq. 1–3 (decay 0.5, Rectangle).

    >>> import jax.numpy as jnp
    >>> lif = LIF(decay=0.5)
    >>> state, spikes = lif.step(LIFState(membrane=jnp.array([0.5])), jnp.array([1.0]))
    >>> spikes, state.membrane
    (Array([1.], dtype=float32), Array([0.25], dtype=float32))
    """

    decay: Leaf = param(
        default=0.8,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Triangle())
    reset: str = reset_option()
    input_scaling: str = option(
        default="none", choices=("none", "complement"), doc="g = 1 or 1 − decay"
    )
    reset_timing: str = timing_option()
    late: bool = late_option()
    strict: bool = strict_option()
    detach_reset: bool = detach_option()

    @property
    def is_linear(self) -> bool:
        """Whether there is no reset."""
        return without_reset(self)

    def init_state(self, current: Array) -> LIFState:
        return LIFState(jnp.zeros_like(current), none_yet(self, current))

    def step(self, state: LIFState, current: Array) -> tuple[LIFState, Array]:
        if self.input_scaling == "complement":
            current = (1 - self.decay) * current

        def integrate(membrane):
            return self.decay * membrane + current

        membrane, spikes, last = integrate_and_fire(self, integrate, state.membrane, state.spikes)
        return LIFState(membrane, last), spikes
