"""A run folder: one process at a time, and a record that always says how the run stands."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spikejax.runs import record

RUNNING = "still running, or ended without a word"


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
    """Opens a run folder for a run and gives its record, to be filled in.

    The record is written when the folder is opened, whenever `record.write` is called, and at the end: then it is
    complete, or says in `provenance["incomplete"]` what went wrong. A resumed run keeps its first provenance and
    notes in `provenance["resumed"]` what continued it.

    Args:
      path: the folder; made if missing.
      experiment: what the record is of.
      config: settings of the run, JSON values.
      facts: what joins the provenance; "data" must be the same when a run is resumed.
      may_change: settings that may differ when a run is resumed, as dotted names.
      resume: continue the run that is there; start one if there is none.
      overwrite: delete the run that is there.

    Raises:
      FileExistsError: a folder that is no run folder, or a run and neither `resume` nor `overwrite`.
      BlockingIOError: another process has the folder open.
      ValueError: `resume` and `overwrite`, or a run to resume with other settings or data; names them.
    """
    path = Path(path)
    if resume and overwrite:
        raise ValueError("expected --resume or --overwrite, found both")
    # A name with a dot is our lock, or half a file of a process that was killed.
    there = path.exists() and any(not entry.name.startswith(".") for entry in path.iterdir())
    if there and not (path / "record.json").is_file():
        raise FileExistsError(
            f"{path} exists and is not a run folder (it has no record.json); choose another --out"
        )
    if there and not resume and not overwrite:
        raise FileExistsError(
            f"{path} holds a run; continue it with --resume, or delete it with --overwrite"
        )
    path.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        if there and overwrite:
            _clear(path)
        if there and resume:
            result = _continued(path, config, facts, may_change)
        else:
            provenance = record.provenance(**facts)
            result = {"experiment": experiment, "config": config, "provenance": provenance}
            result |= {"metrics": {}, "history": {}, "complete": False}
        result["complete"], result["provenance"]["incomplete"] = False, RUNNING
        record.write(path / "record.json", result)
        try:
            yield result
        except BaseException as error:
            result["provenance"]["incomplete"] = f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError):
                record.write(path / "record.json", result)
            raise
        del result["provenance"]["incomplete"]
        result["complete"] = True
        record.write(path / "record.json", result)


@contextlib.contextmanager
def _locked(path):
    # The lock goes with the process, however it ends.
    with open(path / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"another process is training in {path}; wait for it, or choose another --out"
            raise BlockingIOError(message) from error
        yield


def _clear(path):
    for entry in path.iterdir():
        if entry.name != ".lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _continued(path, config, facts, may_change):
    result = record.read(path / "record.json")
    before = _flat({**result["config"], "data": result["provenance"].get("data")})
    now = _flat({**config, "data": facts.get("data")})
    changed = [
        f"{key} was {before.get(key, 'absent')} and is {now.get(key, 'absent')}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key, "absent") != now.get(key, "absent") and key not in may_change
    ]
    if changed:
        message = f"{path} was run with other settings: {'; '.join(changed)}. Give the same ones, or another --out"
        raise ValueError(message)
    if not result["complete"] or result["config"] != config:
        by = record.provenance()
        resumed = {key: by[key] for key in ("commit", "versions", "device", "command")}
        result["provenance"].setdefault("resumed", []).append(resumed)
    return {**result, "config": config}


def _flat(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    flat = {}
    for name, part in tree.items():
        flat |= _flat(part, f"{prefix}.{name}" if prefix else name)
    return flat
