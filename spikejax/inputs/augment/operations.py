"""The 14 operations that RandAugment and TrivialAugment choose from, and their magnitudes.

They are written here since neither library of augmentation on JAX arrays has all of them: dm_pix 0.4 lacks
posterisation, equalisation, sharpness and automatic contrast, augmax 0.4 those and shears, both lack policies and
mixing, and their colours are floats. Libraries on the host would need a loader where the data is on the device already.
These are the same as Pillow's and torchvision's, with which published results were made.

Under `vmap` every sample pays for all operations, so they are merged: one affine map, one table of values and one
blend, of which an operation uses at most one and the others change nothing.
"""

import enum

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.inputs.augment import colour, geometry
from spikejax.inputs.augment.base import Augmentation, images_of


class Operation(enum.IntEnum):
    """The operations, in the order of torchvision's policies."""

    IDENTITY = 0
    SHEAR_X = 1
    SHEAR_Y = 2
    TRANSLATE_X = 3
    TRANSLATE_Y = 4
    ROTATE = 5
    BRIGHTNESS = 6
    COLOUR = 7
    CONTRAST = 8
    SHARPNESS = 9
    POSTERISE = 10
    SOLARISE = 11
    AUTOCONTRAST = 12
    EQUALISE = 13


def magnitudes(
    bins: int, *, shear: float, shift: tuple[float, float], degrees: float, factor: float, bits: int
) -> np.ndarray:
    """The magnitudes of each operation, `[14, bins]`, from none to the strongest.

    Args:
      bins: number of magnitudes.
      shear: greatest shear, in pixels per pixel.
      shift: greatest translation along x and y, in pixels.
      degrees: greatest rotation.
      factor: greatest change of brightness, colour, contrast and sharpness, of 1.
      bits: most bits that posterisation drops.
    """
    greatest = [0.0, shear, shear, *shift, degrees, factor, factor, factor, factor]
    number = np.arange(bins)
    rising = [limit * number / (bins - 1) for limit in greatest]
    kept = 8 - np.round(bits * number / (bins - 1))
    threshold = 255 - 255 * number / (bins - 1)
    none = np.zeros(bins)
    return np.stack([*rising, kept, threshold, none, none]).astype(np.float32)


def bytes_of(augmentation: Augmentation, batch: object) -> Array:
    """The images of a batch that operations on colours can change.

    Raises:
      ValueError: they are no images of bytes with one channel or three.
    """
    images = images_of(augmentation, batch)
    if images.dtype != jnp.uint8 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"{type(augmentation).__name__} expects images of bytes, uint8, with 1 or 3 channels, found {images.dtype} "
            f"{list(images.shape)}; apply it before what makes floats of them, such as Mixup"
        )
    return images


def drawn(table: Array, number: Array, key: Array) -> tuple[Array, Array]:
    """A random operation, and its magnitude of a number, with a random sign if it has one."""
    of_kind, of_sign = jax.random.split(key)
    kind = jax.random.randint(of_kind, (), 0, len(Operation))
    signed = (kind >= Operation.SHEAR_X) & (kind <= Operation.SHARPNESS)
    negative = signed & jax.random.bernoulli(of_sign)
    return kind, jnp.where(negative, -1, 1) * table[kind, number]


def operated(image: Array, kind: Array, magnitude: Array, interpolation: str) -> Array:
    """An image of bytes, or frames `[..., H, W, C]`, after one operation.

    Args:
      image: one sample.
      kind: an `Operation`.
      magnitude: of the operation, see `magnitudes`; brightness and the like are 1 + magnitude times what they were.
      interpolation: between pixels, see `geometry.sampled`.
    """
    none = jnp.zeros_like(magnitude)
    maps = {
        Operation.SHEAR_X: geometry.shear(magnitude, none),
        Operation.SHEAR_Y: geometry.shear(none, magnitude),
        Operation.TRANSLATE_X: geometry.translation(magnitude, none),
        Operation.TRANSLATE_Y: geometry.translation(none, magnitude),
        Operation.ROTATE: geometry.centred(geometry.rotation(magnitude), image.shape[-3:-1]),
    }
    matrix = _chosen(kind, maps, geometry.translation(none, none))
    # All from the image as it is given, whatever else changes: an operation uses one of the three.
    tables = {
        Operation.BRIGHTNESS: colour.brightness(image, 1 + magnitude),
        Operation.CONTRAST: colour.contrast(image, 1 + magnitude),
        Operation.POSTERISE: colour.posterise(image, magnitude),
        Operation.SOLARISE: colour.solarise(image, magnitude),
        Operation.AUTOCONTRAST: colour.autocontrast(image),
        Operation.EQUALISE: colour.equalise(image),
    }
    others = {Operation.COLOUR: colour.grey(image), Operation.SHARPNESS: colour.smooth(image)}
    moved = geometry.sampled(image, matrix, interpolation)
    changed = colour.looked_up(moved, _chosen(kind, tables, colour.levels(image)))
    return colour.blend(_chosen(kind, others, changed), changed, 1 + magnitude)


def _chosen(kind, values, otherwise):
    for operation, value in values.items():
        otherwise = jnp.where(kind == operation, value, otherwise)
    return otherwise
