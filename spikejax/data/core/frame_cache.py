"""Frames made from recordings, kept between runs: they depend on the files and on the settings."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikejax import files
from spikejax.data.core.cache import cache_file, read_cache, write_cache
from spikejax.data.core.dataset import fingerprint
from spikejax.data.core.stored import size_of
from spikejax.data.formats import npz

MOST_NOTE = 2**16  # bytes
FORMAT = 1  # raised when the same files and settings give other arrays than before


def cached(
    name: str, facts: Mapping[str, Any], make: Callable[[], Mapping[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Arrays as they were made of the same facts before, or made now and kept.

    A damaged cache is made again.

    Args:
      name: of the data set.
      facts: all that they depend on, JSON values; see `identity` for files.
      make: returns the arrays by name.

    Returns:
      The arrays by name.
    """
    key = files.checksum_of({"format": FORMAT, **facts})
    path = cache_file(f"{name}-{key[:16]}")
    note = path.with_suffix(".json")
    arrays = _read(path, note)
    if arrays is None:
        arrays = dict(make())
        write_cache(path, arrays)
        _write_note(note, arrays)
    return arrays


def _read(path, note):
    """The arrays that a note describes; None if there are none, or others."""
    try:
        size_of(note, MOST_NOTE)
        known = files.unsealed(note.read_text(encoding="utf-8"))
        layouts = {key: npz.Layout(tuple(shape), dtype) for key, shape, dtype in known["arrays"]}
        return dict(zip(layouts, read_cache(path, layouts, known["checksum"]), strict=True))
    except (OSError, ValueError):
        return None


def _write_note(note, arrays):
    layouts = [[key, list(array.shape), array.dtype.name] for key, array in arrays.items()]
    checksum = fingerprint(*arrays.values())
    try:
        files.write_text(note, files.sealed({"arrays": layouts, "checksum": checksum}))
    except OSError as error:
        warnings.warn(f"the cache {note} could not be written: {error}", stacklevel=2)


def identity(paths: Sequence[Path]) -> list[list[Any]]:
    """What changes when a file, or a file of a folder, is replaced: names, sizes and times of change."""
    files = (
        one for path in paths for one in (sorted(path.rglob("*")) if path.is_dir() else [path])
    )
    stats = ((str(one), one.stat()) for one in files if one.is_file())
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
