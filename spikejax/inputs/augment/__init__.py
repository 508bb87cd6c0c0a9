"""Augmentation: random changes of a batch, inside the training step and only there."""

from spikejax.inputs.augment.base import Augmentation
from spikejax.inputs.augment.crop import Crop
from spikejax.inputs.augment.erasing import Cutout, RandomErasing
from spikejax.inputs.augment.event_augment import EventAugment
from spikejax.inputs.augment.flip import Flip
from spikejax.inputs.augment.mixing import CutMix, Mixup, MixupOrCutMix
from spikejax.inputs.augment.rand_augment import RandAugment
from spikejax.inputs.augment.spike_train_augment import SpikeTrainAugment
from spikejax.inputs.augment.trivial_augment import TrivialAugmentWide

__all__ = [
    "Augmentation",
    "Crop",
    "CutMix",
    "Cutout",
    "EventAugment",
    "Flip",
    "Mixup",
    "MixupOrCutMix",
    "RandAugment",
    "RandomErasing",
    "SpikeTrainAugment",
    "TrivialAugmentWide",
]
