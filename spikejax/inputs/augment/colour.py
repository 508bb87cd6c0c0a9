"""Images whose values are changed: by a table of 256 values per channel, or blended with another image.

All of it is as in Pillow's `ImageOps` and `ImageEnhance`, on images of bytes `[..., H, W, C]`; autocontrast, whose
table Pillow computes in floats, differs from it by at most 1.
"""

import jax.numpy as jnp
from jax import Array

LEVELS = 256
LUMA = (19595, 38470, 7471)  # of red, green and blue, in 1/65536: ITU-R 601-2


def looked_up(image: Array, table: Array) -> Array:
    """The values of a table `[..., C, 256]` at an image's bytes."""
    flat = image.reshape(*image.shape[:-3], -1, image.shape[-1])
    found = jnp.take_along_axis(table.swapaxes(-1, -2), flat.astype(int), -2)
    return found.astype(image.dtype).reshape(image.shape)


def grey(image: Array) -> Array:
    """The luma of red, green and blue, `[..., H, W, 1]`; of one channel that channel."""
    if image.shape[-1] == 1:
        return image
    luma = (image.astype(int) * jnp.array(LUMA)).sum(-1, keepdims=True)
    return ((luma + (1 << 15)) >> 16).astype(image.dtype)


def smooth(image: Array) -> Array:
    """The mean of 3x3 pixels, of which the middle one counts five times, rounded; edges stay."""
    wide = image.astype(int)
    rows = wide[..., :-2, :, :] + wide[..., 1:-1, :, :] + wide[..., 2:, :, :]
    total = rows[..., :-2, :] + rows[..., 1:-1, :] + rows[..., 2:, :]
    total += 4 * wide[..., 1:-1, 1:-1, :]
    inner = ((2 * total + 13) // 26).astype(image.dtype)
    return image.at[..., 1:-1, 1:-1, :].set(inner)


def blend(first: Array, second: Array, factor: Array) -> Array:
    """first + factor (second − first), truncated to bytes; beyond 0 and 1 it extrapolates."""
    first, second = first.astype(float), second.astype(float)
    return jnp.clip(first + factor * (second - first), 0, LEVELS - 1).astype(jnp.uint8)


def levels(image: Array) -> Array:
    """The table that changes nothing, `[..., C, 256]`."""
    shape = (*image.shape[:-3], image.shape[-1], LEVELS)
    return jnp.broadcast_to(jnp.arange(LEVELS), shape)


def brightness(image: Array, factor: Array) -> Array:
    """The table of a blend with black."""
    same = levels(image)
    return blend(jnp.zeros_like(same), same, factor).astype(int)


def contrast(image: Array, factor: Array) -> Array:
    """The table of a blend with the mean grey."""
    count = image.shape[-3] * image.shape[-2]
    total = grey(image).astype(int).sum((-3, -2))
    mean = (2 * total + count) // (2 * count)  # rounded
    same = levels(image)
    return blend(jnp.broadcast_to(mean[..., None], same.shape), same, factor).astype(int)


def posterise(image: Array, bits: Array) -> Array:
    """The table that keeps some of the 8 bits, the high ones."""
    dropped = 8 - bits.astype(int)
    return levels(image) >> dropped << dropped


def solarise(image: Array, threshold: Array) -> Array:
    """The table that inverts what is not below a threshold."""
    same = levels(image)
    return jnp.where(same < threshold, same, LEVELS - 1 - same)


def autocontrast(image: Array) -> Array:
    """The table that spreads the values of each channel over all of the range.

        table[i] = ⌊255 (i − low) / (high − low)⌋,   at most 255 and at least 0

    where low and high are the least and the greatest value; it changes nothing where they are the same.
    """
    low, high = (f(image, (-3, -2)).astype(int)[..., None] for f in (jnp.min, jnp.max))
    same = levels(image)
    spread = (same - low) * (LEVELS - 1) // jnp.maximum(high - low, 1)
    return jnp.where(high > low, jnp.clip(spread, 0, LEVELS - 1), same)


def equalise(image: Array) -> Array:
    """The table that makes the histogram of each channel flat, as far as a table can.

        table[i] = ⌊(⌊s / 2⌋ + Σ_{j<i} h[j]) / s⌋,   s = ⌊(H W − h[highest]) / 255⌋

    It changes nothing where s is 0.
    """
    counts = histogram(image)
    total = counts.sum(-1, keepdims=True)
    highest = image.max((-3, -2)).astype(int)[..., None]
    step = (total - jnp.take_along_axis(counts, highest, -1)) // (LEVELS - 1)
    below = jnp.cumsum(counts, -1) - counts
    flat = jnp.minimum((step // 2 + below) // jnp.maximum(step, 1), LEVELS - 1)
    return jnp.where(step > 0, flat, levels(image))


def histogram(image: Array) -> Array:
    """How many pixels of each channel have each value, `[..., C, 256]`."""
    flat = jnp.moveaxis(image, -1, -3).reshape(-1, image.shape[-3] * image.shape[-2])
    # One index into all histograms, a third of the time of one histogram after the other.
    first = LEVELS * jnp.arange(len(flat))[:, None]
    counts = jnp.zeros(LEVELS * len(flat), int).at[(flat + first).ravel()].add(1)
    return counts.reshape(*image.shape[:-3], image.shape[-1], LEVELS)
