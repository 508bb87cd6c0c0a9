"""1,797 real handwritten digits of 8x8 pixels, packaged: the data set that is always available.

It is the test part of "Optical Recognition of Handwritten Digits" of the UCI Machine Learning
Repository, as preprocessed by its authors: 32x32 bitmaps cut into 4x4 blocks, and the "on" pixels
of each block counted, which gives values 0 to 16. `digits.npz` was written once from the copy that
scikit-learn 1.9.1 distributes (`sklearn.datasets.load_digits`), values unchanged, in that order:
`images` uint8 [1797, 8, 8] and `labels` uint8 [1797]. `digits.LICENCE.txt` has the licence.
"""

from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import (
    Dataset,
    Facts,
    MissingData,
    Source,
    Split,
    fingerprint,
)
from spikejax.data.core.stored import Stored, verify
from spikejax.data.formats import npz
from spikejax.fields import spec

FILE = Path(__file__).with_name("digits.npz")
STORED = Stored(
    "digits.npz", 45_394, "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e"
)
LAYOUTS = {"images": npz.Layout((1797, 8, 8)), "labels": npz.Layout((1797,))}
TEST_SAMPLES = 360
SPLIT_SEED = 1797


def read(file: Path = FILE) -> tuple[np.ndarray, np.ndarray]:
    """Reads the packaged file after verifying its checksum.

    Args:
      file: the packaged `digits.npz`.

    Returns:
      Images uint8 `[1797, 8, 8]` of values 0 to 16, and labels uint8 `[1797]`.

    Raises:
      MissingData: the file is not there.
      CorruptData: its length or its SHA-256 is not the recorded one.
    """
    if not file.exists():
        raise MissingData(f"expected the packaged file {file}, found none; reinstall spikejax")
    verify(file, STORED, remedy="reinstall spikejax")
    images, labels = npz.read(file, LAYOUTS)
    return images, labels


def draw_stratified(labels: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Samples a stratified test part of exactly the given size.

    Class shares are rounded by largest remainder: each class gets the integer part of its share, and the remaining
    samples go to the classes with the largest fractions, lower class first.

    Args:
      labels: `[N]`, the class of each sample.
      samples: size of the test part.
      seed: seed of NumPy's `default_rng`.

    Returns:
      Indices into `labels`, `[samples]`, ascending.

    >>> chosen = draw_stratified(np.array([0, 0, 0, 0, 1, 1]), samples=3, seed=0)
    >>> int(np.sum(chosen < 4)), int(np.sum(chosen >= 4))
    (2, 1)
    """
    generator = np.random.default_rng(seed)
    counts = np.bincount(labels)
    shares, remainders = np.divmod(counts * samples, len(labels))
    largest_first = np.argsort(-remainders, kind="stable")
    shares[largest_first[: samples - shares.sum()]] += 1
    chosen = [
        generator.permutation(np.flatnonzero(labels == label))[:share]
        for label, share in enumerate(shares)
    ]
    return np.sort(np.concatenate(chosen))


@spec
class Digits(Source):
    """The digits, one pixel per step, row by row: 1,437 for training and 360 for test.

    Inputs `[N, 64, 1]` of values 0 to 16 and their labels; both parts keep the file's order.

    Reference: E. Alpaydin, C. Kaynak, "Cascading Classifiers", Kybernetika 34(4), 1998.

    >>> digits = Digits().load()
    >>> digits.train.inputs[0, 8:16, 0].tolist(), int(digits.train.labels[0])
    ([0, 0, 13, 15, 10, 15, 5, 0], 0)
    """

    facts = Facts(
        title="8x8 handwritten digits, one pixel per step",
        licence="CC BY 4.0",
        reference="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998",
        samples=1797,
        shape="[64, 1]",
        classes=10,
        download="nothing: packaged",
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Reads the packaged file.

        Raises:
          MissingData: the packaged file is not there.
          CorruptData: its SHA-256 is not the recorded one.
        """
        images, labels = read()
        sequences = images.reshape(len(images), 64, 1)
        labels = labels.astype(np.int32)
        is_test = np.zeros(len(labels), bool)
        is_test[draw_stratified(labels, TEST_SAMPLES, SPLIT_SEED)] = True
        train = Split(sequences[~is_test], labels[~is_test])
        test = Split(sequences[is_test], labels[is_test])
        return Dataset(
            name="digits",
            train=train,
            test=test,
            classes=10,
            scale=16.0,
            checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
            note="The 1,797 handwritten digits of 8x8 pixels of the UCI repository's test part, "
            f"CC BY 4.0, split 1,437/360 by this package (stratified, seed {SPLIT_SEED}).",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """The packaged file."""
        return [(str(FILE), FILE.exists())]
