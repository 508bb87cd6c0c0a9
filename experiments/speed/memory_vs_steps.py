"""Memory against the number of time steps: training steps of S-MNIST's feed-forward network on longer sequences.

Measures: largest resident memory, XLA's temporary memory and the minimum time of three steps, 1-64-256-256-10, batch
64, for T from 128 to 8,192, each in a fresh process. Longer sequences are skipped for a library once it needs more than
16 GB or a minute per step. `experiments/README.md` has the table.
Command: python -m experiments run memory_vs_steps
Expected: XLA's temporary memory at T = 8,192 at most 1.5 times that at T = 1,024.
Time: about 15 minutes on 2 CPU cores after the other libraries are installed; can be stopped and continued.
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from experiments.experiment import Expectation, Experiment, Request
from experiments.peers.kept import forget, once
from experiments.peers.libraries import LIBRARIES, Library
from experiments.peers.process import Failed, Worker
from experiments.peers.rounds import WARM_UP
from experiments.peers.workload import Workload
from experiments.speed.bench import SMNIST, TINY, facts
from spikejax import plot
from spikejax.runs import record

STEPS, QUICK_STEPS = (128, 256, 512, 1024, 2048, 4096, 8192), (8, 16)
NAMES = ("spikejax", "spikejax_plain", "spyx", "spikingjelly")
TIMED = 3
MEMORY_LIMIT, SECONDS_LIMIT = 16 * 2**30, 60.0


def measure(library: Library, workload: Workload, log: Path) -> dict[str, Any]:
    """A fresh process; an error for one that fails or needs too much memory."""
    print(f"T={workload.steps}: {library.label}", flush=True)
    try:
        with Worker(library, workload, log, memory_limit=MEMORY_LIMIT) as worker:
            first = worker.start()["first_step_seconds"]
            for _ in range(WARM_UP):
                worker.go()
            seconds = [worker.go()["seconds"][0] for _ in range(TIMED)]
            told = worker.end()
    except Failed as problem:
        return {"error": str(problem)}
    row = {
        "seconds": min(seconds),
        "first_step_seconds": first,
        "peak_memory_mb": told["peak_bytes"] / 2**20,
    }
    if told["temporary_bytes"] is not None:
        row["temp_mb"] = told["temporary_bytes"] / 2**20
    return {**row, **{f"rate_{i + 1}": rate for i, rate in enumerate(told["rates"])}, **facts(told)}


def draw(metrics: dict[str, Any], names: list[str], path: Path) -> None:
    """Resident memory, temporary memory and time against T, a line per library."""
    made, axes = plot.figure(1, 3, width=11.0, height=3.6)
    labels = {
        "peak_memory_mb": "largest resident memory, MB",
        "temp_mb": "XLA's temporary memory, MB",
        "seconds": "seconds per step",
    }
    for axis, (key, label) in zip(axes[0], labels.items(), strict=True):
        for i, name in enumerate(names):
            rows = {
                row.rpartition("=")[2]: x
                for row, x in metrics.items()
                if row.startswith(f"{name} T=")
            }
            points = [(int(steps), x[key]) for steps, x in rows.items() if key in x]
            colour = plot.INK if name == "spikejax" else f"C{i - 1}"
            if points:
                shown = LIBRARIES[name].label if key == "seconds" else None
                axis.plot(*zip(*points, strict=True), marker=".", color=colour, label=shown)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log", base=2)
        axis.set(xlabel="time steps T", ylabel=label)
        axis.xaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_major_formatter("{x:g}")
    made.legend(frameon=False, loc="outside upper center", ncols=len(names))
    plot.save(made, path)


def run(request: Request) -> dict[str, Any]:
    out, quick = request.out, request.quick
    names: list[str] = list(NAMES[:1] if quick else NAMES)
    base = replace(SMNIST, batch=64)
    if quick:
        base = replace(base, batch=4, sizes=TINY, gains=(1.0, 3.0))
    metrics: dict[str, Any] = {}
    told: dict[str, Any] = {}
    stopped: dict[str, str] = {}
    for steps in QUICK_STEPS if quick else STEPS:
        workload = replace(base, name=f"T={steps}", steps=steps)
        for name in names:
            if name in stopped:
                continue
            library = LIBRARIES[name]
            path = out / "partial" / f"{name}-{steps}.json"
            config = {"workload": asdict(workload), "library": asdict(library)}
            log = out / "logs" / f"{name}-{steps}.txt"
            row = once(
                path, config, lambda lib=library, work=workload, log=log: measure(lib, work, log)
            )
            told[name] = told.get(name) or facts(row)
            metrics[f"{name} T={steps}"] = {k: x for k, x in row.items() if k not in facts(row)}
            if "error" in row:
                stopped[name] = f"T={steps}: {row['error']}"
            elif row["seconds"] > SECONDS_LIMIT:
                stopped[name] = f"T={steps}: {row['seconds']:.0f} seconds per step"
    draw(metrics, names, out / "memory_vs_steps.png")
    forget(out / "partial")
    config = {
        "workload": asdict(base),
        "libraries": {
            name: {"label": LIBRARIES[name].label, "path": LIBRARIES[name].path, **told[name]}
            for name in names
        },
        "memory_limit_gb": MEMORY_LIMIT / 2**30,
        "seconds_limit": SECONDS_LIMIT,
    }
    result = record.begin(
        "memory_vs_steps", config, {"seed": 0, "data": {"name": "generated by NumPy"}}
    )
    return {**result, "metrics": metrics, "history": {"stopped": stopped}, "complete": True}


def _growth(metrics):
    return metrics["spikejax T=8192"]["temp_mb"] / metrics["spikejax T=1024"]["temp_mb"]


EXPERIMENT = Experiment(
    claim="XLA's temporary memory of a training step at T = 8,192 at most 1.5 times that at T = 1,024",
    time="about 15 minutes on 2 CPU cores after the other libraries are installed",
    run=run,
    expected=(Expectation("temporary memory, T = 8,192 over T = 1,024", _growth, high=1.5),),
    figure="memory_vs_steps.png",
)
