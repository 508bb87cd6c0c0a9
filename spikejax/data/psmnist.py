"""PS-MNIST: S-MNIST with the 784 pixels in one random order, the same for training and test.

The order is this package's own, drawn from a recorded seed. Results elsewhere were obtained with
other orders; in particular the one of the TC-LIF authors was drawn without a seed and never saved.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from spikejax.data import smnist
from spikejax.data.core.dataset import Dataset, Split, fingerprint
from spikejax.data.mnist import LICENCE

PERMUTATION_SEED = 784


def permutation() -> np.ndarray:
    """The order in which the pixels are read.

    Returns:
      `[784]`: step t shows pixel `permutation()[t]` of the image, counted row by row.

    >>> sorted(permutation().tolist()) == list(range(784))
    True
    """
    return np.random.default_rng(PERMUTATION_SEED).permutation(784)


def load(data_dir: str | Path | None = None, download: bool = False) -> Dataset:
    """Loads PS-MNIST.

    Args:
      data_dir: where MNIST is looked for; see `mnist`.
      download: whether MNIST may be downloaded if it is not found.

    Returns:
      Inputs `[60000, 784, 1]` and `[10000, 784, 1]` of values 0 to 255; step t is the pixel
      `permutation()[t]` of S-MNIST.

    Raises:
      MissingData, CorruptData, ModuleNotFoundError: as `mnist.load_images`.

    Reference: Q. V. Le, N. Jaitly, G. E. Hinton, "A Simple Way to Initialize Recurrent Networks of
    Rectified Linear Units", 2015, section 4.2.
    """
    sequential = smnist.load(data_dir, download)
    order = permutation()
    train = Split(np.take(sequential.train.inputs, order, axis=1), sequential.train.labels)
    test = Split(np.take(sequential.test.inputs, order, axis=1), sequential.test.labels)
    return replace(
        sequential,
        name="psmnist",
        train=train,
        test=test,
        checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
        note="MNIST in the order of its own files, one pixel a step in one fixed random order "
        f"(this package's own, seed {PERMUTATION_SEED}), not normalised; {LICENCE}.",
    )


SOURCE = replace(
    smnist.SOURCE, name="psmnist", title="permuted sequential MNIST, one pixel a step", load=load
)
