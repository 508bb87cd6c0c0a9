"""The record of a run: `record.json`, written atomically, which states what was run, how and with what results."""

import json
import uuid
from pathlib import Path
from typing import Any

from spikejax.files import checksum_of, write_text
from spikejax.runs.provenance import current_provenance

LARGEST = 2**30  # bytes; a sweep of a million rows has a fifth of it
CHECKSUM = "record_sha256"  # in the provenance: of all the rest
KEYS = ("experiment", "config", "provenance", "metrics", "history", "complete")


def begin(experiment: str, config: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """A record without results yet; `facts` join its provenance, and what names this run among all others."""
    facts = {**facts, "run": uuid.uuid4().hex}
    return {
        "experiment": experiment,
        "config": config,
        "provenance": current_provenance(**facts),
        "metrics": {},
        "history": {},
        "complete": False,
    }


def write(path: str | Path, record: dict[str, Any]) -> Path:
    """Writes a record as JSON: a reader sees the old one or the new one, never part of one.

    Args:
      path: the file, for example `runs/digits/record.json`; its folder is created if missing.
      record: has exactly the keys `experiment`, `config`, `provenance`, `metrics`, `history` and `complete`;
        `complete` is true, or the reason why the run was cut short is under `provenance["incomplete"]`.

    Raises:
      ValueError: keys other than these, or a number that is not finite.
      OSError: there is not enough space; names what is needed and what is free.
    """
    if set(record) != set(KEYS):
        raise ValueError(f"expected a record with the keys {KEYS}, found {tuple(record)}")
    ordered = {key: record[key] for key in KEYS}
    plain = json.loads(json.dumps(ordered, allow_nan=False))
    plain["provenance"][CHECKSUM] = checksum_of(plain)
    return write_text(path, json.dumps(plain, indent=1) + "\n")


def finished(folder: Path, **same: Any) -> dict[str, Any] | None:
    """The record of a complete run in a folder whose entries `same` are equal; None if there is none."""
    try:
        found = read(folder / "record.json")
    except (FileNotFoundError, ValueError):
        return None
    return found if found["complete"] and same.items() <= found.items() else None


def check_run(what: Path, notes: dict[str, Any], found: dict[str, Any]) -> None:
    """Raises ValueError if what a run has written, with its notes, belongs to another record."""
    own = found["provenance"].get("run")
    if own is not None and notes.get("run") != own:
        raise ValueError(
            f"{what} is of another run than the record beside it; restore it from a copy, or choose another folder"
        )


def read(path: str | Path) -> dict[str, Any]:
    """Reads a record.

    Raises:
      FileNotFoundError: there is none.
      ValueError: the file is not a record, or not as it was written.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"expected a record at {path}, found no such file")
    if path.stat().st_size > LARGEST:
        raise ValueError(
            f"expected a record of at most {LARGEST:,} bytes in {path}, found {path.stat().st_size:,}"
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (RecursionError, ValueError) as error:
        raise ValueError(
            f"expected a JSON record in {path}, found invalid text: {error}"
        ) from error
    if not isinstance(record, dict) or set(record) != set(KEYS):
        raise ValueError(f"expected a record with the keys {KEYS} in {path}")
    for key in ("config", "provenance", "metrics"):
        if not isinstance(record[key], dict):
            raise ValueError(f"expected a record in {path}, found {record[key]!r} as its {key}")
    provenance = record["provenance"]
    if CHECKSUM in provenance and provenance.pop(CHECKSUM) != checksum_of(record):
        raise ValueError(
            f"{path} is not as it was written; restore it from a copy, or choose another folder"
        )
    return record
