"""No room and no peace: a full disk, files that may not grow, a read-only folder, two processes in one folder."""

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from experiments.reliability import children, stopping, subjects
from experiments.reliability.children import FREE, Limits, generator
from experiments.reliability.kills import SUBJECTS
from experiments.reliability.outcomes import Outcome, summary
from experiments.reliability.references import cache, reference

SIZES = (0, 100, 1000, 3000, 6000, 20_000)  # bytes that a file may have
# Kilobytes of a disk, of which the library keeps a megabyte spare.
ROOMS = (1, 1028, 1040, 1060, 1100, 1200)
BUSY = ("BlockingIOError",)


def batches(quick: bool) -> list[dict[str, Any]]:
    """A batch per subject and kind of trouble."""
    kinds = {"files": SIZES, "disk": ROOMS, "two": tuple(range(8)), "read-only": (0,)}
    if quick:
        return [{"subject": "training", "trouble": "files", "values": [1000]}]
    return [
        {"subject": name, "trouble": kind, "values": list(values)}
        for kind, values in kinds.items()
        for name in SUBJECTS
    ]


def run(batch: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Lets a subject run into trouble, and afterwards to its end."""
    begun, name = time.perf_counter(), batch["subject"]
    tries = {"files": _small_files, "disk": _small_disk, "two": _two, "read-only": _read_only}
    outcomes = []
    for value in batch["values"]:
        out = folder / "crowded"
        shutil.rmtree(out, ignore_errors=True)
        outcome = tries[batch["trouble"]](folder, name, out, value)
        detail = {"subject": name, "trouble": batch["trouble"], "value": value}
        outcomes.append(outcome._replace(detail=detail))
    return summary(outcomes, seconds=time.perf_counter() - begun, peak_memory_mb=0.0)


def _to_the_end(folder, name, out):
    """Resumes without trouble and compares."""
    again = children.run(subjects.run_and_tell, name, out, cache=cache(folder))
    return Outcome(*stopping.compared(again, reference(folder, name)["result"], out, []))


def _in_words(ended, accepted):
    """What is wrong with an error that trouble led to; None if nothing is."""
    if ended.error is None:
        return None if ended.code == 0 else Outcome("died", ended.words)
    return None if ended.error[0] in accepted else Outcome("traceback", ended.words)


# What Python makes of errors of the system.
SYSTEM = (
    "OSError",
    "PermissionError",
    "FileNotFoundError",
    "NotADirectoryError",
    "FileExistsError",
)


def _small_files(folder, name, out, size):
    first = children.run(
        subjects.run_and_tell, name, out, cache=cache(folder), limits=Limits(file_size=size)
    )
    return _in_words(first, SYSTEM) or _to_the_end(folder, name, out)


def _small_disk(folder, name, out, kilobytes):
    """On a disk of its own, which is then enlarged; "exact" where that is not permitted."""
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(out)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        return Outcome("exact", "a disk of one's own is not permitted")
    try:
        first = children.run(subjects.run_and_tell, name, out / "run", cache=cache(folder))
        problem = _in_words(first, SYSTEM)
        if problem is None:
            larger = ["mount", "-o", "remount,size=64m", str(out)]
            subprocess.run(larger, check=True, capture_output=True)
            problem = _to_the_end(folder, name, out / "run")
        return problem
    finally:
        subprocess.run(["umount", str(out)], check=True, capture_output=True)


def _two(folder, name, out, seed):
    """A second process begins while the first one trains."""
    expected = reference(folder, name)
    how: dict[str, Any] = {"cache": cache(folder)}
    one = children.start(subjects.run_and_tell, name, out, **how)
    time.sleep(generator("two", name, seed).uniform(0, expected["seconds"]))
    two = children.start(subjects.run_and_tell, name, out, **how)
    ended = [children.finish(*each, None, FREE) for each in (one, two)]
    problems = [_in_words(each, BUSY) for each in ended]
    if all(each.error for each in ended):
        return Outcome("lost", "neither of the two processes trained")
    return next(filter(None, problems), None) or _to_the_end(folder, name, out)


def _read_only(folder, name, out, value):
    """Where nothing can be written, and a finished run that can only be read."""
    del value
    refused = children.run(subjects.run_and_tell, name, Path("/proc/none/run"), cache=cache(folder))
    if refused.error is None or refused.error[0] not in SYSTEM:
        return Outcome("traceback", refused.words)
    done = children.run(subjects.run_and_tell, name, out, cache=cache(folder))
    with contextlib.ExitStack() as stack:
        for path in (*out.rglob("*"), out):
            stack.callback(path.chmod, path.stat().st_mode)
            path.chmod(0o555 if path.is_dir() else 0o444)
        # It is not trained again, so nothing needs to be written.
        again = children.run(subjects.run_and_tell, name, out, cache=cache(folder))
    return Outcome(*stopping.compared(again, done.value, out, []))
