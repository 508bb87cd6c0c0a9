"""A part of CIFAR-10: the first 20,000 training and the first 5,000 test images. It is not CIFAR-10."""

from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import (
    DIRECTORY_VARIABLE,
    Dataset,
    Facts,
    MissingData,
    Source,
    Split,
    data_directory,
    fingerprint,
)
from spikejax.data.core.stored import Stored, verify
from spikejax.data.formats import npz
from spikejax.fields import size, spec

STORED = Stored(
    "cifar10_20k_5k.npz",
    42_765_149,
    "84d788db07d988255e88cf0e3df911a4bc49b120fb3533323064b84f33a99569",
)
LAYOUTS = {
    "train_delta": npz.Layout((20_000, 3, 32, 32)),
    "train_labels": npz.Layout((20_000,)),
    "test_delta": npz.Layout((5_000, 3, 32, 32)),
    "test_labels": npz.Layout((5_000,)),
}


@spec
class CIFAR10Subset(Source):
    """The first images of CIFAR-10 in their official order: 32x32 pixels, RGB, 10 classes.

    A result on it is not a result on CIFAR-10, which has 50,000 training and 10,000 test images.

    Reference: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """

    train: int | None = size(default=None, doc="how many training images; all 20,000 if None")
    test: int | None = size(default=None, doc="how many test images; all 5,000 if None")

    facts = Facts(
        title="CIFAR-10, the first 20,000 training and 5,000 test images (a subset)",
        licence="none stated by its authors",
        reference="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        samples=25_000,
        shape="[32, 32, 3]",
        classes=10,
        download="nothing: the subset has no public address",
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Reads the file.

        Raises:
          MissingData: it is not there.
          CorruptData: its length or its SHA-256 is not the recorded one.
        """
        ((place, found),) = self.looked_in(data_dir)
        if not found:
            raise MissingData(
                f"expected {place}, found no such file; give the directory that contains it, or name it in the "
                f"environment variable {DIRECTORY_VARIABLE}"
            )
        parts = read(Path(place))
        train, test = (
            Split(*(array[:count] for array in part))
            for part, count in zip(parts, (self.train, self.test), strict=True)
        )
        return Dataset(
            name="cifar10_subset",
            train=train,
            test=test,
            classes=10,
            kind="image",
            scale=255.0,
            checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
            note=f"A SUBSET of CIFAR-10: the first {train.count:,} training and {test.count:,} test images; licence: "
            f"{self.facts.licence}.",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """The file in the data directory."""
        path = (data_directory(data_dir) or Path()) / STORED.file
        return [(str(path), path.is_file())]


def read(path: Path) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Images uint8 `[N, 32, 32, 3]` and labels int32 `[N]`, for training and for test.

    Raises:
      CorruptData: the file is not what it should be.
    """
    verify(path, STORED)
    train, train_labels, test, test_labels = npz.read(path, LAYOUTS)
    stored = (train, train_labels), (test, test_labels)
    return tuple((images_of(delta), labels.astype(np.int32)) for delta, labels in stored)


def images_of(delta: np.ndarray) -> np.ndarray:
    """Images `[N, H, W, 3]` from differences uint8 `[N, 3, H, W]`, all modulo 256.

    Each value is the difference to the pixel to the left and above; red and blue are relative to green.

    >>> images_of(np.array([[[[1, 2]], [[3, 4]], [[5, 6]]]], np.uint8))
    array([[[[ 4,  3,  8],
             [10,  7, 18]]]], dtype=uint8)
    """
    planes = np.cumsum(np.cumsum(delta, axis=2, dtype=np.uint8), axis=3, dtype=np.uint8)
    red, green, blue = planes[:, 0] + planes[:, 1], planes[:, 1], planes[:, 2] + planes[:, 1]
    return np.stack([red, green, blue], axis=-1)
