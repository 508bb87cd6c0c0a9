"""Checkpoints with Orbax: written atomically, restored bit by bit.

A folder holds `save_N/`, the newest state, and `save_N.json`, a few notes; N counts the saves. The notes are written
first, Orbax writes the state under a temporary name and renames it, and only then are older ones removed: an
interruption at any moment leaves a complete checkpoint. The notes hold checksums of themselves and of the state's
values, to which what is read is held.
"""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spikejax.devices.processes import gather_texts
from spikejax.files import ensure_room, sealed, unsealed, write_text
from spikejax.training.state import paths

# What is written into a folder, half-written states included; a copy of another name is its owner's.
OWN = r"save_\d{10}(\.json|\.orbax-checkpoint-tmp.*)?"


def save(folder: str | Path, state: Any, notes: dict) -> Path:
    """Saves a state as the folder's newest checkpoint.

    Args:
      folder: for the checkpoints of one run; created if missing.
      state: pytree of arrays; PRNG keys and optimiser states may be in it.
      notes: JSON values to keep with it.

    Returns:
      The path of the checkpoint.

    Raises:
      OSError: there is not enough space for it; names what is needed and what is free.
    """
    from orbax.checkpoint import v1 as ocp

    # With several processes each saves its part of the state; the first one does the rest.
    folder, first = Path(folder).absolute(), jax.process_index() == 0
    state = jax.tree.map(lambda x: x if isinstance(x, jax.Array) else jnp.asarray(x), state)
    folder.mkdir(parents=True, exist_ok=True)
    size = sum(x.nbytes for x in jax.tree.leaves(state))
    ensure_room(folder, size)
    # A number is never used twice, so a complete checkpoint is not touched before the new one is complete.
    before = [path for path in folder.glob("save_*") if re.fullmatch(OWN, path.name)]
    number = 1 + max((int(path.stem[5:]) for path in before), default=-1)
    path = folder / f"save_{int(gather_texts(str(number))[0]):010d}"
    if first:
        described = {"notes": notes, "leaves": _describe(state), "sha256": _checksum(state)}
        write_text(_notes(path), sealed(described))
    ocp.save(str(path), state)
    for older in before if first else ():
        shutil.rmtree(older) if older.is_dir() else older.unlink()
    return path


def restore(folder: str | Path, like: Any) -> tuple[Any, dict]:
    """Reads the folder's newest checkpoint.

    Args:
      folder: as given to `save`.
      like: a state of the same structure, shapes and dtypes; its shardings are used.

    Returns:
      The state and the notes.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: the checkpoint is of another architecture (names the leaves that differ), or its content is not what
        was saved.
    """
    from orbax.checkpoint import v1 as ocp

    path, saved = _newest(folder)
    _compare(path, expected=_describe(like), found=saved["leaves"])

    def abstract(x):
        x = x if isinstance(x, jax.Array | jax.ShapeDtypeStruct) else jnp.asarray(x)
        return jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding)

    loaded = _loaded(path, lambda: ocp.load(str(path), jax.tree.map(abstract, like)))
    _compare(path, expected=_describe(like), found=_describe(loaded))
    _check_values(path, saved, loaded)
    return loaded, saved["notes"]


def read(folder: str | Path) -> tuple[dict[str, Any], dict]:
    """Reads the folder's newest checkpoint as stored, on the first device.

    Args:
      folder: as given to `save`.

    Returns:
      The state as nested dictionaries by the names of its fields, and the notes.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: its content is not what was saved.
    """
    from orbax.checkpoint import v1 as ocp

    path, saved = _newest(folder)
    where = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])

    def load():
        found: Any = ocp.metadata(str(path)).metadata
        abstract = jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=where), found
        )
        return ocp.load(str(path), abstract)

    loaded = _loaded(path, load)
    _check_values(path, saved, loaded)
    return loaded, saved["notes"]


def _newest(folder):
    """The newest checkpoint and what was saved with it: notes, leaves and their checksum."""
    folder = Path(folder).absolute()
    checkpoints = _checkpoints(folder)
    if not checkpoints:
        raise FileNotFoundError(f"expected a checkpoint in {folder}, found none")
    path = checkpoints[-1]
    try:
        return path, unsealed(_notes(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(_notes(path), error) from error


def _loaded(path, load):
    try:
        return load()
    except (OSError, MemoryError, jax.errors.JaxRuntimeError):
        raise  # a problem of the machine, not of the checkpoint
    except Exception as error:  # Orbax has no single error type for a damaged file.
        raise _damaged(path, error) from error


def _damaged(path, error):
    first = str(error).splitlines()[0] if str(error) else repr(error)
    return ValueError(
        f"{path} does not hold what was saved ({first}); restore it from a copy, or train in another folder"
    )


def notes_of(folder: str | Path) -> dict:
    """The notes of the folder's newest checkpoint, without its state.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: its notes are not what was saved.
    """
    return _newest(folder)[1]["notes"]


def exists(folder: str | Path) -> bool:
    """Whether the folder holds a complete checkpoint."""
    return bool(_checkpoints(Path(folder)))


def _checkpoints(folder):
    # Orbax writes under another name and renames when everything is written.
    found = (
        path for path in folder.glob("save_*") if re.fullmatch(OWN, path.name) and not path.suffix
    )
    return sorted(path for path in found if _notes(path).is_file())


def _notes(path):
    return path.with_suffix(".json")


def _check_values(path, saved, loaded):
    # Where a process holds only a part of a state there is no checksum of the whole.
    found = _checksum(loaded)
    if None not in (found, saved["sha256"]) and found != saved["sha256"]:
        raise _damaged(path, "its values have another checksum")


def _checksum(state):
    """SHA-256 of the values of a state by their paths, or None where a process holds only a part of them."""
    digest = hashlib.sha256()
    named = zip(map("/".join, paths(state)), jax.tree.leaves(state), strict=True)
    for name, x in sorted(named, key=lambda pair: pair[0]):
        if isinstance(x, jax.Array) and not (x.is_fully_addressable or x.is_fully_replicated):
            return None
        key = isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key)
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(jax.random.key_data(x) if key else x).tobytes())
    return digest.hexdigest()


def _describe(state):
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path): f"{_dtype(x)}{list(np.shape(x))}" for path, x in leaves}


def _dtype(x):
    return x.dtype if isinstance(x, jax.Array | jax.ShapeDtypeStruct) else jnp.asarray(x).dtype


def _compare(path, expected, found):
    differences = [
        f"{leaf}: expected {expected.get(leaf, 'nothing')}, found {found.get(leaf, 'nothing')}"
        for leaf in sorted(expected.keys() | found.keys())
        if expected.get(leaf) != found.get(leaf)
    ]
    if differences:
        shown = "; ".join(differences[:3])
        more = f"; and {len(differences) - 3} more" if len(differences) > 3 else ""
        raise ValueError(
            f"the checkpoint {path} is of another architecture: {shown}{more}. "
            "Give the settings that it was trained with"
        )
