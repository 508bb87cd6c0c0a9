"""The product of a recurrent layer inside a kernel, as precise as JAX is set to.

A tensor core multiplies bfloat16 exactly and sums in float32. A float32 number is the sum of three bfloat16 numbers to
all of its 24 bits, of two to 16; spikes are one. So a product of spikes with a matrix in n parts takes n products, one
of any two arrays in n parts each n (n + 1) / 2, leaving out those below the precision.

Reference: Henry, Tang, Heinecke (2019), Leveraging the bfloat16 artificial intelligence datatype for higher-precision
computations.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

PARTS = {"bf16": 1, "high": 2, "highest": 3}


def mode_of(precision: Any, dtype: Any) -> str:
    """How a product of this precision and dtype is made: "bf16", "tf32", "high" or "highest".

    >>> mode_of(None, jnp.float32), mode_of(jax.lax.Precision.HIGHEST, jnp.float32)
    ('tf32', 'highest')
    """
    if dtype == jnp.bfloat16:
        return "bf16"
    first = precision[0] if isinstance(precision, tuple) else precision
    asked = {lax.Precision.HIGH: "high", lax.Precision.HIGHEST: "highest"}
    return asked.get(first, "tf32")


def parts(mode: str, x: jax.Array) -> list[jax.Array]:
    """An array as the factors that are multiplied, the largest first."""
    if mode == "tf32":
        return [x]
    found = []
    for _ in range(PARTS[mode]):
        found.append(x.astype(jnp.bfloat16))
        x = x - found[-1].astype(x.dtype)
    return found


def multiply(
    mode: str, exact: bool, left: jax.Array, right: Sequence[Callable[[], jax.Array]]
) -> jax.Array:
    """The product of an array with a matrix of which `right` gives the parts.

    Args:
      mode: from `mode_of`.
      exact: whether `left` is exact in bfloat16, as spikes are.
      left: `[rows, K]`.
      right: for each part a function that reads it, `[K, columns]`.
    """

    def dot(a, b):
        dims = (((1,), (0,)), ((), ()))
        # The precision is in the parts: JAX's own setting is not to be applied once more to each of them.
        precision = lax.Precision.DEFAULT
        return lax.dot_general(a, b, dims, precision, preferred_element_type=jnp.float32)

    if mode == "tf32":
        matrix = right[0]()
        return dot(left.astype(matrix.dtype), matrix)
    lefts = [left.astype(jnp.bfloat16)] if exact else parts(mode, left)
    orders = reversed(range(len(right)))
    terms = [
        dot(a, right[order - i]()) for order in orders for i, a in enumerate(lefts) if i <= order
    ]
    # The smallest first: what they sum to would be lost beside the largest.
    return sum(terms[1:], terms[0])
