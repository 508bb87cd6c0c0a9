"""Convolutions 3x3 by Winograd's algorithm F(2x2, 3x3): 16 products of matrices for every four outputs instead of 36.

A tile of 4x4 inputs d, which overlaps the next by two, and the kernel g make 2x2 outputs, per channel in and out

    y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A,        Bᵀ = 1  0 −1  0    G = 1   0   0    Aᵀ = 1 1  1  0
                                                0  1  1  0        ½   ½   ½         0 1 −1 −1
                                                0 −1  1  0        ½  −½   ½
                                                0  1  0 −1        0   0   1

and the sum over the channels in turns each of the 16 element-wise products into a product of matrices
`[tiles, C] [C, D]`. The gradient of the inputs is a convolution too; that of the kernel is

    dg = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G        summed over all tiles.

Values differ from those of the sum over the window by rounding.

Reference: Lavin & Gray (2016), Fast algorithms for convolutional neural networks, Sec. 4.1.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

Pairs = Sequence[tuple[int, int]]
CACHED = 6 * 2**20  # bytes of transforms at a time, which should stay in a cache


def convolve(x: Array, kernel: Array, padding: Pairs, precision: lax.PrecisionLike = None) -> Array:
    """Outputs `[N, H', W', D]` of a convolution with strides of 1.

    Args:
      x: inputs `[N, H, W, C]`.
      kernel: `[3, 3, C, D]`.
      padding: zeros before and after, of both axes; none negative.
      precision: of the products, see `jax.lax.Precision`.

    >>> convolve(jnp.ones((1, 4, 4, 1)), jnp.ones((3, 3, 1, 1)), ((1, 1), (1, 1)))[0, :, :, 0]
    Array([[4., 6., 6., 4.],
           [6., 9., 9., 6.],
           [6., 9., 9., 6.],
           [4., 6., 6., 4.]], dtype=float32)
    """
    padded, (height, width) = _even(x, padding)
    weights = _transform(_of_kernel, _transform(_of_kernel, kernel).swapaxes(0, 1))

    def some(padded):
        tiles = _of_inputs(padded)
        found = jnp.einsum("jinrcx,jixy->jinrcy", tiles, weights, precision=precision)
        joined = _transform(_to_outputs, _transform(_to_outputs, found, 4), 2)
        count, rows, _, columns, _, channels = joined.shape
        return joined.reshape(count, 2 * rows, 2 * columns, channels)[:, :height, :width]

    outputs = lax.map(some, _in_parts(padded, padded, kernel, CACHED))
    return outputs.reshape(-1, *outputs.shape[2:])


def of_kernel(
    x: Array, gradient: Array, padding: Pairs, precision: lax.PrecisionLike = None
) -> Array:
    """The gradient `[3, 3, C, D]` of the kernel, given that of the outputs `[N, H', W', D]`."""
    padded, (height, width) = _even(x, padding)
    slopes = jnp.pad(gradient, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)))
    sums = jnp.zeros((4, 4, x.shape[-1], gradient.shape[-1]), x.dtype)

    def add(sums, some):
        padded, slopes = some
        rows = _transform(_of_outputs, _every_second(slopes, 2, 1))
        found = _transform(_of_outputs, _every_second(rows, 2, 3))
        tiles = _of_inputs(padded)
        return sums + jnp.einsum("jinrcx,jinrcy->jixy", tiles, found, precision=precision), None

    # Fewer parts if adding the products of one to the sums is much of the work.
    limit = max(CACHED, 2 * sums.nbytes)
    parts = [_in_parts(images, padded, sums, limit) for images in (padded, slopes)]
    sums, _ = lax.scan(add, sums, parts)
    return _transform(_to_kernel, _transform(_to_kernel, sums).swapaxes(0, 1))


def _even(x, padding):
    """The inputs with their zeros and those that make the outputs even in both axes, and the size of the outputs."""
    sizes = [n + low + high - 2 for n, (low, high) in zip(x.shape[1:3], padding, strict=True)]
    filled = [(low, high + size % 2) for size, (low, high) in zip(sizes, padding, strict=True)]
    return jnp.pad(x, ((0, 0), *filled, (0, 0))), sizes


def _in_parts(images, padded, kernel, limit):
    """Images in equal parts `[parts, n, ...]` whose transforms, with those of the outputs, stay within the limit."""
    count, height, width, _ = padded.shape
    tiles = (height // 2 - 1) * (width // 2 - 1)
    wanted = limit // (16 * tiles * sum(kernel.shape[-2:]) * kernel.dtype.itemsize)
    size = max([n for n in range(1, min(count, wanted) + 1) if count % n == 0], default=1)
    return images.reshape(count // size, size, *images.shape[1:])


def _of_inputs(padded: Array) -> Array:
    """Bᵀ d B of all tiles, `[4, 4, N, rows, columns, C]`, columns first."""
    rows = _transform(_of_tile, _every_second(padded, 4, 1))
    return _transform(_of_tile, _every_second(rows, 4, 3))


def _every_second(x: Array, count: int, axis: int) -> list[Array]:
    """The elements 0, 2, … of an axis, then 1, 3, … and so on: `count` arrays, which overlap if there are four."""
    end = x.shape[axis] - count + 1
    return [lax.slice_in_dim(x, i, i + end, 2, axis) for i in range(count)]


def _transform(transform: Callable[..., list[Array]], arrays: Any, axis: int = 0) -> Array:
    """A transform of arrays, or of those along the first axis of one, stacked again."""
    return jnp.stack(transform(*arrays), axis)


def _of_tile(a, b, c, d):
    """Bᵀ of four arrays."""
    return [a - c, b + c, c - b, b - d]


def _to_outputs(a, b, c, d):
    """Aᵀ."""
    return [a + b + c, b - c - d]


def _of_outputs(a, b):
    """A."""
    return [a, a + b, a - b, -b]


def _of_kernel(a, b, c):
    """G."""
    return [a, (a + b + c) / 2, (a - b + c) / 2, c]


def _to_kernel(a, b, c, d):
    """Gᵀ."""
    return [a + (b + c) / 2, (b - c) / 2, (b + c) / 2 + d]
