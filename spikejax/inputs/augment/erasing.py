"""Rectangles of images that are filled."""

import math
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.fields import Leaf, param, size, spec
from spikejax.inputs.augment.base import Augmentation, each, images_of

ATTEMPTS = 10  # rectangles that are drawn until one fits
LEAST = 1e-3  # of a ratio

# Top, bottom, left, right; bottom and right are the first outside.
Box = tuple[Array, Array, Array, Array]


@spec
class RandomErasing(Augmentation):
    """Fills a random rectangle of images `[B, H, W, C]` or frames `[B, T, H, W, C]`, of each sample with a probability.

        area ~ U(area_low, area_high) H W,   log r ~ U(log ratio_low, log ratio_high)
        height = round √(area r),   width = round √(area / r)

    until a rectangle is smaller than the image, of `ATTEMPTS` that are drawn, at a uniform position; a sample has the
    same one in all of its frames and channels. Encoders normalise after augmentation: what would be 0 after it, as in
    released code that erases last, is here a `fill` of scale · mean, an array `[C]`; in images of integers it is
    rounded.

    Reference: Zhong et al. (2020), Random erasing data augmentation; the defaults are torchvision's.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.ones((1, 8, 8, 1)), None)
    >>> change = RandomErasing(probability=1.0, area_low=0.25, area_high=0.25, ratio_low=1.0, ratio_high=1.0)
    >>> float(change(batch, jax.random.key(0)).inputs.sum())  # 64 − 16
    48.0
    """

    spec_name: ClassVar = "random_erasing"
    probability: Leaf = param(default=0.5, low=0, high=1, doc="of erasing")
    area_low: Leaf = param(
        default=0.02, low=0, high=1, doc="least area, as a fraction of the image"
    )
    area_high: Leaf = param(default=0.33, low=0, high=1, doc="greatest area, as a fraction of it")
    ratio_low: Leaf = param(default=0.3, low=LEAST, doc="least ratio of height and width")
    ratio_high: Leaf = param(default=3.3, low=LEAST, doc="greatest ratio of height and width")
    fill: Leaf = param(default=0.0, doc="value of the erased pixels, or one per channel")

    def check(self) -> None:
        """Raises ValueError for areas or ratios in the wrong order."""
        for what in ("area", "ratio"):
            low, high = getattr(self, f"{what}_low"), getattr(self, f"{what}_high")
            if np.any(low > high):
                raise ValueError(
                    f"expected {what}_low of at most {what}_high = {high}, found {low}"
                )

    def __call__(self, batch: Any, key: Array) -> Any:
        images = images_of(self, batch)

        def erase(image, key):
            of_choice, of_box = jax.random.split(key)
            box = self.box(image.shape[-3:-1], of_box)
            chosen = jax.random.uniform(of_choice) < self.probability
            return jnp.where(chosen, filled(image, box, self.fill), image)

        return batch._replace(inputs=each(erase, images, key))

    def box(self, sizes: tuple[int, ...], key: Array) -> Box:
        """A random rectangle of an image of height and width `sizes`; one without pixels if none fits."""
        of_area, of_ratio, of_place = jax.random.split(key, 3)
        area = jax.random.uniform(of_area, (ATTEMPTS,), minval=self.area_low, maxval=self.area_high)
        area *= math.prod(sizes)
        ends = jnp.log(self.ratio_low), jnp.log(self.ratio_high)
        ratio = jnp.exp(jax.random.uniform(of_ratio, (ATTEMPTS,), minval=ends[0], maxval=ends[1]))
        heights, widths = jnp.round(jnp.sqrt(area * ratio)), jnp.round(jnp.sqrt(area / ratio))
        fits = (heights < sizes[0]) & (widths < sizes[1])
        first = jnp.argmax(fits)
        box = []
        for length, side, of_side in zip(
            (heights, widths), sizes, jax.random.split(of_place), strict=True
        ):
            extent = jnp.where(fits.any(), length[first], 0).astype(int)
            start = jax.random.randint(of_side, (), 0, side - extent + 1)
            box += [start, start + extent]
        return box[0], box[1], box[2], box[3]


@spec
class Cutout(Augmentation):
    """Sets a square of images `[B, H, W, C]` or frames `[B, T, H, W, C]` to zero, the same in all frames and channels.

    Its centre is a uniformly random pixel, so that the square may be cut off at the edges.

    Reference: DeVries, Taylor (2017), Improved regularization of convolutional neural networks with cutout.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.ones((1, 8, 8, 1)), None)
    >>> found = Cutout(length=2)(batch, jax.random.key(0)).inputs
    >>> 1 <= int((found == 0).sum()) <= 4
    True
    """

    spec_name: ClassVar = "cutout"
    length: int = size(
        default=16, low=2, doc="side of the square, in pixels; of an odd one, one less"
    )

    def __call__(self, batch: Any, key: Array) -> Any:
        half = self.length // 2

        def cut(image, key):
            sizes = image.shape[-3:-1]
            rows, columns = (
                jax.random.randint(of_side, (), 0, side)
                for side, of_side in zip(sizes, jax.random.split(key), strict=True)
            )
            return filled(image, (rows - half, rows + half, columns - half, columns + half), 0)

        return batch._replace(inputs=each(cut, images_of(self, batch), key))


def filled(image: Array, box: Box, fill: Any) -> Array:
    """An image `[..., H, W, C]` with `fill` in a rectangle, which may reach beyond its edges.

    Raises:
      ValueError: a fill that is neither one value nor one per channel.
    """
    fill = jnp.asarray(fill)
    if fill.shape[-1:] not in ((), (1,), image.shape[-1:]):
        raise ValueError(
            f"expected one fill, or one per channel of [..., C = {image.shape[-1]}], found shape {fill.shape}"
        )
    whole = jnp.issubdtype(image.dtype, jnp.integer)
    fill = (jnp.round(fill) if whole else fill).astype(image.dtype)
    return jnp.where(inside(box, image.shape[-3:-1]), fill, image)


def inside(box: Box, sizes: tuple[int, ...]) -> Array:
    """Which pixels of an image are in a rectangle, `[H, W, 1]`."""
    rows, columns = (jnp.arange(side) for side in sizes)
    top, bottom, left, right = box
    tall, wide = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
    return (tall[:, None] & wide)[..., None]
