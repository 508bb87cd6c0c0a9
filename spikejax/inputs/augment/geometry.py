"""Images whose pixels are moved: sampled where an affine map says."""

import jax.numpy as jnp
from jax import Array

INTERPOLATIONS = ("nearest", "bilinear")


def sampled(image: Array, matrix: Array, interpolation: str) -> Array:
    """An image whose pixel at p is that of the given image at A p + b; zero where that is outside of it.

    A pixel is at its centre: the first one at (½, ½), counted in pixels from the corner. Between pixels it is the
    nearest one, or the bilinear interpolation of four, at the edges with the edge's own value; for integers that is
    truncated. Both are as in Pillow's `Image.transform`.

    Args:
      image: `[..., H, W, C]`.
      matrix: `(A, b)` as `[2, 3]`, on coordinates (x, y).
      interpolation: "nearest" or "bilinear".
    """
    height, width = image.shape[-3:-1]
    x, y = jnp.meshgrid(jnp.arange(width) + 0.5, jnp.arange(height) + 0.5)
    (xx, xy, x0), (yx, yy, y0) = matrix
    x, y = xx * x + xy * y + x0, yx * x + yy * y + y0
    outside = (x < 0) | (x >= width) | (y < 0) | (y >= height)

    def at(row, column):
        row, column = jnp.clip(row, 0, height - 1), jnp.clip(column, 0, width - 1)
        # One index instead of two: a gather of whole pixels.
        pixels = image.reshape(*image.shape[:-3], height * width, image.shape[-1])
        return jnp.take(pixels, row * width + column, -2)

    if interpolation == "nearest":
        found = at(jnp.floor(y).astype(int), jnp.floor(x).astype(int))
    else:
        left, top = jnp.floor(x - 0.5), jnp.floor(y - 0.5)
        right, below = (x - 0.5 - left)[..., None], (y - 0.5 - top)[..., None]
        i, j = top.astype(int), left.astype(int)
        upper = _between(at(i, j), at(i, j + 1), right)
        lower = _between(at(i + 1, j), at(i + 1, j + 1), right)
        found = _between(upper, lower, below).astype(image.dtype)
    return jnp.where(outside[..., None], jnp.zeros((), image.dtype), found)


def _between(first, second, share):
    first = first.astype(share.dtype)
    return first + (second.astype(share.dtype) - first) * share


def shear(x: Array, y: Array) -> Array:
    """The map of a shear by x pixels per row and y pixels per column, about the corner."""
    return jnp.array([[1, x, 0], [y, 1, 0]])


def translation(x: Array, y: Array) -> Array:
    """The map of a shift by whole pixels, those of x and y towards zero."""
    return jnp.array([[1, 0, -jnp.trunc(x)], [0, 1, -jnp.trunc(y)]])


def rotation(degrees: Array) -> Array:
    """The map of a rotation about the corner, anticlockwise."""
    angle = jnp.deg2rad(degrees)
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    return jnp.array([[cosine, -sine, 0], [sine, cosine, 0]])


def centred(matrix: Array, sizes: tuple[int, ...]) -> Array:
    """A map about the centre of an image of height and width `sizes` instead of its corner."""
    centre = jnp.array([sizes[1] / 2, sizes[0] / 2])
    moved = matrix[:, :2] @ centre
    return matrix.at[:, 2].add(centre - moved)
