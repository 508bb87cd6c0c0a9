"""Atomic writes: a file is written completely or not at all; and text that holds its own checksum."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np


def cache_folder() -> Path:
    """The user's folder for what can be made again: `$XDG_CACHE_HOME/spikejax`, or `~/.cache/spikejax`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spikejax"


def write(path: str | Path, fill: Callable[[IO[bytes]], Any], size: int = 0) -> Path:
    """Writes a file: a reader sees the old one or the new one, never part of one. Its folder is created if missing.

    Args:
      path: the file.
      fill: writes the content into an open binary file.
      size: bytes that the content is known to need; an error is raised beforehand if they are not free.

    Raises:
      OSError: there is not enough space; names what is needed and what is free.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    ensure_room(path.parent, size)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise _no_room(path.parent, size) from error
        raise
    return path


def write_text(path: str | Path, text: str) -> Path:
    """Writes text as UTF-8, see `write`."""
    content = text.encode("utf-8")
    return write(path, lambda file: file.write(content), len(content))


def write_arrays(path: str | Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """Writes arrays by name as `.npz`, see `write`; not compressed, so that `numpy.load` is fast."""
    size = sum(array.nbytes for array in arrays.values())
    named: dict[str, Any] = dict(arrays)
    return write(path, lambda file: np.savez(file, allow_pickle=False, **named), size)


def sealed(values: dict[str, Any]) -> str:
    """JSON text that holds its own checksum.

    >>> sealed({"a": 1})[:18]
    '{"a": 1, "seal": "'
    """
    plain = json.loads(json.dumps(values))  # as they are read back
    return json.dumps({**plain, "seal": checksum_of(plain)})


def unsealed(text: str) -> dict[str, Any]:
    """What was given to `sealed`.

    Raises:
      ValueError: it is not what was written.
    """
    try:
        values = json.loads(text)
    except (RecursionError, ValueError) as error:
        raise ValueError(f"invalid JSON: {error}") from error
    if not isinstance(values, dict) or values.pop("seal", None) != checksum_of(values):
        raise ValueError("its checksum is another one")
    return values


def checksum_of(values: Any) -> str:
    """SHA-256 of JSON values, whatever the order of keys."""
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def ensure_room(folder: Path, size: int) -> None:
    """Raises OSError if less than `size` bytes and a spare megabyte are free for the folder."""
    if shutil.disk_usage(folder).free < size + 2**20:
        raise _no_room(folder, size)


def _no_room(folder, size):
    free = shutil.disk_usage(folder).free
    message = (
        f"no room to write {size / 2**20:.1f} MB to {folder}: {free / 2**20:.1f} MB are free and 1 MB is kept spare; "
        "make room there, or write to another folder"
    )
    return OSError(errno.ENOSPC, message)
