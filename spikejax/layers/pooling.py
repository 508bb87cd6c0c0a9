"""Pooling and flattening of images as modules, for `nn.Sequential`; elsewhere Flax's functions do."""

from typing import Any

import flax.linen as nn
from jax import Array, lax


class Pool(nn.Module):
    """Means, or sums, of images `[T, B, H, W, C]` over windows; each step by itself.

    Attributes:
      window: rows and columns of a window.
      strides: from one window to the next; those of the window if None.
      padding: rows and columns of zeros on either side; a mean counts them.
      kind: "average" or "sum".

    >>> import jax.numpy as jnp
    >>> Pool((2, 2))(jnp.ones((5, 1, 4, 4, 3))).shape
    (5, 1, 2, 2, 3)
    """

    window: tuple[int, int]
    strides: tuple[int, int] | None = None
    padding: tuple[int, int] = (0, 0)
    kind: str = "average"

    def __call__(self, x: Array) -> Array:
        """Pools images.

        Raises:
          ValueError: a kind that is neither of the two, or values that are not images.
        """
        if self.kind not in ("average", "sum"):
            raise ValueError(f"expected kind as average or sum, found {self.kind!r}")
        if x.ndim != 5:
            raise ValueError(f"expected images [T, B, H, W, C], found shape {x.shape}")
        strides = self.window if self.strides is None else self.strides
        pairs: Any = [(size, size) for size in self.padding]
        rows = x.reshape(-1, *x.shape[2:])  # Flax pads one batch axis only
        if self.kind == "average":
            pooled = nn.avg_pool(rows, self.window, strides, pairs)
        else:
            pooled = nn.pool(rows, 0.0, lax.add, self.window, strides, pairs)
        return pooled.reshape(*x.shape[:2], *pooled.shape[1:])


class Flatten(nn.Module):
    """The features `[T, B, *F]` of each sample and step as one axis, the channels of images innermost.

    >>> import jax.numpy as jnp
    >>> Flatten()(jnp.ones((5, 2, 4, 4, 3))).shape
    (5, 2, 48)
    """

    def __call__(self, x: Array) -> Array:
        """Flattens values."""
        return x.reshape(*x.shape[:2], -1)
