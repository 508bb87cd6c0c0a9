"""The files of a sweep's groups of trials: rows and variables of finished ones, a checkpoint of a stopped one."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spikejax import files
from spikejax.devices import processes
from spikejax.runs import record, report
from spikejax.sweeps.groups import Keeping
from spikejax.training import checkpoint


def keeping_of(
    folder: Path, found: dict[str, Any], label: str, epochs: int, over: Callable[[], bool]
) -> Keeping:
    """Finished groups in separate files, a stopped one as a checkpoint; `found` is the record of the sweep."""
    own = {"run": found["provenance"].get("run"), "folder": folder.name}

    def name(numbers):
        return f"trials_{numbers[0]:05d}"

    def keep(rows, states):
        numbers = sorted({row["trial"] for row in rows})
        path = folder / name(numbers)
        arrays = {"trial": np.asarray(numbers), **_named(states.measured)}
        written = files.write_arrays(path.with_suffix(".npz"), arrays)
        # Written last: a group with rows is complete.
        facts = {"rows": rows, "sha256": _checksum(written), **own}
        files.write_text(path.with_suffix(".json"), files.sealed(facts))

    def suspend(numbers, group, history):
        stopped = folder / f"{name(numbers)}_stopped"
        checkpoint.save(stopped, group, {"history": history, **own})

    def resume(numbers, group):
        stopped = folder / f"{name(numbers)}_stopped"
        if not checkpoint.exists(stopped):
            return None
        notes = checkpoint.notes_of(stopped)
        if len(notes["history"][-1][1]) != len(group.alive):
            return None  # planned anew, in groups of another size: these trials start again
        group, notes = checkpoint.restore(stopped, group)
        _check_own(stopped, notes, found)
        return group, notes["history"]

    def tell(group, count, epoch):
        if processes.is_first():
            which = f"group {group} of {count}, " if count > 1 else ""
            text = f"{label}{which}epoch {epoch} of {epochs}"
            report.progress_line(text, done=epoch == epochs)

    return Keeping(finished_rows(folder, found), keep, suspend, resume, tell, over)


def _named(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of nested dictionaries by their path."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {"/".join(str(key.key) for key in path): np.asarray(leaf) for path, leaf in leaves}


def finished_rows(folder: Path, found: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a program's finished groups; `found` is the record of the sweep.

    Raises:
      ValueError: files that are damaged, missing or of another sweep; names them.
    """
    rows = []
    for path in sorted(folder.glob("trials_*.json")):
        rows += _rows_of(path, found)
    return rows


def check_kept(out: Path, found: dict[str, Any]) -> None:
    """Checks the files of a finished sweep.

    Raises:
      ValueError: files that are damaged or missing; names them.
    """
    kept = sum(
        len(finished_rows(out / f"groups_{number}", found))
        for number in range(len(found["provenance"]["programs"]))
    )
    if kept != len(found["history"]):
        raise ValueError(
            f"expected the {len(found['history'])} rows of the record in {out}/groups_*, found {kept}; restore the "
            "missing files from a copy, or sweep into another folder"
        )


def _check_own(path, notes, found):
    record.check_run(path, notes, found)
    if notes.get("folder") not in (None, path.parent.name):
        raise ValueError(f"{path} was written into {notes['folder']}; move it back")


def _rows_of(path, found):
    """The rows in a file, which is held to its checksums and to those of the variables beside it."""
    arrays = path.with_suffix(".npz")
    try:
        notes = files.unsealed(path.read_text(encoding="utf-8"))
        whole = _checksum(arrays) == notes["sha256"]
    except (FileNotFoundError, ValueError) as error:
        raise _damaged(path, arrays, error) from error
    if not whole:
        raise _damaged(path, arrays, f"{arrays.name} has another checksum")
    _check_own(path, notes, found)
    return notes["rows"]


def _damaged(path, arrays, error):
    return ValueError(
        f"{path} and {arrays.name} do not hold what was saved ({error}); restore them from a copy, or sweep into "
        "another folder"
    )


def _checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def variables_of(folder: Path, trial: int, found) -> dict[str, Any]:
    """A trial's variables from the file of its group."""
    rows = found["metrics"]["trials"]
    own = sorted(int(t) for t, row in rows.items() if row["program"] == rows[str(trial)]["program"])
    position = own.index(trial)
    for path in sorted(folder.glob("trials_*.json")):
        _rows_of(path, found)  # refuses damaged files
        with np.load(path.with_suffix(".npz")) as arrays:
            numbers = arrays["trial"].tolist()
            if position in numbers:
                place = numbers.index(position)
                return _nested({k: arrays[k][place] for k in arrays.files if k != "trial"})
    raise FileNotFoundError(f"expected the variables of trial {trial} in {folder}, found none")


def _nested(arrays):
    tree: dict[str, Any] = {}
    for path, array in arrays.items():
        *above, name = path.split("/")
        node = tree
        for step in above:
            node = node.setdefault(step, {})
        node[name] = jnp.asarray(array)
    return tree
