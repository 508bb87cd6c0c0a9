"""S-MNIST: each image of MNIST read one pixel a step, row by row, 784 steps; not normalised."""

from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import Dataset, Source, Split, fingerprint
from spikejax.data.mnist import DOWNLOAD, LICENCE, REFERENCE, load_images, looked_in


def load(data_dir: str | Path | None = None, download: bool = False) -> Dataset:
    """Loads S-MNIST.

    Args:
      data_dir: where MNIST is looked for; see `mnist`.
      download: whether MNIST may be downloaded if it is not found.

    Returns:
      Inputs `[60000, 784, 1]` and `[10000, 784, 1]` of values 0 to 255; step t is the pixel in
      row t // 28 and column t % 28.

    Raises:
      MissingData, CorruptData, ModuleNotFoundError: as `mnist.load_images`.

    Reference: Q. V. Le, N. Jaitly, G. E. Hinton, "A Simple Way to Initialize Recurrent Networks of
    Rectified Linear Units", 2015, section 4.2.
    """
    train_images, train_labels, test_images, test_labels = load_images(data_dir, download)
    train = Split(train_images.reshape(-1, 784, 1), train_labels.astype(np.int32))
    test = Split(test_images.reshape(-1, 784, 1), test_labels.astype(np.int32))
    return Dataset(
        name="smnist",
        train=train,
        test=test,
        classes=10,
        scale=255.0,
        checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
        note="MNIST in the order of its own files, one pixel a step, row by row, not normalised; "
        f"{LICENCE}.",
    )


SOURCE = Source(
    name="smnist",
    title="sequential MNIST, one pixel a step",
    licence=LICENCE,
    reference=REFERENCE,
    samples=70_000,
    steps=784,
    features=1,
    classes=10,
    download=DOWNLOAD,
    load=load,
    looked_in=looked_in,
)
