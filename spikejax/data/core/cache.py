"""Decoded arrays kept between runs, in `$XDG_CACHE_HOME/spikejax` (or `~/.cache/spikejax`)."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spikejax import files
from spikejax.data.core.dataset import CorruptData, fingerprint
from spikejax.data.formats import npz


def cache_file(name: str) -> Path:
    """Where the arrays of `name` are kept.

    Args:
      name: the name of the cached arrays.

    Returns:
      The path of the file, which need not exist.
    """
    return files.cache_folder() / f"{name}.npz"


def write_cache(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays so that another process sees the whole file or none.

    A cache that cannot be written costs time, not results, so it only raises a warning.

    Args:
      path: the file to write or replace.
      arrays: by name, of any shape.
    """
    try:
        files.write_arrays(path, arrays)
    except OSError as error:
        warnings.warn(f"the cache {path} could not be written: {error}", stacklevel=2)


def read_cache(
    path: Path, expected: Mapping[str, npz.Layout], checksum: str
) -> tuple[np.ndarray, ...]:
    """Reads arrays and verifies their content.

    Args:
      path: a file that `write_cache` wrote.
      expected: what the arrays wanted must be, by name, in order.
      checksum: what `fingerprint` must return for them.

    Returns:
      The arrays.

    Raises:
      CorruptData: the file cannot be read or holds something else.
    """
    try:
        arrays = npz.read(path, expected)
    except ValueError as error:
        raise CorruptData(
            f"the cache {path}: expected sha256 {checksum} of its arrays, found a file that cannot be read "
            f"({error}); delete it"
        ) from error
    found = fingerprint(*arrays)
    if found != checksum:
        raise CorruptData(
            f"the cache {path}: expected sha256 {checksum} of its arrays, found sha256 {found}; delete it"
        )
    return arrays
