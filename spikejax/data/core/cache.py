"""Decoded arrays kept between runs, in `$XDG_CACHE_HOME/spikejax` (or `~/.cache/spikejax`)."""

import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spikejax import files
from spikejax.data.core.dataset import CorruptData, fingerprint


def cache_file(name: str) -> Path:
    """Where the arrays of `name` are kept.

    Args:
      name: the name of the cached arrays.

    Returns:
      The path of the file, which need not exist.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "spikejax" / f"{name}.npz"


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


def read_cache(path: Path, names: tuple[str, ...], checksum: str) -> tuple[np.ndarray, ...]:
    """Reads arrays and verifies their content.

    Args:
      path: a file that `write_cache` wrote.
      names: of the arrays wanted, in order.
      checksum: what `fingerprint` must return for them.

    Returns:
      The arrays.

    Raises:
      CorruptData: the file cannot be read or holds something else.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = tuple(stored[name] for name in names)
        found = f"sha256 {fingerprint(*arrays)}"
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        found = f"a file that cannot be read ({error})"
    if found != f"sha256 {checksum}":
        raise CorruptData(
            f"the cache {path}: expected sha256 {checksum} of its arrays, found {found}; delete it"
        )
    return arrays
