"""Start-up: what importing costs, and the first training step without and with a cache of compiled programs."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.peers.libraries import Library
from experiments.peers.process import Failed, Worker, interpreter, surroundings
from experiments.peers.workload import Workload

MEASURES = ("import_seconds", "cold_seconds", "warm_seconds")


def import_seconds(library: Library) -> float:
    """Import time of what a training program imports, in a fresh process.

    Raises:
      Failed: it cannot be imported.
    """
    code = (
        "import time; started = time.perf_counter()\n"
        f"{library.imports}\nprint(time.perf_counter() - started)"
    )
    done = subprocess.run(
        [interpreter(library), "-c", code], capture_output=True, text=True, env=surroundings()
    )
    if done.returncode:
        raise Failed(done.stderr.strip().splitlines()[-1])
    return float(done.stdout.splitlines()[-1])


def _first_step(library, workload, log, cache=None):
    with Worker(library, workload, log, cache=cache) as worker:
        return worker.start()["first_step_seconds"]


def start_up(
    workload: Workload, libraries: Mapping[str, Library], rounds: int, logs: Path
) -> dict[str, dict[str, Any]]:
    """The `MEASURES` of each library, one value per round, in fresh processes and in turn."""
    results: dict[str, dict[str, Any]] = {
        name: {measure: [] for measure in MEASURES} for name in libraries
    }
    for number in range(rounds):
        for name, library in libraries.items():
            if "error" in results[name]:
                continue
            print(f"{workload.name}, round {number + 1}: {library.label}", flush=True)
            log = logs / f"{workload.name}-{name}.txt"
            try:
                measured = {"import_seconds": import_seconds(library)}
                with tempfile.TemporaryDirectory() as cache:
                    given = cache if library.compiles else None
                    measured["cold_seconds"] = _first_step(library, workload, log, given)
                    if library.compiles:
                        measured["warm_seconds"] = _first_step(library, workload, log, given)
            except Failed as problem:
                results[name] = {"error": str(problem)}
                continue
            for measure, seconds in measured.items():
                results[name][measure].append(seconds)
    return results


def summary(result: Mapping[str, Any]) -> dict[str, Any]:
    """A library's row of the metrics: the minimum of each measure."""
    if "error" in result:
        return dict(result)
    return {measure: min(result[measure]) for measure in MEASURES if result[measure]}
