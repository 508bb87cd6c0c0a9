"""Compiled programs that are kept between processes, so that only the first one compiles them."""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import sys
import warnings
from pathlib import Path

import jax

from spikejax import files

LIMIT = 2**28  # bytes of all programs kept; a training of digits needs 0.6 MB
_ALL, _NONE = 0.0, float("inf")  # shortest compilations, in seconds, whose programs are written


def keep_compiled() -> Path | None:
    """Keeps what this process compiles, in `programs` of the user's cache folder.

    It sets JAX's persistent compilation cache, so it is for commands: a library leaves JAX as it is. A folder that the
    user has set, by `JAX_COMPILATION_CACHE_DIR` or in JAX's configuration, is left as it is, as is
    `JAX_ENABLE_COMPILATION_CACHE=false`. Each kind of processor has a folder of its own, since a home may be shared by
    machines that do not run each other's programs. Programs that were not used for the longest time are deleted once
    all need more than `LIMIT`; none is written if the disk has not that much room. A folder that cannot be used costs
    time, not results, so it is said in one line.

    Returns:
      The folder; None if it is the user's own, or none can be used.
    """
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return None
    if not jax.config.values["jax_enable_compilation_cache"]:
        return None
    try:
        programs = files.cache_folder() / "programs"
        # JAX runs what it finds there, so nobody else may write to it.
        programs.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = programs / _machine()
        folder.mkdir(mode=0o700, exist_ok=True)
        _delete_unused(programs)
        room = shutil.disk_usage(folder).free > LIMIT
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        print(f"compiled programs are not kept: {error}", file=sys.stderr)
        return None
    jax.config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        # Most programs of a start are small; together they take as long as the large ones.
        shortest = _ALL if room else _NONE
        jax.config.update("jax_persistent_cache_min_compile_time_secs", shortest)
    # JAX warns of every program that it cannot read or write, compiles it and goes on.
    problem = "Error (reading|writing) persistent compilation cache"
    warnings.filterwarnings("ignore", problem, UserWarning)
    return folder


def _machine():
    """A name for the kind of processor, and for the compiler."""
    kind = [platform.machine(), platform.processor()]
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        kind += [line for line in lines if line.startswith(("model name", "flags", "Features"))]
    except OSError:
        pass  # there is none but on Linux
    digest = hashlib.sha256("\n".join(kind).encode()).hexdigest()
    return f"{importlib.metadata.version('jaxlib')}-{digest[:12]}"


def _delete_unused(programs):
    """Leaves half of the limit once it is exceeded; other processes may read, write and delete at the same time."""
    found = []
    for path in programs.rglob("*"):
        try:
            known = path.stat()
        except OSError:
            continue  # another process has deleted it
        if path.is_file():
            found.append((max(known.st_atime, known.st_mtime), known.st_size, path))
    total = sum(size for _, size, _ in found)
    if total <= LIMIT:
        return
    for _, size, path in sorted(found):
        if total <= LIMIT // 2:
            break
        try:
            path.unlink(missing_ok=True)
        except OSError:
            continue  # a folder that can only be read
        total -= size
