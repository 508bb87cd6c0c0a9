"""Sixteen networks of sixteen decays: one compiled sweep here, a loop over freshly made networks elsewhere.

Measures: seconds from the data to the last update, compilation counted, for 16 networks 1-64-64-10 with decays from 0.5
to 0.98, T = 64, batch 64, 20 updates each; each library in fresh processes, in turn. The libraries in JAX make one
optimiser and one training step for all networks, so they compile once, too. `experiments/README.md` has the table.
Command: python -m experiments run sweep_speed
Expected: at least 1.3 times faster than as many separate trainings here, and ahead of every other library's loop. (One
by one with one compiled step is a third way here; so short a training is mostly compilation, and it compiles less.)
Time: about 8 minutes on 2 CPU cores after the other libraries are installed; continues where it was stopped.
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.peers.kept import forget, once
from experiments.peers.libraries import LIBRARIES, PEERS, Library
from experiments.peers.process import Failed, Worker
from experiments.peers.workload import Workload
from experiments.registry import Expectation, Experiment, Request
from experiments.speed.bench import facts
from spikejax import plot
from spikejax.runs import record

GRID = Workload(
    "grid",
    "grid",
    64,
    64,
    (1, 64, 64, 10),
    gains=(1.0, 3.0),
    decays=tuple(float(decay) for decay in np.linspace(0.5, 0.98, 16)),
    updates=20,
)
QUICK = replace(GRID, steps=8, batch=4, sizes=(1, 8, 8, 4), decays=(0.5, 0.9), updates=2)
OURS = ("spikejax", "spikejax_loop", "spikejax_anew")
ROUNDS = 2


def measure(library: Library, workload: Workload, log: Path) -> dict[str, Any]:
    """All networks, once, in a fresh process; or an error."""
    print(f"{workload.name}: {library.label}", flush=True)
    try:
        with Worker(library, workload, log) as worker:
            started = worker.start()
            told = worker.end()
    except Failed as problem:
        return {"error": str(problem)}
    return {
        "seconds": started["first_step_seconds"],
        "loss_last": started["value"],
        "peak_memory_mb": told["peak_bytes"] / 2**20,
        **facts(told),
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A library's row of the metrics."""
    for row in rows:
        if "error" in row:
            return {"error": row["error"]}
    seconds = [row["seconds"] for row in rows]
    return {
        "seconds": min(seconds),
        "seconds_median": float(np.median(seconds)),
        "loss_last": rows[0]["loss_last"],
        "peak_memory_mb": max(row["peak_memory_mb"] for row in rows),
    }


def draw(metrics: dict[str, Any], path: Path) -> None:
    """Seconds of all networks, a bar per library."""
    made, axes = plot.figure(width=7.0, height=3.4)
    axis = axes[0, 0]
    shown = [name for name, row in metrics.items() if "seconds" in row]
    seconds = [metrics[name]["seconds"] for name in shown]
    colours = [plot.INK if name in OURS else plot.FAINT for name in shown]
    labels = [LIBRARIES[name].label for name in shown]
    bars = axis.barh(labels, seconds, color=colours, height=0.6)
    axis.bar_label(bars, fmt="%.1f", padding=3)
    axis.invert_yaxis()
    axis.margins(x=0.12)
    axis.set(xlabel="seconds for all networks, compilation counted")
    plot.save(made, path)


def run(request: Request) -> dict[str, Any]:
    out, quick = request.out, request.quick
    # To compile sixteen networks' steps by torch.compile takes minutes.
    loops = [name for name in PEERS if not LIBRARIES[name].options.get("compile")]
    workload, names = (QUICK, OURS) if quick else (GRID, (*OURS, *loops))
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number in range(1 if quick else ROUNDS):
        for name in names:
            library = LIBRARIES[name]
            log = out / "logs" / f"{name}-{number}.txt"
            row = once(
                out / "partial" / f"{name}-{number}.json",
                {"workload": asdict(workload), "library": asdict(library)},
                lambda library=library, log=log: measure(library, workload, log),
            )
            rows[name].append(row)
    metrics = {name: summary(made) for name, made in rows.items()}
    draw(metrics, out / "sweep_speed.png")
    forget(out / "partial")
    config = {
        "workload": asdict(workload),
        "libraries": {
            name: {
                "label": LIBRARIES[name].label,
                "path": LIBRARIES[name].path,
                **facts(rows[name][0]),
            }
            for name in names
        },
    }
    result = record.begin("sweep_speed", config, {"seed": 0, "data": {"name": "drawn by NumPy"}})
    history = {name: [row.get("seconds") for row in made] for name, made in rows.items()}
    return {**result, "metrics": metrics, "history": history, "complete": True}


def _over_sweep(name: str):
    return lambda metrics: metrics[name]["seconds"] / metrics["spikejax"]["seconds"]


def _fastest_peer(metrics):
    others = (row["seconds"] for name, row in metrics.items() if not name.startswith("spikejax"))
    return min(others) / metrics["spikejax"]["seconds"]


EXPERIMENT = Experiment(
    claim="16 networks in one sweep: 1.3 times faster than separate trainings, ahead of every other library's loop",
    time="about 8 minutes on 2 CPU cores after the other libraries are installed",
    run=run,
    expected=(
        Expectation("separate trainings over a sweep", _over_sweep("spikejax_anew"), low=1.3),
        Expectation(
            "one by one, compiled once, over a sweep", _over_sweep("spikejax_loop"), low=1.3
        ),
        Expectation("the fastest other library's loop over a sweep", _fastest_peer, low=1),
    ),
    figure="sweep_speed.png",
)
