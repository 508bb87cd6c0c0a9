"""Resonate-and-fire: a damped oscillator that responds to inputs at its own frequency."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset, strict_option
from spikejax.surrogate import Sigmoid, Surrogate, Triangle, spike


class ResonateAndFireState(NamedTuple):
    """Variables of `ResonateAndFire`, after the reset."""

    real: Array  # x, like a current
    imaginary: Array  # y, like a voltage


@neuron(
    ResonateAndFireState,
    compared="imaginary",
    drive=1.2,
    like={"spikingjelly": {"reset": "voltage", "surrogate": Sigmoid(4.0)}},
)
class ResonateAndFire(Neuron):
    """Damped oscillator z = x + i y, driven by its inputs, that fires where y reaches the threshold.

        x + i y = exp((damping + i frequency) dt) z[t−1] + I[t]
        S[t] = Θ(y − threshold)
        x, y ← 0 on a spike                          reset="zero"
        y ← 0 on a spike                             reset="voltage"

    The step is exact between inputs.

    Deviations: the publication leaves open to which z a spike resets; SpikingJelly resets y alone.

    Reference: Izhikevich (2001), Resonate-and-fire neurons, dz/dt = (b + iω) z + I.

    >>> import jax.numpy as jnp
    >>> neuron = ResonateAndFire(damping=0.0, frequency=jnp.pi / 2)
    >>> state, _ = neuron.step(neuron.init_state(jnp.zeros(1)), jnp.array([0.5]))
    >>> state, _ = neuron.step(state, jnp.array([0.0]))  # a quarter turn: from x to y
    >>> f"{float(state.imaginary[0]):.3f}"
    '0.500'
    """

    damping: Leaf = param(default=-0.2, low=-2, high=0, unit="per dt", doc="b ≤ 0")
    frequency: Leaf = param(default=1.0, low=0, high=3, unit="radians per dt", doc="ω")
    dt: Leaf = param(default=1.0, low=0.01, high=1, doc="length of a step")
    threshold: Leaf = param(default=1.0, low=0, doc="y at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Triangle())
    reset: str = option(
        default="zero", choices=("zero", "voltage", "none"), doc="how a spike resets x and y"
    )
    strict: bool = strict_option()
    detach_reset: bool = detach_option()

    @property
    def is_linear(self) -> bool:
        """Whether there is no reset."""
        return self.reset == "none"

    def step(
        self, state: ResonateAndFireState, current: Array
    ) -> tuple[ResonateAndFireState, Array]:
        angle, shrink = self.frequency * self.dt, jnp.exp(self.damping * self.dt)
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        x = shrink * (state.real * cosine - state.imaginary * sine) + current
        y = shrink * (state.real * sine + state.imaginary * cosine)
        spikes = spike(y - self.threshold, self.surrogate, self.strict)
        if self.reset == "zero":
            x = reset(x, spikes, self.threshold, "zero", self.detach_reset)
        if self.reset != "none":
            y = reset(y, spikes, self.threshold, "zero", self.detach_reset)
        return ResonateAndFireState(x, y), spikes
