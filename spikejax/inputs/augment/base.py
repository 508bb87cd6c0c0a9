"""What every augmentation is, and what those of images share.

An augmentation maps `(batch, key) -> batch`, a batch having `inputs` and `labels`. Any function of that form will do.
It sees the whole batch, also where devices share it: what it draws does not depend on their number.
"""

from collections.abc import Callable
from typing import Any

import jax
from jax import Array


class Augmentation:
    """The base of every augmentation."""

    def __call__(self, batch: Any, key: Array) -> Any:
        """A randomly changed batch."""
        raise NotImplementedError


def images_of(augmentation: Augmentation, batch: Any) -> Array:
    """The images `[B, H, W, C]` or frames `[B, T, H, W, C]` of a batch.

    Raises:
      ValueError: its inputs are neither.
    """
    images = batch.inputs
    if getattr(images, "ndim", 0) < 4:
        raise ValueError(
            f"{type(augmentation).__name__} expects images [B, H, W, C] or frames [B, T, H, W, C], found "
            f"{jax.tree.map(jax.numpy.shape, images)}"
        )
    return jax.numpy.asarray(images)


def each(change: Callable[[Array, Array], Array], images: Array, key: Array) -> Array:
    """`change(image, key)` of each sample, with a key of its own."""
    return jax.vmap(change)(images, jax.random.split(key, len(images)))
