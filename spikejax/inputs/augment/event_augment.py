"""Augmentation of frames of events: one random operation that moves or erases pixels."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, part, size, spec
from spikejax.inputs.augment import geometry
from spikejax.inputs.augment.base import Augmentation, each, images_of
from spikejax.inputs.augment.erasing import RandomErasing, filled


@spec
class EventAugment(Augmentation):
    """One random operation on each sample, the same for all of its frames `[B, T, H, W, C]` and channels.

    Each with probability 1/6: none, a shear along x, a translation along x, one along y, a rotation, or a rectangle set
    to `cutout.fill`, with the probability that `cutout` has. Magnitudes are equally probable between the greatest
    either way; maps are about the centre. They take the nearest pixel, so that counts of events stay counts; the
    released code of AR-LIF interpolates bilinearly.

    Reference: Li et al. (2022), Neuromorphic data augmentation for training spiking neural networks; the operations are
    those of `SNNAugmentWide` in the released code of AR-LIF (arXiv 2507.20746).

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.ones((2, 4, 8, 8, 2)), None)
    >>> EventAugment()(batch, jax.random.key(0)).inputs.shape
    (2, 4, 8, 8, 2)
    """

    spec_name: ClassVar = "event_augment"
    shear: Leaf = param(default=0.3, low=0, high=1.5, unit="rad", doc="greatest shear along x")
    shift: Leaf = param(default=5.0, low=0, unit="pixels", doc="greatest translation")
    degrees: Leaf = param(default=30.0, low=0, high=180, unit="degrees", doc="greatest rotation")
    cutout: RandomErasing = part(
        default=RandomErasing(
            probability=1.0, area_low=0.05, area_high=0.33, ratio_low=0.2, ratio_high=5.0
        ),
        doc="rectangles that are erased",
    )
    bins: int = size(default=31, low=2, doc="number of magnitudes")

    def __call__(self, batch: Any, key: Array) -> Any:
        def change(image, key):
            of_kind, of_number, of_box, of_choice = jax.random.split(key, 4)
            number = jax.random.randint(of_number, (), 0, self.bins)
            share = 2 * number / (self.bins - 1) - 1
            box = self.cutout.box(image.shape[-3:-1], of_box)
            kind = jax.random.randint(of_kind, (), 0, 6)
            left = jax.random.uniform(of_choice) >= self.cutout.probability
            return self.operated(image, jnp.where((kind == 5) & left, 0, kind), share, box)

        return batch._replace(inputs=each(change, images_of(self, batch), key))

    def operated(self, image: Array, kind: Array, share: Array, box: Any) -> Array:
        """A sample after the operation of a number, from 0 to 5, with a share in [−1, 1] of its greatest magnitude."""
        sizes, none = image.shape[-3:-1], jnp.zeros(())
        maps = jnp.stack(
            [
                geometry.translation(none, none),
                geometry.centred(geometry.shear(jnp.tan(share * self.shear), none), sizes),
                geometry.translation(share * self.shift, none),
                geometry.translation(none, share * self.shift),
                geometry.centred(geometry.rotation(share * self.degrees), sizes),
            ]
        )
        moved = geometry.sampled(image, maps[jnp.where(kind == 5, 0, kind)], "nearest")
        return jnp.where(kind == 5, filled(image, box, self.cutout.fill), moved)
