"""TrivialAugment: one random operation of a random magnitude."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import option, size, spec
from spikejax.inputs.augment.base import Augmentation, each
from spikejax.inputs.augment.geometry import INTERPOLATIONS
from spikejax.inputs.augment.operations import bytes_of, drawn, magnitudes, operated


@spec
class TrivialAugmentWide(Augmentation):
    """One random operation on each sample, of a random magnitude from a wide range.

    Samples are images `[B, H, W, C]` or frames `[B, T, H, W, C]` of bytes, with the same operation for all frames.
    Operations are those of `operations.Operation`, each equally probable, of magnitudes up to: shear 0.99, translation
    32 pixels, rotation 135°, brightness, colour, contrast and sharpness ±0.99, 6 bits dropped, all inverted.

    Reference: Müller, Hutter (2021), TrivialAugment: tuning-free yet state-of-the-art data augmentation; operations and
    magnitudes are torchvision's.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.zeros((2, 8, 8, 3), jnp.uint8), None)
    >>> TrivialAugmentWide()(batch, jax.random.key(0)).inputs.dtype
    dtype('uint8')
    """

    spec_name: ClassVar = "trivial_augment_wide"
    bins: int = size(default=31, low=2, doc="number of magnitudes")
    interpolation: str = option(
        default="nearest", choices=INTERPOLATIONS, doc="of what is moved, between pixels"
    )

    def __call__(self, batch: Any, key: Array) -> Any:
        limits = {"shear": 0.99, "shift": (32.0, 32.0), "degrees": 135.0, "factor": 0.99, "bits": 6}
        table = jnp.asarray(magnitudes(self.bins, **limits))

        def change(image, key):
            of_number, of_kind = jax.random.split(key)
            number = jax.random.randint(of_number, (), 0, self.bins)
            return operated(image, *drawn(table, number, of_kind), self.interpolation)

        return batch._replace(inputs=each(change, bytes_of(self, batch), key))
