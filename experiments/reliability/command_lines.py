"""Command lines, drawn and chosen: each does its work, or says in a line what is wrong with it."""

import contextlib
import functools
import io
import os
import shutil
import time
from pathlib import Path
from typing import Any

from experiments.reliability import children, lines, named, subjects
from experiments.reliability.children import Limits, generator
from experiments.reliability.outcomes import Outcome, summary
from experiments.reliability.references import cache
from spikejax.cli import main

MEMORY = 6 * 2**30  # bytes that a tiny training may reserve
SECONDS = 60.0  # for a line
RUNS = ["training", "sweep", "several"]  # that are there to be evaluated
CODES = {0: "exact", 124: "exact", 1: "refused", 2: "refused"}


def batches(quick: bool) -> list[dict[str, Any]]:
    """Batches of drawn lines, and those that must be refused."""
    if quick:
        return [{"seed": seed, "lines": 6, "runs": RUNS[:1]} for seed in (0, None)]
    drawn = [{"seed": seed, "lines": 50, "runs": RUNS} for seed in range(10)]
    return [*drawn, {"seed": None, "lines": len(lines.refused()), "runs": []}]


def run(batch: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Runs lines one after the other in one process, as a notebook would."""
    begun = time.perf_counter()
    trials = [
        {"folder": str(folder), "seed": batch["seed"], "number": number, "runs": batch["runs"]}
        for number in range(batch["lines"])
    ]
    made = children.run(_make_runs, folder, batch["runs"], cache=cache(folder))
    if made.error or made.code:
        raise ValueError(f"expected to make runs to evaluate, found {made.words}")
    limits = Limits(seconds=SECONDS, memory=MEMORY)
    found = list(children.each(trial, trials, cache=cache(folder), limits=limits))
    return summary(
        [outcome for outcome, _ in found],
        seconds=time.perf_counter() - begun,
        peak_memory_mb=max(memory for _, memory in found),
    )


def _make_runs(folder, names):
    for name in names:
        subjects.RUNS[name](folder / "runs" / name)


@functools.cache
def _flags() -> dict[str, list[lines.Flag]]:
    return {command: lines.flags_of(command) for command in lines.COMMANDS}


def line_of(given: dict[str, Any]) -> list[str]:
    """The line of a trial."""
    if given["seed"] is None:
        return lines.refused()[given["number"]]
    runs = [str(Path(given["folder"]) / "runs" / name) for name in given["runs"]]
    return lines.line(generator(given["seed"], given["number"]), _flags(), runs)


def trial(given: dict[str, Any]) -> Outcome:
    """Runs a line in a folder of its own."""
    arguments = line_of(given)
    home = Path(given["folder"]).absolute() / "lines"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    os.chdir(home)
    outcome = outcome_of(arguments)
    if given["seed"] is None and outcome.kind == "exact":
        outcome = Outcome("unnoticed", "accepted")
    shown = [word if len(word) < 100 else f"{word[:20]}… ({len(word)})" for word in arguments]
    return outcome._replace(
        detail={"line": shown, "seed": given["seed"], "number": given["number"]}
    )


def outcome_of(arguments: list[str]) -> Outcome:
    """How `spikejax` ends with some arguments."""
    said, warned = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(warned):
        try:
            code = main(arguments)
        except SystemExit as end:
            code = end.code or 0
        except BaseException as error:
            return Outcome("traceback", f"{type(error).__name__}: {error} at {named.where(error)}")
    words = warned.getvalue()
    if "Traceback" in words:
        return Outcome("traceback", words[words.index("Traceback") :])
    if code not in CODES:
        return Outcome("traceback", f"exit code {code}: {words}")
    if CODES[code] == "refused" and not (words + said.getvalue()).strip():
        return Outcome("traceback", f"exit code {code} without a word")
    return Outcome(CODES[code], words)
