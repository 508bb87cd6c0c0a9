"""Exponential integrate-and-fire."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset_to, strict_option
from spikejax.surrogate import Sigmoid, SuperSpike, Surrogate, Triangle, spike


class ExponentialLIFState(NamedTuple):
    """Variables of `ExponentialLIF`, after the reset."""

    membrane: Array


@neuron(
    ExponentialLIFState,
    drive=1.0,
    like={
        "spikingjelly": {"slope_factor": 1.0, "start": -0.1, "surrogate": Sigmoid(4.0)},
        "norse": {
            "tau": 10.0,
            "slope_factor": 0.5,
            "rheobase": 1.0,
            "reset_voltage": 0.0,
            "strict": True,
            "surrogate": SuperSpike(1.0),
        },
    },
)
class ExponentialLIF(Neuron):
    """LIF with an exponential term, which produces the upstroke of a spike near the rheobase threshold.

        H[t] = U[t−1] + (rest − U[t−1] + Δ_T exp((U[t−1] − rheobase) / Δ_T) + I[t]) / τ
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] (1 − S[t]) + reset_voltage S[t]

    One Euler step of τ dU/dt = rest − U + Δ_T exp((U − rheobase)/Δ_T) + I, with the slope factor Δ_T.

    Deviations: with SpikingJelly's slope factor of 1 the neuron fires without input; ours is 0.2, the other defaults
    are SpikingJelly's.

    Reference: Fourcaud-Trocmé et al. (2003), How spike generation mechanisms determine the neuronal response to
    fluctuating inputs; Gerstner, Kistler, Naud, Paninski (2014), Neuronal Dynamics, Ch. 5.2.

    >>> import jax.numpy as jnp
    >>> state, _ = ExponentialLIF().step(ExponentialLIFState(jnp.array([0.8])), jnp.array([-0.4]))
    >>> f"{float(state.membrane[0]):.4f}"
    '0.3000'
    """

    tau: Leaf = param(default=2.0, low=1, unit="steps", doc="time constant")
    slope_factor: Leaf = param(default=0.2, low=0.1, high=2, doc="Δ_T, sharpness of the upstroke")
    rheobase: Leaf = param(
        default=0.8, low=0.25, high=2, doc="membrane potential at which the upstroke begins"
    )
    rest: Leaf = param(default=0.0, low=-0.5, high=0.5, doc="leak reversal potential")
    threshold: Leaf = param(
        default=1.0, low=0.5, high=2, doc="membrane potential at which the neuron fires"
    )
    reset_voltage: Leaf = param(
        default=-0.1, low=-0.5, high=0.5, doc="membrane potential after a spike"
    )
    start: Leaf = param(default=0.0, low=-0.5, high=0.5, doc="initial membrane potential")
    surrogate: Surrogate = surrogate_field(default=Triangle())
    strict: bool = strict_option()
    detach_reset: bool = detach_option()

    def init_state(self, current: Array) -> ExponentialLIFState:
        return ExponentialLIFState(jnp.zeros_like(current) + self.start)

    def step(self, state: ExponentialLIFState, current: Array) -> tuple[ExponentialLIFState, Array]:
        before = state.membrane
        upstroke = self.slope_factor * jnp.exp((before - self.rheobase) / self.slope_factor)
        membrane = before + (self.rest - before + upstroke + current) / self.tau
        spikes = spike(membrane - self.threshold, self.surrogate, self.strict)
        after = reset_to(membrane, spikes, self.reset_voltage, self.detach_reset)
        return ExponentialLIFState(after), spikes
