"""RandAugment: several random operations of one magnitude."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.fields import option, size, spec
from spikejax.inputs.augment.base import Augmentation, each
from spikejax.inputs.augment.geometry import INTERPOLATIONS
from spikejax.inputs.augment.operations import bytes_of, drawn, magnitudes, operated

WIDTH, SHIFT = 331, 150  # of the images for which the paper gives translations, in pixels


@spec
class RandAugment(Augmentation):
    """A number of random operations on each sample, one after the other, all of the same magnitude.

    Samples are images `[B, H, W, C]` or frames `[B, T, H, W, C]` of bytes, with the same operations for all frames.
    Operations are those of `operations.Operation`, each equally probable, of magnitudes up to: shear 0.3, translation
    150/331 of the image, rotation 30°, brightness, colour, contrast and sharpness ±0.9, 4 bits dropped, all inverted.

    Reference: Cubuk et al. (2020), RandAugment: practical automated data augmentation with a reduced search space;
    operations and magnitudes are torchvision's.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.zeros((2, 8, 8, 3), jnp.uint8), None)
    >>> RandAugment()(batch, jax.random.key(0)).inputs.dtype
    dtype('uint8')
    """

    spec_name: ClassVar = "rand_augment"
    count: int = size(default=2, doc="operations per sample")
    magnitude: int = size(default=9, low=0, doc="number of the magnitude, from 0")
    bins: int = size(default=31, low=2, doc="number of magnitudes")
    interpolation: str = option(
        default="nearest", choices=INTERPOLATIONS, doc="of what is moved, between pixels"
    )

    def check(self) -> None:
        """Raises ValueError for a magnitude that there is not."""
        if np.any(self.magnitude >= self.bins):
            raise ValueError(
                f"expected a magnitude from 0 to {self.bins - 1} for {self.bins} bins, found {self.magnitude}"
            )

    def __call__(self, batch: Any, key: Array) -> Any:
        images = bytes_of(self, batch)
        height, width = images.shape[-3:-1]
        shift = SHIFT / WIDTH * width, SHIFT / WIDTH * height
        limits = {"shear": 0.3, "shift": shift, "degrees": 30.0, "factor": 0.9, "bits": 4}
        table, number = jnp.asarray(magnitudes(self.bins, **limits)), jnp.asarray(self.magnitude)

        def change(image, key):
            keys = jax.random.split(key, self.count)

            def once(i, image):
                return operated(image, *drawn(table, number, keys[i]), self.interpolation)

            return jax.lax.fori_loop(0, self.count, once, image)

        return batch._replace(inputs=each(change, images, key))
