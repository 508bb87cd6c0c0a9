"""Context-embedding LIF: a threshold that a learned weight for every step changes."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import Surrogate, Triangle, spike


@dataclasses.dataclass(frozen=True)
class NormalEmbedding:
    """Initialiser of embeddings: normally distributed.

    Attributes:
      mean: of the values.
      deviation: their standard deviation.
    """

    mean: float
    deviation: float

    def __call__(self, key, shape, dtype):
        return self.mean + self.deviation * jax.random.normal(key, shape, dtype)


class CELIFState(NamedTuple):
    """Variables of `CELIF`, the membrane before the reset, which comes with the next step."""

    membrane: Array
    threshold: Array
    spikes: Array
    time: Array  # steps so far, one integer


@neuron(CELIFState, drive=0.5)
class CELIF(Neuron):
    """LIF whose threshold integrates its membrane potential with a learned weight for each step; CE-LIF.

        θ[t] = θ[t−1] + E[t] U[t−1] − recovery (θ[t−1] − threshold)
        U[t] = decay U[t−1] (1 − S[t−1]) + I[t]
        S[t] = Θ(U[t] − θ[t]), above the threshold only

    with the embedding E `[T, *F]`, T = `steps`, one weight for every step and neuron; beyond T its last row is used, so
    a sequence can be streamed. θ starts at the threshold.

    Deviations: the authors released no code; equations and initial values are those of the toolkit NEAT, whose layers
    share one embedding.

    Reference: Chen, Wu, Tang, Ren, Tan (2023), Unleashing the potential of spiking neural networks for sequential
    modeling with contextual embedding (arXiv 2308.15150), as in the toolkit NEAT.

    >>> import jax.numpy as jnp
    >>> neuron = CELIF(steps=3, embedding=jnp.array([0.0, 1.0, 0.0]), recovery=0.0)
    >>> currents = jnp.full((3, 1), 0.8)
    >>> _, spikes = neuron.sequence(neuron.init_state(currents[0]), currents)
    >>> spikes.ravel()  # after the first spike the threshold is 0.5 + 0.8
    Array([1., 0., 0.], dtype=float32)
    """

    steps: int = size(default=8, doc="T, the rows of the embedding")
    embedding: Leaf = param(
        default=NormalEmbedding(0.01, 0.01),
        axes=("steps", ...),
        learned=True,
        doc="E, how far the membrane potential raises the threshold in each step",
    )
    decay: Leaf = param(
        default=0.5,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    recovery: Leaf = param(
        default=0.02,
        low=0,
        high=1,
        unit="per step",
        doc="fraction by which θ returns to the threshold per step",
    )
    threshold: Leaf = param(default=0.5, low=0, doc="θ at rest")
    surrogate: Surrogate = surrogate_field(default=Triangle())

    def init_state(self, current: Array) -> CELIFState:
        zeros = jnp.zeros_like(current)
        return CELIFState(zeros, zeros + self.threshold, zeros, jnp.zeros((), jnp.int32))

    def step(self, state: CELIFState, current: Array) -> tuple[CELIFState, Array]:
        weight = self.embedding
        if jnp.ndim(weight):
            weight = jnp.take(jnp.asarray(weight), state.time, axis=0, mode="clip")
        back = self.recovery * (state.threshold - self.threshold)
        threshold = state.threshold + weight * state.membrane - back
        membrane = self.decay * state.membrane * (1 - state.spikes) + current
        spikes = spike(membrane - threshold, self.surrogate, True)
        return CELIFState(membrane, threshold, spikes, state.time + 1), spikes
