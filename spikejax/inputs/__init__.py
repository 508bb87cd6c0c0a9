"""From stored samples to what a network receives: batches, augmentation, encoding over time."""

from spikejax.inputs.augment import (
    Augmentation,
    Crop,
    CutMix,
    Cutout,
    EventAugment,
    Flip,
    Mixup,
    MixupOrCutMix,
    RandAugment,
    RandomErasing,
    SpikeTrainAugment,
    TrivialAugmentWide,
)
from spikejax.inputs.batches import InMemory, Stream
from spikejax.inputs.encoders import Delta, Encoder, Latency, Rate, Repeat, Sequence
from spikejax.inputs.events import Events
from spikejax.inputs.random_access import grain_batches
from spikejax.registry import Registry

ENCODERS = Registry(
    "encoder",
    __name__,
    lambda value: isinstance(value, type) and issubclass(value, Encoder) and value is not Encoder,
)
AUGMENTATIONS = Registry(
    "augmentation",
    f"{__name__}.augment",
    lambda value: (
        isinstance(value, type) and issubclass(value, Augmentation) and value is not Augmentation
    ),
)

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "Crop",
    "CutMix",
    "Cutout",
    "Delta",
    "ENCODERS",
    "Encoder",
    "EventAugment",
    "Events",
    "Flip",
    "InMemory",
    "Latency",
    "Mixup",
    "MixupOrCutMix",
    "RandAugment",
    "RandomErasing",
    "Rate",
    "Repeat",
    "Sequence",
    "Stream",
    "SpikeTrainAugment",
    "TrivialAugmentWide",
    "grain_batches",
]
