"""A run that is stopped, resumed in a new process and held to one that was not stopped."""

import shutil
from pathlib import Path
from typing import Any

from experiments.reliability import children, subjects
from experiments.reliability.children import Ended, Stop
from experiments.reliability.outcomes import Outcome
from experiments.reliability.references import cache, reference

NOTES = "my own notes, which no run may touch"
# How a run that was asked to stop may end: by its own error, or by Python's.
STOPPED = ("Interrupted", "KeyboardInterrupt")


def stop_of(draw: Any, events: int, seconds: float, signals: tuple[int, ...]) -> Stop:
    """A random stop: at an event of the file system, shortly after one, or at any moment of the run."""
    gap = draw.uniform(0, 0.5) if len(signals) > 1 else 0.0
    kind = draw.randrange(3)
    if kind == 0:
        return Stop(draw.randint(1, events), None, signals, gap)
    if kind == 1:
        return Stop(draw.randint(1, events), draw.uniform(0, 0.1), signals, gap)
    return Stop(0, draw.uniform(0, seconds), signals, gap)


def trial(folder: Path, name: str, stop: Stop, seed: Any) -> Outcome:
    """Runs a subject, stops it, resumes it to its end and compares.

    Returns:
      The outcome; its detail has whether the run was "stopped" at all, it may have been faster.
    """
    expected, out = reference(folder, name), folder / "trial"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    mine = [out / ".notes"]
    mine[0].write_text(NOTES)
    how: dict[str, Any] = {"cache": cache(folder), "folder": out}
    first = children.run(subjects.run_and_tell, name, out, stop=stop, **how)
    stopped = first.error is not None or first.code != 0
    detail = {"subject": name, "stop": list(stop), "seed": seed, "stopped": stopped}
    problem = _wrong_end(first, stop)
    if problem:
        return Outcome(*problem, detail)
    if (out / "record.json").is_file():
        (out / "save_notes").mkdir()
        mine += [out / "notes.txt", out / "save_notes" / "notes.txt"]
        for path in mine[1:]:
            path.write_text(NOTES)
    second = children.run(subjects.run_and_tell, name, out, **how)
    detail["memory_mb"] = max(first.memory, second.memory)  # that of a killed process is not known
    return Outcome(*compared(second, expected["result"], out, mine), detail)


def _wrong_end(first, stop):
    """What is wrong with the end of the stopped run; None if nothing is."""
    if first.error is not None and first.error[0] not in STOPPED:
        return "timed out" if first.error[0] == "TimedOut" else "traceback", first.words
    if first.error is None and first.code not in (0, *(-one for one in stop.signals)):
        return "died", first.words
    return None


def compared(
    second: Ended, expected: dict[str, str], out: Path, mine: list[Path]
) -> tuple[str, str]:
    """How a resumed run compares with one that was not stopped.

    Args:
      second: how resuming ended.
      expected: the result of the other one.
      out: the run folder.
      mine: files in it that are the user's.

    Returns:
      The kind of the outcome, and words.
    """
    if second.error is not None:
        kind = "timed out" if second.error[0] == "TimedOut" else "lost"
        return kind, f"resuming: {second.words}"
    if second.code:
        return "died", f"resuming: {second.words}"
    different = subjects.differences(second.value, expected)
    if different:
        return "lost", different
    gone = [path.name for path in mine if not path.is_file() or path.read_text() != NOTES]
    if gone:
        return "lost", f"files of one's own: {', '.join(gone)}"
    left = leftovers(out, mine)
    return ("left over", ", ".join(left)) if left else ("exact", "")


def leftovers(out: Path, mine: list[Path]) -> list[str]:
    """Partial files in a run folder: those with a dot besides the lock, and Orbax's under temporary names."""
    found = [
        path
        for path in sorted(out.rglob("*"))
        if (path.name.startswith(".") and path.name != ".lock")
        or "orbax-checkpoint-tmp" in path.name
    ]
    return [str(path.relative_to(out)) for path in found if path not in mine]
