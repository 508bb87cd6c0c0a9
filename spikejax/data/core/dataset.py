"""What a data set is: `Dataset`, the base `Source` of those known by name, and the two errors."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from spikejax.data.core.checks import check_splits
from spikejax.data.core.split import Split, as_split, leaves

DIRECTORY_VARIABLE = "SPIKEJAX_DATA_DIR"
KINDS = ("sequence", "image", "events")


class MissingData(FileNotFoundError):
    """The data set is not on this machine; the message says what to do about it."""


class CorruptData(ValueError):
    """A file was found, but its content is not what it should be."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory.

    Args:
      name: the name it was loaded by.
      train: training samples.
      test: test samples; they cannot be left out, since every run ends by measuring them.
      validation: samples for model selection, if the data set has any.
      classes: number of classes C, labels being 0 to C − 1; None if labels are not classes.
      kind: "sequence" `[N, T, *F]`, "image" `[N, H, W, C]` or "events" (times and units).
      shape: of a frame of events; else ().
      scale: `inputs / scale` is what a network receives.
      checksum: SHA-256 of the arrays (see `fingerprint`), so that a record can name its data.
      note: one sentence on what it is and its licence.

    Two data sets are equal if their names and checksums are.
    """

    name: str
    train: Split
    test: Split
    classes: int | None
    kind: str = "sequence"
    shape: tuple[int, ...] = ()
    scale: float = 1.0
    checksum: str = ""
    note: str = ""
    validation: Split | None = None

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"expected a kind of {KINDS}, found {self.kind!r}")
        if self.train is None:
            raise ValueError("expected training samples, found None; give (inputs, labels)")
        if self.test is None:
            raise ValueError(
                "expected test samples, found None; split some off the training samples, or give those of validation"
            )
        splits = {"train": self.train, "test": self.test, "validation": self.validation}
        given = {name: split for name, split in splits.items() if split is not None}
        check_splits(given, self.classes, self.kind)

    @classmethod
    def of_arrays(
        cls, train: Any, test: Any, *, validation: Any = None, name: str = "arrays", **facts: Any
    ) -> "Dataset":
        """A data set of your own arrays.

        Args:
          train: a `Split`, or (inputs, labels), or (inputs, labels, lengths).
          test: likewise; not None.
          validation: likewise, or None.
          name: what records call it.
          **facts: `classes` (for integer labels one more than the largest if not given), `kind`, `shape`, `scale`,
            `note`.

        Raises:
          ValueError: arrays that do not fit together.

        >>> x, y = np.zeros((4, 10, 3), np.float32), np.array([0, 1, 0, 1])
        >>> Dataset.of_arrays((x, y), (x[:2], y[:2])).classes
        2
        """
        named = {"train": train, "test": test, "validation": validation}
        parts = [None if part is None else as_split(name, part) for name, part in named.items()]
        labels: Any = None if parts[0] is None else parts[0].labels
        if "classes" not in facts:
            whole = (
                isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and labels.ndim == 1
            )
            facts["classes"] = _count_classes(labels) if whole and labels.size else None
        first, second, third = parts
        found = cls(name, first, second, validation=third, **facts)  # pyright: ignore
        # Of what was checked: no bytes stand for a value that is not a number.
        checksum = fingerprint(*(leaf for part in parts if part for leaf in leaves(part)))
        return replace(found, checksum=checksum)

    def without_classes(self) -> str:
        """What to do where the number of classes is needed and the data set has none; for messages."""
        labels, outputs = self.train.labels, "give the network its number of outputs"
        if isinstance(labels, dict | tuple | list | None):
            return f"{self.name} has no classes; {outputs}, classes=1 for example"
        found, shape = f"{labels.dtype} {list(labels.shape)}", labels.shape
        if labels.dtype.kind in "iu":
            flat = ", and drop their last axis, labels[:, 0]" if shape[1:] == (1,) else ""
            return (
                f"{self.name} has integer labels of shape {list(shape)} and no number of classes; if they are classes "
                f"give it, Dataset.of_arrays(…, classes=10) for example{flat}, or of one-hot labels labels.argmax(-1); "
                f"if they are targets {outputs}"
            )
        whole = "labels.argmax(-1) of one-hot ones" if len(shape) > 1 else "labels.astype('int32')"
        return (
            f"{self.name} has no classes; {outputs} if its labels {found} are targets; if they are classes give them "
            f"as integers, {whole}"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dataset):
            return NotImplemented
        return (self.name, self.checksum) == (other.name, other.checksum)

    def __hash__(self) -> int:
        return hash((self.name, self.checksum))


class Facts(NamedTuple):
    """What is known about a data set before it is loaded.

    Attributes:
      title: one descriptive line.
      licence: of the data.
      reference: whom to cite.
      samples: number of samples, training and test together.
      shape: of a sample's inputs, in words.
      classes: C.
      download: what a download would fetch, with its size, in words.
    """

    title: str
    licence: str
    reference: str
    samples: int
    shape: str
    classes: int | None
    download: str


class Source:
    """Where a data set comes from; the base of every data set known by name, one per file.

    It is a spec: its fields are settings of the data, the number of time steps for example.
    """

    facts: ClassVar[Facts]

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Loads the data set.

        Args:
          data_dir: where its files are; None means the environment variable SPIKEJAX_DATA_DIR.
          download: whether files that are not found may be downloaded.
        """
        raise NotImplementedError

    def looked_in(self, data_dir: str | Path | None = None) -> Sequence[tuple[str, bool]]:
        """Places and whether it was found there, in the order they are searched; reads nothing."""
        raise NotImplementedError


def data_directory(data_dir: str | Path | None = None) -> Path | None:
    """The directory to look in: `data_dir`, else the environment variable SPIKEJAX_DATA_DIR.

    Returns:
      The directory (which may not exist), or None if neither is given.

    >>> str(data_directory("somewhere"))
    'somewhere'
    """
    chosen = data_dir or os.environ.get(DIRECTORY_VARIABLE)
    return Path(chosen).expanduser() if chosen else None


def fingerprint(*arrays: np.ndarray) -> str:
    """SHA-256 of arrays: their dtypes, shapes and values in order, the same on every machine.

    Returns:
      64 hexadecimal digits.

    >>> fingerprint(np.zeros(2, np.uint8)) == fingerprint(np.zeros((2, 1), np.uint8))
    False
    """
    digest = hashlib.sha256()
    for array in arrays:
        little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        digest.update(f"{array.dtype.name}{list(array.shape)}".encode())
        digest.update(little_endian.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _count_classes(labels):
    """One more than the largest label; classes that are numbered from 1 would have one too many."""
    known = labels[labels >= 0]
    if known.size and known.min() > 0:
        raise ValueError(
            f"expected class labels from 0, found {known.min()} to {known.max()}; number them from 0, "
            f"labels - {known.min()}, or give classes={known.max() + 1} if class 0 is only missing, or classes=None if "
            "they are targets"
        )
    return int(known.max()) + 1 if known.size else 1
