"""kill -9 of a training and of a sweep, at events of the file system and at random moments."""

import signal
import time
from pathlib import Path
from typing import Any

from experiments.reliability import stopping
from experiments.reliability.children import generator
from experiments.reliability.outcomes import summary
from experiments.reliability.references import reference

SUBJECTS = ("training", "sweep")


def batches(quick: bool) -> list[dict[str, Any]]:
    """Batches of trials; more than are needed, since some runs are over before they are killed."""
    if quick:
        return [{"subject": "training", "seed": 0, "trials": 2}]
    return [{"subject": name, "seed": seed, "trials": 20} for seed in range(6) for name in SUBJECTS]


def run(batch: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Kills and resumes a subject several times."""
    return stop_and_resume(batch, folder, (signal.SIGKILL,))


def stop_and_resume(
    batch: dict[str, Any], folder: Path, signals: tuple[int, ...]
) -> dict[str, Any]:
    """The summary of a batch of stopped and resumed runs; "stopped" counts those that were not over before."""
    begun, outcomes, name = time.perf_counter(), [], batch["subject"]
    expected = reference(folder, name)
    for number in range(batch["trials"]):
        seed = [name, list(map(int, signals)), batch["seed"], number]
        draw = generator(*seed)
        stop = stopping.stop_of(draw, expected["events"], expected["seconds"], signals)
        outcomes.append(stopping.trial(folder, name, stop, seed))
    memory = max(outcome.detail.get("memory_mb", 0.0) for outcome in outcomes)
    found = summary(outcomes, seconds=time.perf_counter() - begun, peak_memory_mb=memory)
    return {**found, "stopped": sum(outcome.detail["stopped"] for outcome in outcomes)}
