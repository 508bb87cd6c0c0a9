"""The record of a run: `record.json`, written atomically, that says what was run, with what and what came out."""

import errno
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

KEYS = ("experiment", "config", "provenance", "metrics", "history", "complete")
PACKAGES = ("spikejax", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


def write(path: str | Path, record: dict[str, Any]) -> Path:
    """Writes a record as JSON: the file is the old one or the new one, never a part.

    Args:
      path: the file, for example `runs/digits/record.json`; its folder is made if missing.
      record: has exactly the keys `experiment`, `config`, `provenance`, `metrics`, `history` and `complete`;
        `complete` is true, or the reason why the run was cut short is under `provenance["incomplete"]`.

    Raises:
      ValueError: keys other than these, or a number that is not finite.
      OSError: there is no room; names what is needed and what is free.
    """
    if set(record) != set(KEYS):
        raise ValueError(f"expected a record with the keys {KEYS}, found {tuple(record)}")
    return write_text(
        path, json.dumps({key: record[key] for key in KEYS}, indent=1, allow_nan=False) + "\n"
    )


def write_text(path: str | Path, text: str) -> Path:
    """Writes a file: it is the old one or the new one, never a part. Its folder is made if missing.

    Raises:
      OSError: there is no room; names what is needed and what is free.
    """
    return _write(path, len(text), lambda file: file.write(text.encode("utf-8")))


def write_arrays(path: str | Path, arrays: dict[str, np.ndarray]) -> Path:
    """Writes arrays by name as `.npz`, as `write_text` does a text; `numpy.load` reads them.

    Raises:
      OSError: there is no room; names what is needed and what is free.
    """
    size = sum(array.nbytes for array in arrays.values())
    return _write(path, size, lambda file: np.savez(file, allow_pickle=False, **arrays))


def _write(path, size, fill):
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


def read(path: str | Path) -> dict[str, Any]:
    """Reads a record.

    Raises:
      FileNotFoundError: there is none.
      ValueError: the file is not a record.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"expected a record at {path}, found no such file")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"expected a JSON record in {path}, found broken text: {error}") from error
    if not isinstance(record, dict) or set(record) != set(KEYS):
        raise ValueError(f"expected a record with the keys {KEYS} in {path}")
    return record


def provenance(**facts: Any) -> dict[str, Any]:
    """What a result depends on: versions, device, commit, command, and the facts given (seed, data set, …)."""
    import jax

    device = jax.devices()[0]
    return {
        "python": platform.python_version(),
        "versions": versions(),
        "device": f"{device.platform}: {device.device_kind}",
        "processors": os.cpu_count(),
        "commit": _commit(),
        "command": _command(sys.argv),
        **facts,
    }


def versions() -> dict[str, str]:
    """The installed versions of the packages a result depends on."""
    return {name: metadata.version(name) for name in PACKAGES}


def ensure_room(folder: Path, size: int) -> None:
    """Raises OSError where less than `size` bytes (and a spare megabyte) are free for the folder."""
    if shutil.disk_usage(folder).free < size + 2**20:
        raise _no_room(folder, size)


def _no_room(folder, size):
    free = shutil.disk_usage(folder).free
    message = (
        f"no room to write {size / 2**20:.1f} MB to {folder}: {free / 2**20:.1f} MB are free; make room or choose "
        "another --out, then continue with --resume"
    )
    return OSError(errno.ENOSPC, message)


def _command(arguments):
    """The command line as it would be typed, without where this machine keeps its data."""
    program = Path(arguments[0])
    words = (
        ["python", "-m", program.parent.name] if program.name == "__main__.py" else [program.name]
    )
    rest = list(arguments[1:])
    for i, word in enumerate(rest):
        for flag, shown in (("--data-dir", "DIR"), ("--coordinator", "HOST:PORT")):
            if word.startswith(f"{flag}="):
                rest[i] = f"{flag}={shown}"
            elif word == flag and i + 1 < len(rest):
                rest[i + 1] = shown
    return shlex.join([*words, *rest])


def _commit():
    """The commit of the source tree, marked where files differ from it; None outside a checkout."""
    here = Path(__file__).parent
    try:
        git = ["git", "-C", str(here)]
        run = {"capture_output": True, "text": True, "check": True, "timeout": 10}
        commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], **run).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"], **run
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+changes" if changed else "")
