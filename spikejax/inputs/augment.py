"""Augmentation: random changes of a batch, inside the training step and only there.

An augmentation maps `(batch, key) -> batch`, a batch having `inputs` and `labels`. Any function of that form will do.
"""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size, spec


class Augmentation:
    """The base of every augmentation."""

    def __call__(self, batch: Any, key: Array) -> Any:
        """A randomly changed batch."""
        raise NotImplementedError


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
        images = _images(self, batch)
        flipped = jax.random.uniform(key, images.shape[:1]) < self.probability
        flipped = flipped.reshape(-1, *[1] * (images.ndim - 1))
        return batch._replace(inputs=jnp.where(flipped, jnp.flip(images, -2), images))


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
        images = _images(self, batch)
        pad, (height, width, channels) = self.padding, images.shape[-3:]
        edges = [(0, 0)] * (images.ndim - 3) + [(pad, pad), (pad, pad), (0, 0)]
        padded = jnp.pad(images, edges)
        shifts = jax.random.randint(key, (len(images), 2), 0, 2 * pad + 1)

        def cut(image, shift):
            start = (*[0] * (image.ndim - 3), shift[0], shift[1], 0)
            sizes = (*image.shape[:-3], height, width, channels)
            return jax.lax.dynamic_slice(image, start, sizes)

        return batch._replace(inputs=jax.vmap(cut)(padded, shifts))


def _images(augmentation, batch):
    images = batch.inputs
    if getattr(images, "ndim", 0) < 4:
        raise ValueError(
            f"{type(augmentation).__name__} expects images [B, H, W, C] or frames [B, T, H, W, C], found "
            f"{jax.tree.map(jnp.shape, images)}"
        )
    return images
