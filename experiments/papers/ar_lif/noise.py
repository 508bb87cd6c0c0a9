"""Random samples in the form of AR-LIF's five data sets: for what needs their shapes and not the data."""

from typing import NamedTuple

import numpy as np

from spikejax.data import Dataset


class Form(NamedTuple):
    """What samples of a data set look like: bytes of a shape, labels of so many classes."""

    kind: str
    shape: tuple[int, ...]
    classes: int
    scale: float


# By the recipe that trains on it.
FORMS = {
    "ar_lif_cifar10": Form("image", (32, 32, 3), 10, 255.0),
    "ar_lif_cifar100": Form("image", (32, 32, 3), 100, 255.0),
    "ar_lif_tiny_imagenet": Form("image", (64, 64, 3), 200, 255.0),
    "ar_lif_dvs_gesture": Form("sequence", (20, 128, 128, 2), 11, 1.0),
    "ar_lif_cifar10_dvs": Form("sequence", (4, 48, 48, 2), 10, 1.0),
}


def noise(recipe: str, count: int) -> Dataset:
    """So many samples for training, which are those for test, too.

    >>> noise("ar_lif_cifar10", 2).train.inputs.shape
    (2, 32, 32, 3)
    """
    form, draw = FORMS[recipe], np.random.default_rng(0)
    # Frames have few events.
    high = 256 if form.kind == "image" else 3
    inputs = draw.integers(0, high, (count, *form.shape)).astype(np.uint8)
    part = inputs, (np.arange(count) % form.classes).astype(np.int32)
    facts = {"kind": form.kind, "scale": form.scale, "classes": form.classes}
    return Dataset.of_arrays(part, part, name=f"noise for {recipe}", **facts)
