"""CIFAR's binary archives: a record per image, its label bytes, then 1,024 bytes each of red, green and blue.

The archives of the other version, "python", are pickles, which can run any code when they are read; they are not read.
"""

import gzip
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import AGAIN, Stored, verify, verify_content

SIZE = 32  # pixels
PIXELS = 3 * SIZE * SIZE


@dataclass(frozen=True)
class Distribution:
    """How one of the two data sets is distributed.

    Args:
      name: its name in this package and of TFDS.
      title: its name in messages.
      address: of the archive.
      archive: the archive.
      folder: in which the members are.
      train: the members with the training records, in order.
      test: the member with the test records.
      labels: the label bytes of a record in order: TFDS's name of the label and its number of classes.
    """

    name: str
    title: str
    address: str
    archive: Stored
    folder: str
    train: tuple[Stored, ...]
    test: Stored
    labels: tuple[tuple[str, int], ...]

    @property
    def width(self) -> int:
        """Bytes of a record."""
        return len(self.labels) + PIXELS


def read(path: Path, distribution: Distribution) -> tuple[np.ndarray, np.ndarray]:
    """Reads an archive; nothing is unpacked to disk.

    Args:
      path: the archive.
      distribution: what it must be.

    Returns:
      Records uint8 `[N, width]` for training and for test.

    Raises:
      MissingData: there is no such file.
      CorruptData: its checksum or that of a member is another one, it cannot be read, or a label is not a class.
    """
    verify(path, distribution.archive)
    wanted = {
        f"{distribution.folder}/{member.file}": member
        for member in (*distribution.train, distribution.test)
    }
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for entry in archive:
                member = wanted.get(entry.name)
                if member is not None:
                    if not entry.isreg() or entry.size != member.length:
                        kind = f"{entry.size} bytes" if entry.isreg() else "no regular file"
                        raise CorruptData(
                            f"{path}: expected {member.length} bytes of {entry.name}, found {kind}; {AGAIN}"
                        )
                    content = archive.extractfile(entry)
                    found[entry.name] = b"" if content is None else content.read()
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorruptData(
            f"{path}: expected a whole .tar.gz archive, found one that cannot be read ({error}); {AGAIN}"
        ) from error
    missing = [name for name in wanted if name not in found]
    if missing:
        raise CorruptData(
            f"{path}: expected {', '.join(wanted)}, found no {', '.join(missing)}; {AGAIN}"
        )
    *train, test = (
        np.frombuffer(found[name], np.uint8).reshape(-1, distribution.width) for name in wanted
    )
    records = np.concatenate(train), test
    check(str(path), records, distribution)
    return records


def check(place: str, records: Sequence[np.ndarray], distribution: Distribution) -> None:
    """Verifies records against the checksums of the members of the archive, wherever they were read.

    Args:
      place: where they were read, for the message.
      records: uint8 `[N, width]` for training and for test.
      distribution: what they must be.

    Raises:
      CorruptData: they are not what the members hold, or a label is not a class.
    """
    train, test = (np.ascontiguousarray(part).reshape(-1).data for part in records)
    start = 0
    for member in distribution.train:
        verify_content(place, train[start : start + member.length], member)
        start += member.length
    verify_content(place, test, distribution.test)
    for part in records:
        for column, (name, classes) in enumerate(distribution.labels):
            if (largest := int(part[:, column].max())) >= classes:
                raise CorruptData(
                    f"{place}: expected values of {name} from 0 to {classes - 1}, found {largest}; {AGAIN}"
                )


def images_of(records: np.ndarray) -> np.ndarray:
    """Images uint8 `[N, 32, 32, 3]` of records; `records_of` is the inverse."""
    planes = records[:, -PIXELS:].reshape(-1, 3, SIZE, SIZE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))


def records_of(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Records uint8 `[N, L + 3072]` of images uint8 `[N, 32, 32, 3]` and labels uint8 `[N, L]`.

    >>> images, labels = np.arange(3072, dtype=np.uint8).reshape(1, 32, 32, 3), np.array([[7]], np.uint8)
    >>> records = records_of(images, labels)
    >>> records[0, :4].tolist(), bool((images_of(records) == images).all())
    ([7, 0, 3, 6], True)
    """
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), PIXELS)
    return np.concatenate([labels, planes], axis=1)
