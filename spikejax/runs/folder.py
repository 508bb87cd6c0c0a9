"""A run folder: one process at a time, and a record that always states the status of the run."""

import contextlib
import fcntl
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spikejax.devices import processes
from spikejax.runs import record
from spikejax.runs.clearing import clear, clear_partial
from spikejax.runs.provenance import current_provenance

RUNNING = "running, or killed before it could write its state"


@contextlib.contextmanager
def open_run(
    path: str | Path,
    experiment: str,
    config: dict[str, Any],
    facts: dict[str, Any],
    *,
    may_change: tuple[str, ...] = (),
    resume: bool = False,
    overwrite: bool = False,
) -> Iterator[dict[str, Any]]:
    """Opens a run folder for a run and yields its record, to be filled in.

    The record is written when the folder is opened, whenever `record.write` is called, and at the end: then it is
    complete, unless the caller or an exception has stored in `provenance["incomplete"]` why it is not. A resumed run
    keeps its first provenance and lists in `provenance["resumed"]` what continued it.

    Args:
      path: the folder; created if missing.
      experiment: what the record is of.
      config: settings of the run, JSON values.
      facts: added to the provenance; "data" must be the same when a run is resumed.
      may_change: settings that may differ when a run is resumed, as dotted names.
      resume: continue the run that is there; start one if there is none.
      overwrite: delete what the run that is there has written.

    Raises:
      FileExistsError: a folder that holds something other than a run, or a run and neither `resume` nor `overwrite`.
      BlockingIOError: another process has the folder open.
      ValueError: both `resume` and `overwrite`, or a run to resume with different settings or data; names them.
    """
    path = Path(path)
    there = holds_run(path)
    if resume and overwrite:
        raise ValueError("expected to resume or to overwrite a run, found both")
    if there and not resume and not overwrite:
        raise FileExistsError(
            f"{path} holds a run; resume it, overwrite it, or choose another folder"
        )
    path.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        clear_partial(path)
        if there and overwrite:
            _begin_anew(path)
        if there and resume:
            result = _continued(path, config, facts, may_change)
        else:
            result = record.begin(experiment, config, facts)
        result["complete"], result["provenance"]["incomplete"] = False, RUNNING
        record.write(path / "record.json", result)
        try:
            yield result
        except BaseException as error:
            result["provenance"]["incomplete"] = f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError):
                record.write(path / "record.json", _finite(result))
            raise
        if result["provenance"]["incomplete"] == RUNNING:
            del result["provenance"]["incomplete"]
            result["complete"] = True
        record.write(path / "record.json", result)
        processes.resend_signal()


@contextlib.contextmanager
def open_on_first(path: Path, *what: Any, **options: Any) -> Iterator[dict[str, Any]]:
    """`open_run` on the first process; the others work on a copy of its record, which ends as the first one does."""
    with processes.on_first(open_run, path, *what, **options) as result:
        yield result
        if not processes.is_first() and result["provenance"]["incomplete"] == RUNNING:
            del result["provenance"]["incomplete"]
            result["complete"] = True


def holds_run(path: Path) -> bool:
    """Whether a folder holds a run; False if it is empty or missing.

    Raises:
      FileExistsError: it holds something else.
    """
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"expected a folder at {path}, found a file; choose another folder")
    # A name with a dot is our lock, or a partial file of a process that was killed.
    if not path.exists() or all(entry.name.startswith(".") for entry in path.iterdir()):
        return False
    try:
        record.read(path / "record.json")
    except (FileNotFoundError, ValueError) as error:
        raise FileExistsError(
            f"{path} is not empty and is not a run folder ({error}); choose another folder"
        ) from None
    return True


def _begin_anew(path):
    """Deletes what the run that is there has written; until it is replaced its record says what happens to it."""
    found = record.read(path / "record.json")
    found |= {"complete": False, "metrics": {}, "history": type(found["history"])()}
    found["provenance"]["incomplete"] = "it is being overwritten"
    record.write(path / "record.json", found)
    clear(path)


@contextlib.contextmanager
def _locked(path):
    # The lock is released when the process ends, however it ends.
    with open(path / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = (
                f"another process is training in {path}; wait for it, or choose another folder"
            )
            raise BlockingIOError(message) from error
        yield


def _continued(path, config, facts, may_change):
    result = record.read(path / "record.json")
    before, now = _flat(result["config"]), _flat(config)
    if facts.get("data") is not None:
        before |= _flat({"data set": result["provenance"].get("data")})
        now |= _flat({"data set": facts["data"]})
    changed = [
        f"{key} was {before.get(key, 'absent')} and is {now.get(key, 'absent')}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key, "absent") != now.get(key, "absent") and key not in may_change
    ]
    if changed:
        message = f"{path} was run with different settings: {'; '.join(changed)}. Give the same ones, or another folder"
        raise ValueError(message)
    if not result["complete"] or result["config"] != config:
        by = current_provenance()
        resumed = {key: by[key] for key in ("commit", "versions", "device", "command")}
        resumed["plan"] = facts.get("plan")
        result["provenance"].setdefault("resumed", []).append(resumed)
    return {**result, "config": config}


def _flat(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    flat = {}
    for name, part in tree.items():
        flat |= _flat(part, f"{prefix}.{name}" if prefix else name)
    return flat


def _finite(tree):
    """A record without the numbers that JSON cannot hold, so that it can state what went wrong."""
    if isinstance(tree, dict):
        return {name: _finite(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_finite(part) for part in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree
