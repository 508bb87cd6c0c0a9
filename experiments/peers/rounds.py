"""Rounds: every library takes a step in turn, so that any other load on the machine affects all of them."""

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.peers.libraries import Library
from experiments.peers.process import Failed, Worker
from experiments.peers.workload import Workload

WARM_UP = 2  # steps after the first: some libraries compile up to three times
PAUSE = 0.05  # seconds between turns: idle threads of the one before stop spinning


class Rounds(NamedTuple):
    """Number of rounds: at least `least`, at most `most`, none begun after `seconds`."""

    least: int
    most: int
    seconds: float


def race(
    workload: Workload,
    libraries: Mapping[str, Library],
    rounds: Rounds,
    logs: Path,
    *,
    here: bool = False,
) -> dict[str, dict[str, Any]]:
    """Measures a workload; returns the measurements of each library, or {"error": …} for one that failed.

    With `here` they run on the device that is here, see `process.Worker`.
    """
    results: dict[str, dict[str, Any]] = {name: {} for name in libraries}
    workers: dict[str, Worker] = {}

    def ask(name, question, note):
        """Sends a request to a worker; one that fails is not used again."""
        try:
            note(results[name], question(workers[name]))
        except Failed as problem:
            results[name]["error"] = str(problem)

    with contextlib.ExitStack() as stack:

        def join(name):
            print(f"{workload.name}: {libraries[name].label} starts", flush=True)
            try:
                log = logs / f"{workload.name}-{name}.txt"
                worker = Worker(libraries[name], workload, log, here=here)
                workers[name] = stack.enter_context(worker)
            except Failed as problem:
                results[name]["error"] = str(problem)

        for name in libraries if here else ():
            join(name)  # while one is built, the others load their packages
        for name in libraries:
            if not here:
                join(name)
            if "error" in results[name]:
                continue
            ask(name, Worker.start, _note_start)
            for _ in range(WARM_UP):
                if "error" not in results[name]:
                    ask(name, Worker.go, _note_warm_up)
        began, done = time.monotonic(), 0
        while done < rounds.least or (
            done < rounds.most and time.monotonic() - began < rounds.seconds
        ):
            names = [name for name in libraries if "error" not in results[name]]
            for name in names[done % max(len(names), 1) :] + names[: done % max(len(names), 1)]:
                time.sleep(PAUSE)
                ask(name, Worker.go, _note_step)
            done += 1
        for name in libraries:
            if "error" not in results[name]:
                ask(name, Worker.end, dict.update)
    return results


def _note_start(result, answer):
    result |= {
        "first_step_seconds": answer["first_step_seconds"],
        "warm_up_seconds": [],
        "seconds": [],
        "values": [answer["value"]],
    }


def _note_warm_up(result, answer):
    result["warm_up_seconds"] += answer["seconds"]
    result["values"].append(answer["value"])


def _note_step(result, answer):
    result["seconds"] += answer["seconds"]
    result["values"].append(answer["value"])


def summary(result: Mapping[str, Any]) -> dict[str, Any]:
    """A library's row of the metrics."""
    if "error" in result:
        return {"error": result["error"]}
    low, median, high = np.percentile(result["seconds"], (25, 50, 75))
    row = {
        "seconds": min(result["seconds"]),
        "seconds_median": float(median),
        "seconds_low": float(low),
        "seconds_high": float(high),
        "steps_timed": len(result["seconds"]),
        "first_step_seconds": result["first_step_seconds"],
        "peak_memory_mb": result["peak_bytes"] / 2**20,
        "loss_first": result["values"][0],
        "loss_last": result["values"][-1],
    }
    if result["temporary_bytes"] is not None:
        row["temp_mb"] = result["temporary_bytes"] / 2**20
    return row | {f"rate_{i + 1}": rate for i, rate in enumerate(result["rates"])}
