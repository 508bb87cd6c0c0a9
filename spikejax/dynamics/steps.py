"""The steps of a piece of a sequence: their numbers, and which are real where samples have different lengths."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array


class Steps(NamedTuple):
    """The steps of a piece of a sequence.

    Attributes:
      numbers: `[K]`, from the start of the sequence.
      real: True where a sample's step is real, `[K, B]`; None if all are.
    """

    numbers: Array
    real: Array | None = None


def steps_of(numbers: Array, lengths: Array | None) -> Steps:
    """The steps with these numbers, of samples with these lengths `[B]`.

    >>> steps_of(jnp.arange(3), jnp.array([2, 3])).real
    Array([[ True,  True],
           [ True,  True],
           [False,  True]], dtype=bool)
    """
    return Steps(numbers, None if lengths is None else numbers[:, None] < lengths)


def along(real: Array, ndim: int) -> Array:
    """A mask `[K, B]` with axes of 1, to broadcast against `[K, B, ...]` of so many axes."""
    return real.reshape(*real.shape, *[1] * (ndim - real.ndim))


def only_real(tree: Any, real: Array | None) -> Any:
    """Arrays `[K, B, ...]` with zeros where a step is not real; any other array as it is.

    >>> only_real(jnp.ones((2, 2, 1)), jnp.array([[True, True], [False, True]])).sum(0).ravel()
    Array([1., 2.], dtype=float32)
    """
    if real is None:
        return tree

    def zeroed(x):
        if x.shape[:2] != real.shape:
            return x
        return jnp.where(along(real, x.ndim), x, jnp.zeros_like(x))

    return jax.tree.map(zeroed, tree)
