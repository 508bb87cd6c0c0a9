"""Mirrored images."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, spec
from spikejax.inputs.augment.base import Augmentation, images_of


@spec
class Flip(Augmentation):
    """Mirrors images `[B, H, W, C]` or frames `[B, T, H, W, C]` left to right, each sample with a probability.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.arange(3.0).reshape(1, 1, 3, 1), None)
    >>> Flip(probability=1.0)(batch, jax.random.key(0)).inputs.ravel()
    Array([2., 1., 0.], dtype=float32)
    """

    spec_name: ClassVar = "flip"
    probability: Leaf = param(default=0.5, low=0, high=1, doc="of a flip")

    def __call__(self, batch: Any, key: Array) -> Any:
        images = images_of(self, batch)
        flipped = jax.random.uniform(key, images.shape[:1]) < self.probability
        flipped = flipped.reshape(-1, *[1] * (images.ndim - 1))
        return batch._replace(inputs=jnp.where(flipped, jnp.flip(images, -2), images))
