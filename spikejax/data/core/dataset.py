"""What a data set is: `Split`, `Dataset` and `Source`, and the two ways to fail."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DIRECTORY_VARIABLE = "SPIKEJAX_DATA_DIR"


class MissingData(FileNotFoundError):
    """The data set is not on this machine; the message says what to do about it."""


class CorruptData(ValueError):
    """A file was found, but its content is not what it should be."""


@dataclass(frozen=True)
class Split:
    """The samples of one part (training or test) of a data set.

    Args:
      inputs: uint8 `[N, T, F]`: samples, steps, features.
      labels: int32 `[N]`: the class of each sample, from 0.

    Raises:
      ValueError: the arrays have another dtype or shape.
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __post_init__(self):
        if self.inputs.dtype != np.uint8 or self.inputs.ndim != 3:
            raise ValueError(
                f"expected inputs uint8 [N, T, F], found {self.inputs.dtype} of shape "
                f"{self.inputs.shape}; reshape or cast them where the data set is read"
            )
        if self.labels.dtype != np.int32 or self.labels.shape != self.inputs.shape[:1]:
            raise ValueError(
                f"expected labels int32 [{len(self.inputs)}], found {self.labels.dtype} of shape "
                f"{self.labels.shape}; there must be one label a sample"
            )

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A data set in memory.

    Args:
      name: the name it was loaded by.
      train: training samples.
      test: test samples.
      classes: number of classes C; labels are 0 to C - 1.
      scale: `inputs / scale` is in [0, 1].
      checksum: SHA-256 of the arrays (see `fingerprint`), so that a record can name its data.
      note: one sentence: what it is and its licence.
    """

    name: str
    train: Split
    test: Split
    classes: int
    scale: float
    checksum: str
    note: str

    @property
    def steps(self) -> int:
        """T."""
        return self.train.inputs.shape[1]


@dataclass(frozen=True)
class Source:
    """Where a data set comes from and how to load it; each data set's module ends in one.

    Args:
      name: what `data.load` is called with.
      title: one line for people.
      licence: the licence of the data.
      reference: whom to cite.
      samples: number of samples N, training and test together.
      steps: T.
      features: F.
      classes: C.
      download: what a download would fetch, with its size, in words.
      load: `(data_dir, download) -> Dataset`.
      looked_in: `(data_dir) -> [(place, found), ...]`, in the order of look-up; reads nothing.
    """

    name: str
    title: str
    licence: str
    reference: str
    samples: int
    steps: int
    features: int
    classes: int
    download: str
    load: Callable[[str | Path | None, bool], Dataset]
    looked_in: Callable[[str | Path | None], list[tuple[str, bool]]]


def data_directory(data_dir: str | Path | None = None) -> Path | None:
    """The directory to look in: `data_dir`, else the environment variable SPIKEJAX_DATA_DIR.

    Args:
      data_dir: a directory, or None for the environment variable.

    Returns:
      The directory (which may not exist), or None if neither is given.

    >>> str(data_directory("somewhere"))
    'somewhere'
    """
    chosen = data_dir or os.environ.get(DIRECTORY_VARIABLE)
    return Path(chosen).expanduser() if chosen else None


def fingerprint(*arrays: np.ndarray) -> str:
    """SHA-256 of arrays: their dtypes, shapes and values in order, the same on every machine.

    Args:
      arrays: arrays of any shape.

    Returns:
      64 hexadecimal digits.

    >>> fingerprint(np.zeros(2, np.uint8)) == fingerprint(np.zeros((2, 1), np.uint8))
    False
    """
    digest = hashlib.sha256()
    for array in arrays:
        little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        digest.update(f"{array.dtype.name}{list(array.shape)}".encode())
        digest.update(little_endian.data)
    return digest.hexdigest()
