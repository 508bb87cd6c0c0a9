"""Every file of run folders damaged in every way: the run is resumed, loaded and evaluated."""

import functools
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.reliability import children, named, subjects
from experiments.reliability.children import Limits, generator
from experiments.reliability.mutations import KINDS, RANDOM, Snapshot, damage
from experiments.reliability.outcomes import Outcome, summary
from experiments.reliability.references import cache, reference
from spikejax.devices.processes import OutOfTime
from spikejax.runs import record

# By name: the subject, and how often it is continued with no time left; 0 is until its end.
ORIGINALS = {
    "training": ("training", 0),
    "stopped training": ("training", 4),
    "sweep": ("sweep", 0),
    "stopped sweep": ("sweep", 3),
    "several": ("several", 0),
}
# (original, operation, repetitions of the random kinds of damage): what trains takes a second or more.
FULL = (
    ("training", "load", 6),
    ("training", "resume", 3),
    ("training", "evaluate", 1),
    ("stopped training", "load", 2),
    ("stopped training", "resume", 1),
    ("sweep", "load", 8),
    ("sweep", "resume", 5),
    ("sweep", "evaluate", 1),
    ("stopped sweep", "resume", 2),
    ("several", "load", 1),
    ("several", "resume", 2),
)
QUICK = (("training", "load", 1), ("training", "resume", 1))
NOTES = "notes.txt"
SIZE = 250  # trials of a batch


def batches(quick: bool) -> list[dict[str, Any]]:
    """A batch per original and operation, or several where there are many trials."""
    return [
        {"original": name, "operation": operation, "repeat": repeat, "quick": quick, "part": part}
        for name, operation, repeat in (QUICK if quick else FULL)
        for part in range(1 if quick else 4)
    ]


def run(batch: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Damages the files of an original one after the other."""
    begun, name = time.perf_counter(), batch["original"]
    reference(folder, ORIGINALS[name][0])
    made = children.run(make, folder, name, cache=cache(folder))
    if made.error or made.code:
        raise ValueError(f"expected to make a {name}, found {made.words}")
    files = sorted(Snapshot(folder / "originals" / name).files)
    files = [file for file in files if file != NOTES]
    trials = [
        {"root": str(folder), **batch, "file": file, "kind": kind, "seed": number}
        for file in files
        for kind in KINDS
        for number in range(batch["repeat"] if kind in RANDOM else 1)
    ]
    # Every fourth one, so that each part has all files; a quick run has a few of them.
    trials = trials[:: max(len(trials) // 40, 1)] if batch["quick"] else trials[batch["part"] :: 4]
    limits = Limits(seconds=90)
    found = list(children.each(trial, trials, cache=cache(folder), limits=limits))
    return summary(
        [outcome for outcome, _ in found],
        seconds=time.perf_counter() - begun,
        peak_memory_mb=max(memory for _, memory in found),
    )


def make(folder: Path, name: str) -> None:
    """Makes an original, once."""
    subject, continued = ORIGINALS[name]
    done, out = folder / "originals" / name, folder / "originals" / f".{name}"
    if done.is_dir():
        return
    shutil.rmtree(out, ignore_errors=True)
    for _ in range(continued):
        try:
            subjects.RUNS[subject](out, seconds=0.0)
        except OutOfTime:
            pass
    if not continued:
        subjects.RUNS[subject](out)
    (out / NOTES).write_text("my own notes")
    out.rename(done)


@functools.cache
def _prepared(root: str, name: str) -> Snapshot:
    """A copy to be damaged."""
    work = Path(root) / "damaged" / name
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(Path(root) / "originals" / name, work, symlinks=True)
    return Snapshot(work)


@functools.cache
def _expected(root: str, name: str, operation: str) -> dict[str, str]:
    """What the operation gives for the original; resuming gives what the uninterrupted run has."""
    snapshot = _prepared(root, name)
    snapshot.restore()
    subject = ORIGINALS[name][0]
    result = operation_of(subject, operation)(snapshot.root)
    snapshot.restore()
    if operation == "resume":
        whole = reference(Path(root), subject)["result"]
        different = [name for name in result if name in whole and result[name] != whole[name]]
        if different:
            raise ValueError(
                f"resumed without damage {name} differs from its reference: {different}"
            )
    return result


def operation_of(subject: str, operation: str) -> Callable[[Path], dict[str, str]]:
    """Load, evaluate, or resume and load."""
    if operation != "resume":
        return {"load": subjects.loaded, "evaluate": subjects.evaluated}[operation]

    def resume(folder):
        returned = subjects.RUNS[subject](folder)
        returned = returned if isinstance(returned, dict) else returned.record
        found = {**subjects.of_record(returned), **subjects.loaded(folder)}
        stored = subjects.of_record(record.read(folder / "record.json"))
        return found | {f"stored {name}": x for name, x in stored.items()}

    return resume


def trial(given: dict[str, Any]) -> Outcome:
    """Damages a file and calls the operation."""
    name, operation, file = given["original"], given["operation"], given["file"]
    expected = _expected(given["root"], name, operation)
    snapshot = _prepared(given["root"], name)
    snapshot.restore()
    draw = generator(name, operation, file, given["kind"], given["seed"])
    others = sorted(x for x in snapshot.files if x not in (file, NOTES))
    other = draw.choice(others)
    damage(snapshot.root / file, given["kind"], snapshot.root / other, draw)
    act = operation_of(ORIGINALS[name][0], operation)
    outcome = _outcome(act, expected, snapshot, (snapshot.root, Path(file).name))
    if outcome.kind == "refused" and operation == "resume":
        # With the file restored from a copy, the run goes on as if nothing had happened.
        snapshot.restore(*{file, other})
        again = _outcome(act, expected, snapshot, ())
        if again.kind != "exact":
            outcome = Outcome(
                "lost", f"{again.words} after restoring a copy; before: {outcome.words}"
            )
    detail = {key: given[key] for key in ("original", "operation", "file", "kind", "seed")}
    return outcome._replace(detail={**detail, "other": other})


def _outcome(act, expected, snapshot, names):
    try:
        found = act(snapshot.root)
    except Exception as error:
        return named.of_files(error, names)
    different = subjects.differences(found, expected)
    if different:
        return Outcome("unnoticed", different)
    notes = snapshot.root / NOTES
    if not notes.is_file() or notes.read_bytes() != snapshot.files[NOTES]:
        return Outcome("lost", "a file of one's own")
    return Outcome("exact")
