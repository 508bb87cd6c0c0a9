"""Dropout over sequences: one mask for all steps, or another at each step."""

from typing import Any

import flax.linen as nn
from jax import Array

PER = ("sequence", "step")


class Dropout(nn.Module):
    """In training y = x m / (1 − p), where each m is 0 with probability p and else 1; in evaluation y = x.

    It is Flax's `nn.Dropout` in the conventions of this package; masks need `rngs={"dropout": key}`, which training
    passes. The mask of a step is the same however a sequence is cut into chunks.

    Attributes:
      rate: p.
      per: "sequence": a sample has one mask for all of its steps, so that a dropped neuron is silent for the whole
        sequence, as in SpikingJelly; "step": another mask at each step.

    Reference: Lee et al. (2020), Enabling spike-based backpropagation for training deep neural network architectures,
    Frontiers in Neuroscience 14, Algorithm 1 (one mask per sequence).

    >>> import jax, jax.numpy as jnp
    >>> y = Dropout(0.5).apply({}, jnp.ones((3, 1, 8)), train=True, rngs={"dropout": jax.random.key(0)})
    >>> bool((y == y[0]).all()), sorted(set(y.ravel().tolist()))
    (True, [0.0, 2.0])
    """

    rate: Any
    per: str = "sequence"

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Drops some of the values `[T, B, *F]`.

        Raises:
          ValueError: a rate that is not in [0, 1), or a `per` that is neither of the two.
        """
        if not (isinstance(self.rate, int | float) and 0 <= self.rate < 1):
            raise ValueError(
                f"expected rate as a number in [0, 1) that is known while tracing, found {self.rate!r}"
            )
        if self.per not in PER:
            raise ValueError(f"expected per as one of {PER}, found {self.per!r}")
        shared = (0,) if self.per == "sequence" else ()
        return nn.Dropout(self.rate, shared, deterministic=not train)(x)
