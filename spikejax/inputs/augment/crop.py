"""Images cut out of padded ones."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import size, spec
from spikejax.inputs.augment.base import Augmentation, images_of


@spec
class Crop(Augmentation):
    """Shifts images `[B, H, W, C]` or frames `[B, T, H, W, C]` by up to `padding` pixels each way; padded with zeros.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.ones((2, 4, 4, 1)), None)
    >>> Crop(padding=1)(batch, jax.random.key(0)).inputs.shape
    (2, 4, 4, 1)
    """

    spec_name: ClassVar = "crop"
    padding: int = size(default=4, doc="largest shift, in pixels")

    def __call__(self, batch: Any, key: Array) -> Any:
        images = images_of(self, batch)
        pad, (height, width, channels) = self.padding, images.shape[-3:]
        edges = [(0, 0)] * (images.ndim - 3) + [(pad, pad), (pad, pad), (0, 0)]
        padded = jnp.pad(images, edges)
        shifts = jax.random.randint(key, (len(images), 2), 0, 2 * pad + 1)

        def cut(image, shift):
            start = (*[0] * (image.ndim - 3), shift[0], shift[1], 0)
            sizes = (*image.shape[:-3], height, width, channels)
            return jax.lax.dynamic_slice(image, start, sizes)

        return batch._replace(inputs=jax.vmap(cut)(padded, shifts))
