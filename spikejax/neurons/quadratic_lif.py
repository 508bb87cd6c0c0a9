"""Quadratic integrate-and-fire."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset_to, strict_option
from spikejax.surrogate import Sigmoid, Surrogate, Triangle, spike


class QuadraticLIFState(NamedTuple):
    """Variables of `QuadraticLIF`, after the reset."""

    membrane: Array


@neuron(
    QuadraticLIFState,
    drive=0.6,
    like={"spikingjelly": {"start": -0.1, "surrogate": Sigmoid(4.0)}},
)
class QuadraticLIF(Neuron):
    """Membrane with a quadratic drift: below `critical` it returns to rest, above `critical` it runs away to a spike.

        H[t] = U[t−1] + (a0 (U[t−1] − rest) (U[t−1] − critical) + I[t]) / τ
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] (1 − S[t]) + reset_voltage S[t]

    One Euler step of τ dU/dt = a0 (U − rest) (U − critical) + I.

    Reference: Gerstner, Kistler, Naud, Paninski (2014), Neuronal Dynamics, Eq. 5.16; Latham et al. (2000),
    Intrinsic dynamics in neuronal networks. The defaults are SpikingJelly's.

    >>> import jax.numpy as jnp
    >>> state, spikes = QuadraticLIF().step(QuadraticLIFState(jnp.array([0.5])), jnp.array([0.25]))
    >>> f"{float(state.membrane[0]):.4f}"
    '0.5500'
    """

    tau: Leaf = param(default=2.0, low=1, unit="steps", doc="time constant")
    a0: Leaf = param(default=1.0, low=0, high=3, doc="strength of the drift")
    rest: Leaf = param(default=0.0, low=-0.5, high=0.5, doc="resting potential")
    critical: Leaf = param(
        default=0.8, low=0.5, high=2, doc="membrane potential above which it runs away"
    )
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

    def init_state(self, current: Array) -> QuadraticLIFState:
        return QuadraticLIFState(jnp.zeros_like(current) + self.start)

    def step(self, state: QuadraticLIFState, current: Array) -> tuple[QuadraticLIFState, Array]:
        before = state.membrane
        force = self.a0 * (before - self.rest) * (before - self.critical)
        membrane = before + (force + current) / self.tau
        spikes = spike(membrane - self.threshold, self.surrogate, self.strict)
        after = reset_to(membrane, spikes, self.reset_voltage, self.detach_reset)
        return QuadraticLIFState(after), spikes
