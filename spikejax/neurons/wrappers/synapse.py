"""An exponential synapse before any neuron."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, neuron_field, start_inside


class SynapseState(NamedTuple):
    """Variables of `Synapse`."""

    neuron: Any
    current: Array


@neuron(SynapseState)
class Synapse(Neuron):
    """A neuron behind an exponential synapse: with a `LIF` it is a `CubaLIF`.

        Y[t] = synaptic_decay Y[t−1] + I[t]          synapse="decays before", the neuron receives Y[t]
        Y[t] = synaptic_decay (Y[t−1] + I[t])        synapse="decays after", the neuron receives Y[t−1] + I[t]

    Reference: Gerstner, Kistler, Naud, Paninski (2014), Neuronal Dynamics, Ch. 3.1; "decays after" is Norse's order.

    >>> import jax.numpy as jnp
    >>> from spikejax.neurons.leaky_integrator import LeakyIntegrator
    >>> model = Synapse(neuron=LeakyIntegrator(decay=0.0), synaptic_decay=0.5)
    >>> currents = jnp.eye(3)[:, :1]
    >>> model.sequence(model.init_state(currents[0]), currents)[1].ravel()
    Array([1.  , 0.5 , 0.25], dtype=float32)
    """

    neuron: Any = neuron_field()
    synaptic_decay: Leaf = param(
        default=0.8, low=0, high=1, unit="per step", doc="fraction of the current kept per step"
    )
    synapse: str = option(
        default="decays before",
        choices=("decays before", "decays after"),
        doc="when Y decays in a step",
    )

    @property
    def is_linear(self) -> bool:
        """Whether the neuron inside is."""
        return self.neuron.is_linear

    def init_state(self, current: Array, key: Any = None) -> SynapseState:
        return SynapseState(start_inside(self.neuron, current, key), jnp.zeros_like(current))

    def step(self, state: SynapseState, current: Array) -> tuple[SynapseState, Array]:
        if self.synapse == "decays before":
            acting = synapse = self.synaptic_decay * state.current + current
        else:
            acting = state.current + current
            synapse = self.synaptic_decay * acting
        after, spikes = self.neuron.step(state.neuron, acting)
        return SynapseState(after, synapse), spikes
