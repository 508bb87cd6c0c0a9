"""Masked parallel spiking neuron: each step looks back a few steps."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.psn import check_whole, mix, uniform_rows
from spikejax.surrogate import ATan, Surrogate


class MaskedPSNState(NamedTuple):
    """Variables of `MaskedPSN`: none, as nothing is carried over from a sequence."""


@neuron(MaskedPSNState, drive=4.0, horizon=16, like={"spikingjelly": {"surrogate": ATan(2.0)}})
class MaskedPSN(Neuron):
    """`PSN` whose weights are masked to the last `order` steps, gradually while it is trained.

        H[t] = Σ_s W[t, s] (λ M[t, s] + 1 − λ) I[s],   M[t, s] = 1 where t − order < s ≤ t, else 0
        S[t] = Θ(H[t] − θ[t])

    λ = `masking` goes from 0, a `PSN`, to 1, where no step sees a later one. Its weights belong to positions in a
    sequence of T = `steps`, and at λ < 1 it looks ahead, so like `PSN` it needs the whole sequence; `SlidingPSN` can be
    streamed.

    Reference: Fang et al. (2023), Parallel spiking neurons with high efficiency and ability to learn long-term
    dependencies; λ = min(1, 8 epoch/(epochs − 1)) in its released code.

    >>> import jax.numpy as jnp
    >>> neuron = MaskedPSN(steps=4, order=2, weight=jnp.ones((4, 4)), threshold=1.0)
    >>> neuron.sequence(MaskedPSNState(), jnp.array([[0.5], [0.5], [0.25], [0.5]]))[1].ravel()
    Array([0., 1., 0., 0.], dtype=float32)
    """

    steps: int = size(default=8, doc="T, the length of every sequence")
    order: int = size(default=2, doc="how many steps each step sees, itself included")
    weight: Leaf = param(
        default=uniform_rows,
        axes=("steps", "steps"),
        learned=True,
        doc="W, weight of each step's current at each step",
    )
    threshold: Leaf = param(default=1.0, axes=("steps",), learned=True, doc="θ, one per step")
    masking: Leaf = param(default=1.0, low=0, high=1, axes=(), doc="λ, strength of the mask")
    surrogate: Surrogate = surrogate_field(default=ATan())

    def sequence(self, state: MaskedPSNState, currents: Array) -> tuple[MaskedPSNState, Array]:
        """The spikes `[T, B, *F]` of a whole sequence of currents.

        Raises:
          ValueError: the number of steps is not T.
        """
        check_whole(self, currents)
        rows, columns = jnp.arange(self.steps)[:, None], jnp.arange(self.steps)
        seen = (rows - self.order < columns) & (columns <= rows)
        weight = self.weight * jnp.where(seen, 1, 1 - self.masking)
        return state, mix(weight, self.threshold, currents, self.surrogate)
