"""Mixtures of two samples and of their labels.

A sample is mixed with the one before it in the batch, the first one with the last: batches are shuffled, so that is a
random partner. The batch is the whole batch, also where devices share it, each of which then gets one sample from its
neighbour. Labels become probabilities `[B, C]`. A class label that is negative, which losses ignore, mixes as no class:
the probabilities of its sample and of the one after it then add up to less than 1. Of samples of unequal length each
keeps its own length: a longer partner is cut off there, a shorter one is followed by its padding.
"""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size, spec
from spikejax.inputs.augment.base import Augmentation, images_of
from spikejax.inputs.augment.erasing import inside

LEAST = 1e-3  # of the parameters of a beta distribution


class _Mixing(Augmentation):
    classes: int | None

    def __call__(self, batch: Any, key: Array) -> Any:
        images = images_of(self, batch)
        images = images if jnp.issubdtype(images.dtype, jnp.floating) else images.astype(float)
        mixed, own = self._mixed(images, jnp.roll(images, 1, 0), key)
        labels = self._probabilities(batch.labels).astype(float)
        labels = own * labels + (1 - own) * jnp.roll(labels, 1, 0)
        return batch._replace(inputs=mixed, labels=labels)

    def _mixed(self, images: Array, others: Array, key: Array) -> tuple[Array, Array]:
        """The mixed images, and the share of a sample's own."""
        raise NotImplementedError

    def _probabilities(self, labels):
        name = type(self).__name__
        labels = jnp.asarray(labels)
        if labels.ndim == 2 and jnp.issubdtype(labels.dtype, jnp.floating):
            return labels
        if labels.ndim != 1 or not jnp.issubdtype(labels.dtype, jnp.integer):
            raise ValueError(
                f"{name} expects class labels as integers [B] or probabilities as floats [B, C], found "
                f"{labels.dtype} {list(labels.shape)}"
            )
        if self.classes is None:
            raise ValueError(f"{name} expects the number of classes; give classes=")
        return jax.nn.one_hot(labels, self.classes)


@spec
class Mixup(_Mixing):
    """Weighted means of two images `[B, H, W, C]`, or of the frames `[B, T, H, W, C]` of two samples.

        x' = λ x + (1 − λ) x̃,   y' = λ y + (1 − λ) ỹ,   λ ~ Beta(α, α), one per batch

    The result is float. Normalisation, which encoders do later, gives the same before and after.

    Reference: Zhang et al. (2018), mixup: beyond empirical risk minimization.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.zeros((4, 8, 8, 1)), jnp.array([0, 1, 1, 0]))
    >>> Mixup(classes=2)(batch, jax.random.key(0)).labels.sum(-1)
    Array([1., 1., 1., 1.], dtype=float32)
    """

    spec_name: ClassVar = "mixup"
    alpha: Leaf = param(default=0.2, low=LEAST, doc="α, of the beta distribution of λ")
    classes: int | None = size(default=None, doc="number of classes; those of the data if None")

    def _mixed(self, images, others, key):
        own = jax.random.beta(key, self.alpha, self.alpha)
        return own * images + (1 - own) * others, own


@spec
class CutMix(_Mixing):
    """Images `[B, H, W, C]`, or frames `[B, T, H, W, C]`, with a rectangle from another sample's.

        λ ~ Beta(α, α), one per batch;   the rectangle has the sides 2 ⌊√(1 − λ) H / 2⌋ and 2 ⌊√(1 − λ) W / 2⌋
        y' = λ' y + (1 − λ') ỹ,   1 − λ' the rectangle's share of the image

    Its centre is a uniformly random pixel; what is beyond the edges is cut off. The result is float.

    Reference: Yun et al. (2019), CutMix: regularization strategy to train strong classifiers with localizable features.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.arange(2.0) * jnp.ones((8, 8, 1, 1)), None)
    >>> batch = batch._replace(inputs=jnp.moveaxis(batch.inputs, -1, 0), labels=jnp.array([0, 1]))
    >>> found = CutMix(classes=2)(batch, jax.random.key(1))
    >>> bool(jnp.isclose(found.inputs[0].mean(), found.labels[0, 1]))  # of the other sample, whose pixels are 1
    True
    """

    spec_name: ClassVar = "cutmix"
    alpha: Leaf = param(default=1.0, low=LEAST, doc="α, of the beta distribution of λ")
    classes: int | None = size(default=None, doc="number of classes; those of the data if None")

    def _mixed(self, images, others, key):
        of_share, *of_sides = jax.random.split(key, 3)
        sizes = images.shape[-3:-1]
        side = jnp.sqrt(1 - jax.random.beta(of_share, self.alpha, self.alpha))
        box = []
        for length, of_side in zip(sizes, of_sides, strict=True):
            centre = jax.random.randint(of_side, (), 0, length)
            half = jnp.floor(side * length / 2).astype(int)
            box += [centre - half, centre + half]
        there = inside((box[0], box[1], box[2], box[3]), sizes)
        return jnp.where(there, others, images), 1 - there.mean()


@spec
class MixupOrCutMix(_Mixing):
    """For each batch `Mixup` or `CutMix`, each with probability 1/2.

    Reference: the recipe of AR-LIF's released code (arXiv 2507.20746) for CIFAR.

    >>> from collections import namedtuple
    >>> batch = namedtuple("Batch", "inputs labels")(jnp.zeros((4, 8, 8, 1)), jnp.array([0, 1, 1, 0]))
    >>> MixupOrCutMix(classes=2)(batch, jax.random.key(0)).labels.shape
    (4, 2)
    """

    spec_name: ClassVar = "mixup_or_cutmix"
    mixup_alpha: Leaf = param(default=0.2, low=LEAST, doc="α of Mixup")
    cutmix_alpha: Leaf = param(default=1.0, low=LEAST, doc="α of CutMix")
    classes: int | None = size(default=None, doc="number of classes; those of the data if None")

    def _mixed(self, images, others, key):
        of_choice, of_mixing = jax.random.split(key)
        ways = Mixup(alpha=self.mixup_alpha)._mixed, CutMix(alpha=self.cutmix_alpha)._mixed
        second = jax.random.bernoulli(of_choice).astype(int)
        return jax.lax.switch(second, ways, images, others, of_mixing)
