"""PS-MNIST: S-MNIST with the 784 pixels in one random order, the same for training and test.

The order is this package's own, generated from a recorded seed. Results elsewhere were obtained with other orders; in
particular that of the TC-LIF authors was generated without a seed and never saved.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import Dataset, Facts, Source, Split, fingerprint
from spikejax.data.smnist import SMNIST
from spikejax.fields import spec

PERMUTATION_SEED = 784


def permutation() -> np.ndarray:
    """The order in which the pixels are read.

    Returns:
      `[784]`: step t shows pixel `permutation()[t]` of the image, counted row by row.

    >>> sorted(permutation().tolist()) == list(range(784))
    True
    """
    return np.random.default_rng(PERMUTATION_SEED).permutation(784)


@spec
class PSMNIST(Source):
    """Permuted sequential MNIST: step t is the pixel `permutation()[t]` of S-MNIST.

    Reference: Q. V. Le, N. Jaitly, G. E. Hinton, "A Simple Way to Initialize Recurrent Networks of Rectified Linear
    Units", 2015, section 4.2.
    """

    facts = Facts(
        **{**SMNIST.facts._asdict(), "title": "permuted sequential MNIST, one pixel per step"}
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Loads S-MNIST and permutes its steps; raises as `MNIST.load`."""
        sequential = SMNIST().load(data_dir, download)
        order = permutation()
        train = Split(np.take(sequential.train.inputs, order, axis=1), sequential.train.labels)
        test = Split(np.take(sequential.test.inputs, order, axis=1), sequential.test.labels)
        return replace(
            sequential,
            name="psmnist",
            train=train,
            test=test,
            checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
            note="MNIST in the order of its own files, one pixel per step in one fixed random order "
            f"(this package's own, seed {PERMUTATION_SEED}), not normalised; {self.facts.licence}.",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> Sequence[tuple[str, bool]]:
        """As MNIST."""
        return SMNIST().looked_in(data_dir)
