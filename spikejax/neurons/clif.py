"""Complementary LIF: a second potential remembers the spikes and deepens the reset."""

from typing import NamedTuple

import jax
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import Rectangle, Surrogate, spike


class CLIFState(NamedTuple):
    """Variables of `CLIF`, after the reset."""

    membrane: Array
    memory: Array  # M, the complementary potential


@neuron(CLIFState, drive=0.8, like={"spikingjelly": {"surrogate": Rectangle(1.0)}})
class CLIF(Neuron):
    """LIF with a complementary potential, which opens further paths for the gradient through time.

        H[t] = (1 − 1/τ) U[t−1] + I[t]
        M[t] = M[t−1] σ(H[t]/τ) + S[t],              S[t] = Θ(H[t] − threshold)
        U[t] = H[t] − S[t] (threshold + σ(M[t]))

    Gradients flow through every S; the model has no learned parameters.

    Reference: Huang et al. (2024), CLIF: complementary leaky integrate-and-fire neuron for spiking neural networks
    and its released code.

    >>> import jax.numpy as jnp
    >>> neuron = CLIF()
    >>> state, spikes = neuron.step(neuron.init_state(jnp.zeros(1)), jnp.array([1.2]))
    >>> [f"{float(x[0]):.6f}" for x in (spikes, state.memory, state.membrane)]
    ['1.000000', '1.000000', '-0.531059']
    """

    tau: Leaf = param(default=2.0, low=1, unit="steps", doc="time constant")
    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Rectangle())

    def step(self, state: CLIFState, current: Array) -> tuple[CLIFState, Array]:
        membrane = state.membrane - state.membrane / self.tau + current
        spikes = spike(membrane - self.threshold, self.surrogate)
        memory = state.memory * jax.nn.sigmoid(membrane / self.tau) + spikes
        after = membrane - spikes * (self.threshold + jax.nn.sigmoid(memory))
        return CLIFState(after, memory), spikes
