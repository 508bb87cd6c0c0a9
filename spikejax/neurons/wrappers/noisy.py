"""Noise on the currents of a neuron."""

from typing import Any, NamedTuple

import jax
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, neuron_field, start_inside


class NoisyState(NamedTuple):
    """Variables of `Noisy`."""

    neuron: Any
    key: Array


@neuron(NoisyState, stochastic=True)
class Noisy(Neuron):
    """A neuron whose currents are noisy: I[t] + deviation ε[t], ε standard normal, independent per neuron and step.

    The state carries the key, given as `init_state(current, key)`.

    Reference: Gerstner, Kistler, Naud, Paninski (2014), Neuronal Dynamics, Ch. 8.1, in discrete time.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.leaky_integrator import LeakyIntegrator
    >>> model = Noisy(neuron=LeakyIntegrator(decay=0.0), deviation=0.5)
    >>> currents = jnp.zeros((10_000, 1))
    >>> _, noise = model.sequence(model.init_state(currents[0], jax.random.key(0)), currents)
    >>> f"{float(noise.std()):.2f}"
    '0.50'
    """

    neuron: Any = neuron_field()
    deviation: Leaf = param(default=0.1, low=0, doc="standard deviation of the noise current")

    def init_state(self, current: Array, key: Any) -> NoisyState:
        inner, own = jax.random.split(key)
        return NoisyState(start_inside(self.neuron, current, inner), own)

    def step(self, state: NoisyState, current: Array) -> tuple[NoisyState, Array]:
        key, now = jax.random.split(state.key)
        noise = self.deviation * jax.random.normal(now, current.shape, current.dtype)
        after, spikes = self.neuron.step(state.neuron, current + noise)
        return NoisyState(after, key), spikes
