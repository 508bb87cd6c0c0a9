"""Dual adaptive LIF: a learned input gain besides the learned decay."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import reset, reset_option
from spikejax.surrogate import Rectangle, Surrogate, spike


class DALIFState(NamedTuple):
    """Variables of `DALIF`, after the reset."""

    membrane: Array


@neuron(DALIFState, drive=1.5)
class DALIF(Neuron):
    """LIF that learns, for each layer, the decay of its membrane potential and the gain of its input.

        H[t] = tanh(b) U[t−1] + tanh(a) I[t]
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] (1 − S[t])                       or according to `reset`

    α = tanh(a) tunes the spatial, β = tanh(b) the temporal part.

    Deviations: the authors' initial a and b, threshold, surrogate and reset could not be established (no
    released code was found); ours start at α = β = ½, threshold 1, Rectangle, reset to zero.

    Reference: Zhang et al. (2025), DA-LIF: dual adaptive leaky integrate-and-fire model for deep spiking neural
    networks (arXiv 2502.10422), V[t] = β H[t−1] + α X[t].

    >>> import jax.numpy as jnp
    >>> state, spikes = DALIF().step(DALIFState(jnp.array([0.5])), jnp.array([1.0]))
    >>> f"{float(state.membrane[0]):.4f}"
    '0.7500'
    """

    a: Leaf = param(default=math.atanh(0.5), learned=True, doc="α = tanh(a), gain of the input")
    b: Leaf = param(
        default=math.atanh(0.5),
        learned=True,
        doc="β = tanh(b), fraction of the membrane potential kept per step",
    )
    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Rectangle())
    reset: str = reset_option("zero")

    @property
    def is_linear(self) -> bool:
        """Whether there is no reset."""
        return self.reset == "none"

    def step(self, state: DALIFState, current: Array) -> tuple[DALIFState, Array]:
        membrane = jnp.tanh(self.b) * state.membrane + jnp.tanh(self.a) * current
        spikes = spike(membrane - self.threshold, self.surrogate)
        return DALIFState(reset(membrane, spikes, self.threshold, self.reset)), spikes
