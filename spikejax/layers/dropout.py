"""Dropout over sequences: one mask for all steps, or another at each step."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

PER = ("sequence", "step")


class Dropout(nn.Module):
    """Dropout with one mask for all steps of a sample, or another at each step.

        y = x m / (1 − p)     in training, m is 0 with probability p, else 1
            x                 in evaluation

    Unlike that of Flax's `nn.Dropout` its rate may be traced, so that a sweep over rates is one program. Masks need
    `rngs={"dropout": key}`, which training passes. The mask of a step is the same however a sequence is cut.

    Attributes:
      rate: p, a number or a traced scalar.
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
    def __call__(self, x: Array, train: bool = False, step_numbers: Array | None = None) -> Array:
        """Drops some of the values `[T, B, *F]`.

        Args:
          x: the values.
          train: whether values are dropped.
          step_numbers: the numbers `[T]` of the steps in their sequence, which `spikejax.run` passes; from 0 if None.

        Raises:
          ValueError: a rate that is not in [0, 1), or a `per` that is neither of the two.
        """
        rate, known = self.rate, not isinstance(self.rate, Tracer)
        single = isinstance(rate, int | float | np.number | np.ndarray | Array) and not np.ndim(
            rate
        )
        if not single or (known and not 0 <= rate < 1):
            raise ValueError(f"expected rate as a number in [0, 1), found {self.rate!r}")
        if self.per not in PER:
            raise ValueError(f"expected per as one of {PER}, found {self.per!r}")
        if not train or (known and rate == 0):
            return x
        key = self.make_rng("dropout")
        if self.per == "sequence":
            kept = jax.random.bernoulli(key, 1 - rate, x.shape[1:])
        else:
            numbers = jnp.arange(len(x)) if step_numbers is None else step_numbers

            def mask(number):
                return jax.random.bernoulli(jax.random.fold_in(key, number), 1 - rate, x.shape[1:])

            kept = jax.vmap(mask)(numbers)
        return jnp.where(kept, x / (1 - rate), 0).astype(jnp.result_type(x, 0.5))
