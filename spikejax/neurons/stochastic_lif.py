"""LIF with escape noise: it fires with a probability."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron
from spikejax.neurons.core.resets import detach_option, draw_uniform, reset, reset_option


class StochasticLIFState(NamedTuple):
    """Variables of `StochasticLIF`, after the reset."""

    membrane: Array
    key: Array


@neuron(StochasticLIFState, stochastic=True, drive=0.3)
class StochasticLIF(Neuron):
    """LIF that fires with a probability that rises around the threshold.

        H[t] = decay U[t−1] + I[t]
        S[t] ~ Bernoulli(p[t]),                      p[t] = σ((H[t] − threshold) / width)
        U[t] = H[t] − threshold S[t]                 or according to `reset`

    The gradient of S is that of p, with respect to the membrane potential, the threshold and the width alike: no
    surrogate is needed. The state carries the key, given as `init_state(current, key)`; each step uses a new one.

    Reference: Gerstner, Kistler, Naud, Paninski (2014), Neuronal Dynamics, Ch. 9.1; Jang et al. (2019), An introduction
    to probabilistic spiking neural networks.

    >>> import jax, jax.numpy as jnp
    >>> neuron, currents = StochasticLIF(decay=0.0), jnp.full((10_000, 1), 1.0)
    >>> state = neuron.init_state(currents[0], jax.random.key(0))
    >>> f"{float(neuron.sequence(state, currents)[1].mean()):.2f}"
    '0.50'
    """

    decay: Leaf = param(
        default=0.8,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    threshold: Leaf = param(
        default=1.0, low=0, doc="membrane potential at which it fires with probability ½"
    )
    width: Leaf = param(default=0.2, low=0.01, doc="width of the transition around the threshold")
    reset: str = reset_option()
    detach_reset: bool = detach_option()

    def init_state(self, current: Array, key: Any) -> StochasticLIFState:
        return StochasticLIFState(jnp.zeros_like(current), key)

    def step(self, state: StochasticLIFState, current: Array) -> tuple[StochasticLIFState, Array]:
        key, now = jax.random.split(state.key)
        membrane = self.decay * state.membrane + current
        probability = jax.nn.sigmoid((membrane - self.threshold) / self.width)
        draw = draw_uniform(now, current)
        fired = jax.lax.stop_gradient((draw < probability.astype(draw.dtype)).astype(current.dtype))
        # Exactly 0 or 1: the added term is 0, with the gradient of the probability.
        spikes = fired + (probability - jax.lax.stop_gradient(probability))
        after = reset(membrane, spikes, self.threshold, self.reset, self.detach_reset)
        return StochasticLIFState(after, key), spikes
