"""Average pooling to a grid of a given size, whatever the size of the images."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array


def adaptive_average_pool(x: Array, size: int) -> Array:
    """The means of images over a grid of windows that cover them.

        y[i] = mean of x[⌊i H / n⌋], …, x[⌈(i + 1) H / n⌉ − 1]

    along the rows, and likewise along the columns. Windows overlap if n does not divide H, and with H < n they repeat
    pixels, so that images become larger. These are the windows of PyTorch's `AdaptiveAvgPool2d`.

    Args:
      x: images `[..., H, W, C]`.
      size: n, rows and columns of the grid.

    Returns:
      `[..., n, n, C]`.

    >>> adaptive_average_pool(jnp.arange(3.0)[:, None, None] * jnp.ones((3, 3, 1)), 2)[..., 0]
    Array([[0.5, 0.5],
           [1.5, 1.5]], dtype=float32)
    """
    rows, columns = (jnp.asarray(_windows(length, size), x.dtype) for length in x.shape[-3:-1])
    # A sum over few pixels: at less than full precision it would cost more in accuracy than it saves in time.
    return jnp.einsum("ih,jw,...hwc->...ijc", rows, columns, x, precision=jax.lax.Precision.HIGHEST)


def _windows(length, size):
    """The weight of each of `length` pixels in each of `size` means."""
    weights = np.zeros((size, length))
    for i in range(size):
        low, high = i * length // size, -(-(i + 1) * length // size)
        weights[i, low:high] = 1 / (high - low)
    return weights
