"""The files of a sweep's groups of trials: rows and variables of finished ones, a checkpoint of a stopped one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spikejax import files
from spikejax.devices import processes
from spikejax.runs import report
from spikejax.sweeps.groups import Keeping
from spikejax.training import checkpoint


def keeping_of(folder: Path, label: str, epochs: int, over: Callable[[], bool]) -> Keeping:
    """Finished groups in separate files, a stopped one as a checkpoint."""

    def name(numbers):
        return f"trials_{numbers[0]:05d}"

    def keep(rows, states):
        numbers = sorted({row["trial"] for row in rows})
        path = folder / name(numbers)
        arrays = {"trial": np.asarray(numbers), **_named(states.measured)}
        files.write_arrays(path.with_suffix(".npz"), arrays)
        # Written last: a group with rows is complete.
        files.write_text(path.with_suffix(".json"), json.dumps(rows))

    def suspend(numbers, group, history):
        checkpoint.save(folder / f"{name(numbers)}_stopped", group, {"history": history})

    def resume(numbers, group):
        stopped = folder / f"{name(numbers)}_stopped"
        if not checkpoint.exists(stopped):
            return None
        group, notes = checkpoint.restore(stopped, group)
        return group, notes["history"]

    def tell(group, count, epoch):
        if processes.is_first():
            which = f"group {group} of {count}, " if count > 1 else ""
            text = f"{label}{which}epoch {epoch} of {epochs}"
            report.progress_line(text, done=epoch == epochs)

    return Keeping(finished_rows(folder), keep, suspend, resume, tell, over)


def _named(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of nested dictionaries by their path."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {"/".join(str(key.key) for key in path): np.asarray(leaf) for path, leaf in leaves}


def finished_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of a program's finished groups.

    Raises:
      ValueError: a damaged file, or rows whose variables are missing; names the file.
    """
    rows = []
    for path in sorted(folder.glob("trials_*.json")):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            with np.load(path.with_suffix(".npz")) as arrays:
                whole = sorted({row["trial"] for row in found}) == arrays["trial"].tolist()
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise ValueError(
                f"{path} and its .npz do not hold what was saved ({error}); restore them from a copy, or sweep into "
                "another folder"
            ) from error
        if not whole:
            raise ValueError(
                f"{path} and its .npz are of different trials; restore them from a copy"
            )
        rows += found
    return rows


def variables_of(folder: Path, trial: int, found) -> dict[str, Any]:
    """A trial's variables from the file of its group."""
    rows = found["metrics"]["trials"]
    own = sorted(int(t) for t, row in rows.items() if row["program"] == rows[str(trial)]["program"])
    position = own.index(trial)
    for path in sorted(folder.glob("trials_*.npz")):
        with np.load(path) as arrays:
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
