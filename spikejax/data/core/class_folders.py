"""Recordings in a folder per class, as most data sets of event cameras are distributed, and a split by class."""

import math
from collections.abc import Sequence
from pathlib import PurePosixPath

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.recordings import Recording
from spikejax.data.formats.archives import Archive


def in_folders(
    files: Archive, classes: Sequence[str], endings: Sequence[str], within: str = ""
) -> list[Recording]:
    """The recordings of an archive, sorted by the name of the file, then by class.

    Args:
      files: folders CLASS/FILE, or `within`/CLASS/FILE.
      classes: the names of the folders, in the order of the labels.
      endings: of the files; others, and hidden ones, are left alone.
      within: the folder that the folders may be in.

    Raises:
      CorruptData: there are none, or one in another folder.
    """
    labels = {name: label for label, name in enumerate(classes)}
    found = []
    for name in files.sizes:
        path = PurePosixPath(name)
        above = path.parent.parent.as_posix()
        if path.name.startswith(".") or path.suffix not in endings or above not in (".", within):
            continue
        if path.parent.name not in labels:
            raise CorruptData(
                f"{files.path / name}: expected it in a folder that is its class, {classes[0]} to {classes[-1]}, found "
                f"{path.parent.name!r}; move it away, or name another directory"
            )
        found.append((path.name, Recording(name, labels[path.parent.name])))
    if not found:
        raise CorruptData(
            f"{files.path}: expected recordings CLASS/FILE{' or '.join(endings)}, found none; name another "
            "directory"
        )
    return [one for _, one in sorted(found)]


def last_tenth(
    recordings: Sequence[Recording],
) -> tuple[list[Recording], list[Recording]]:
    """The first ⌈9 n / 10⌉ of the n recordings of each class, and the others.

    >>> train, test = last_tenth([Recording(str(n), n % 2) for n in range(20)])
    >>> len(train), [one.file for one in test]
    (18, ['18', '19'])
    """
    parts: tuple[list[Recording], list[Recording]] = ([], [])
    counts: dict[int, int] = {}
    for one in recordings:
        counts[one.label] = counts.get(one.label, 0) + 1
    seen = dict.fromkeys(counts, 0)
    for one in recordings:
        late = seen[one.label] >= math.ceil(0.9 * counts[one.label])
        parts[late].append(one)
        seen[one.label] += 1
    return parts
