"""Speed and memory compared with other libraries, on the CPU, waiting for every step, all libraries in turn.

Measures: forward and backward pass of a layer of neurons; training steps of a feed-forward network on 784 steps, of a
recurrent one on 250 and of a block of convolution, batch normalisation and neurons on 4; streaming, one time step at a
time; imports and first steps. The floor is the time of the matrix products alone at the best rate of this machine.
`experiments/README.md` has the protocol and the table, `experiments/peers` the libraries.
Command: python -m experiments run bench; --rows conv … measures only these again and keeps the others as stored
Expected: training steps 1.3 times faster than spyx's at half its memory and 3 times faster than PyTorch's libraries,
the feed-forward one within 1.8 times the floor.
Time: about forty minutes on 2 CPU cores after the other libraries are installed; can be stopped and continued.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.experiment import RESULTS, Expectation, Experiment, Request
from experiments.peers.kept import forget, once
from experiments.peers.libraries import FLOOR, LIBRARIES, PEERS, Library
from experiments.peers.rounds import Rounds, race, summary
from experiments.peers.start_up import start_up
from experiments.peers.start_up import summary as start_up_summary
from experiments.peers.workload import Workload, product_flops
from spikejax import plot
from spikejax.runs import record
from spikejax.runs.provenance import current_provenance

SMNIST = Workload("smnist", "training", 784, 256, (1, 64, 256, 256, 10), gains=(1.0, 3.0, 3.0))
SHD = Workload(
    "shd", "training", 250, 128, (700, 128, 128, 20), True, density=0.02, gains=(4.0, 3.0)
)
CONV = Workload("conv", "convolution", 4, 16, (32, 32, 32, 32), density=0.2)
STREAMING = replace(SMNIST, name="streaming", kind="streaming", batch=1, repeats=100)
START_UP = replace(SMNIST, name="start_up", steps=64, batch=32)
# Few and many steps by few and many neurons: an array of one step, B F floats, is 32 or 256 KB, so its state stays in a
# core's nearest cache or does not. Larger ones would not leave room for all processes at once: the largest here has
# 206 MB of currents, of which every process holds some copies.
NEURONS = tuple(
    Workload(f"neuron T={steps} F={features}", "neuron", steps, 32, (features,))
    for steps in (128, 784)
    for features in (256, 2048)
)
TINY = (1, 8, 8, 4)
QUICK = (
    Workload("neuron T=16 F=8", "neuron", 16, 8, (8,)),
    replace(CONV, batch=2, sizes=(4, 4, 2, 2)),
    replace(STREAMING, steps=8, sizes=TINY, gains=(1.0, 3.0), repeats=5),
)
QUICK_START_UP = replace(START_UP, steps=8, batch=4, sizes=TINY, gains=(1.0, 3.0))
ROUNDS = Rounds(least=7, most=30, seconds=120)
NEURON_ROUNDS = Rounds(least=7, most=30, seconds=20)
STREAMING_ROUNDS = Rounds(least=10, most=10, seconds=0)
QUIET = 0.7  # least load, in processes, that is reported; starting up causes some load itself
QUICK_ROUNDS = Rounds(least=2, most=2, seconds=0)


def compared(workload: Workload, quick: bool) -> dict[str, Library]:
    """The libraries that take part."""
    names = ["spikejax"]
    if workload.kind == "neuron":
        names.append("spikejax_tc_lif")
    return {name: LIBRARIES[name] for name in (*names, *(() if quick else PEERS))}


def rounds_of(workload: Workload, quick: bool) -> Rounds:
    """The number of turns of each."""
    kinds = {"streaming": STREAMING_ROUNDS, "neuron": NEURON_ROUNDS}
    full = kinds.get(workload.kind, ROUNDS)
    return QUICK_ROUNDS if quick else full


def race_once(workload: Workload, quick: bool, out: Path) -> dict[str, Any]:
    """The machine's "load" before, the "commit", and "results", what each library measured; kept in the run folder."""
    libraries = compared(workload, quick)
    if product_flops(workload) is not None:
        libraries["floor"] = FLOOR
    rounds = rounds_of(workload, quick)
    config = {
        "workload": asdict(workload),
        "rounds": rounds,
        "libraries": {name: asdict(library) for name, library in libraries.items()},
    }
    path = out / "partial" / f"{workload.name}.json"

    def measure():
        load = os.getloadavg()[0]
        if load > QUIET:
            print(f"the machine is busy (load {load:.1f}): threads of PyTorch suffer most")
        commit = current_provenance()["commit"]
        results = race(workload, libraries, rounds, out / "logs")
        return {"load": load, "commit": commit, "results": results}

    return once(path, config, measure)


def floor(flops: int, result: Mapping[str, Any]) -> dict[str, Any]:
    """The row of the matrix products alone: their time at the best rate that was measured."""
    if "error" in result:
        return dict(result)
    best, median = max(result["values"]), float(np.median(result["values"]))
    return {"seconds": flops / best, "gflops": best / 1e9, "gflops_median": median / 1e9}


def turns(result: Mapping[str, Any], repeats: int) -> dict[str, Any]:
    """The history of a library: the seconds of each turn, their median if a turn has many steps."""
    if "error" in result:
        return dict(result)
    steps = {
        name: np.median(np.reshape(result[name], (-1, repeats)), axis=1).tolist()
        for name in ("warm_up_seconds", "seconds")
    }
    return {"values": result["values"], **steps}


def draw(metrics: Mapping[str, Any], workloads: list[str], libraries: list[str], path: Path):
    """Step times relative to ours, a group of bars per workload, the floor as a line across it."""

    def relative(workload, name):
        seconds = metrics.get(f"{workload}/{name}", {}).get("seconds")
        ours = metrics[f"{workload}/spikejax"].get("seconds")
        return seconds / ours if seconds and ours else None

    made, axes = plot.figure(height=4.4, width=11.0)
    axis, names = axes[0, 0], [name for name in libraries if name != "spikejax"]
    axis.axhline(1, color=plot.INK, linewidth=1.2, label=LIBRARIES["spikejax"].label)
    width = 0.84 / len(names)
    # A colour per library; hatched where it is run in another way than its usual one.
    others = list(dict.fromkeys(filter(None, (LIBRARIES[name].environment for name in names))))
    for i, name in enumerate(names):
        bars = [(place, relative(workload, name)) for place, workload in enumerate(workloads)]
        shift = (i - (len(names) - 1) / 2) * width
        places = [place + shift for place, ratio in bars if ratio]
        # From 1: up if a library is slower, down if it is faster.
        heights = [ratio - 1 for _, ratio in bars if ratio]
        library = LIBRARIES[name]
        theirs = library.environment
        colour = f"C{others.index(theirs)}" if theirs else plot.FAINT
        hatch = "///" if theirs and library.options else None
        axis.bar(places, heights, 0.9 * width, 1, color=colour, hatch=hatch, label=library.label)
    floors = [(place, relative(workload, "floor")) for place, workload in enumerate(workloads)]
    for i, (place, ratio) in enumerate((place, ratio) for place, ratio in floors if ratio):
        label = None if i else FLOOR.label
        ends = [place - 0.45, place + 0.45]
        axis.plot(ends, [ratio, ratio], ":", color=plot.INK, linewidth=1.4, label=label)
    axis.set(yscale="log", ylabel="time per step, ours = 1")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.set_xticks(range(len(workloads)), [name.replace(" ", "\n") for name in workloads])
    made.legend(frameon=False, loc="outside right upper")
    plot.save(made, path)


def run(request: Request) -> dict[str, Any]:
    out, quick = request.out, request.quick
    workloads = QUICK if quick else (SMNIST, SHD, CONV, *NEURONS, STREAMING)
    kept = _kept([*workloads, START_UP], request.rows)
    metrics, history, told = kept["metrics"], kept["history"], kept["libraries"]
    for workload in workloads:
        if f"{workload.name}/spikejax" in metrics:
            continue
        measured = race_once(workload, quick, out)
        history[f"{workload.name}/load before"] = measured["load"]
        history[f"{workload.name}/commit"] = measured["commit"]
        for name, result in measured["results"].items():
            row = f"{workload.name}/{name}"
            if name == "floor":
                metrics[row] = floor(product_flops(workload) or 0, result)
            else:
                metrics[row] = summary(result)
            history[row] = turns(result, workload.repeats)
            told[name] = told.get(name) or facts(result)
    starting = QUICK_START_UP if quick else START_UP
    if f"{starting.name}/spikejax" not in metrics:
        libraries = compared(starting, quick)
        rounds = 1 if quick else 3
        config = {"workload": asdict(starting), "rounds": rounds, "libraries": list(libraries)}
        path = out / "partial" / f"{starting.name}.json"
        results = once(path, config, lambda: start_up(starting, libraries, rounds, out / "logs"))
        for name, result in results.items():
            metrics[f"start_up/{name}"] = start_up_summary(result)
            history[f"start_up/{name}"] = result
    shown = [name for name in LIBRARIES if any(f"{w.name}/{name}" in metrics for w in workloads)]
    draw(metrics, [workload.name for workload in workloads], shown, out / "bench.png")
    forget(out / "partial")
    config = {
        "workloads": {
            workload.name: {**asdict(workload), "rounds": rounds_of(workload, quick)._asdict()}
            for workload in (*workloads, starting)
        },
        "libraries": {
            name: {"label": LIBRARIES[name].label, "path": LIBRARIES[name].path, **told[name]}
            for name in shown
        },
    }
    result = record.begin("bench", config, {"seed": 0, "data": {"name": "generated by NumPy"}})
    return {**result, "metrics": metrics, "history": history, "complete": True}


def _kept(workloads: Sequence[Workload], rows: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of the stored record, the workloads that are not asked for; nothing where all are measured."""
    found: dict[str, dict[str, Any]] = {"metrics": {}, "history": {}, "libraries": {}}
    if not rows:
        return found
    names = [workload.name for workload in workloads]
    if unknown := [row for row in rows if not any(name.startswith(row) for name in names)]:
        raise ValueError(f"expected rows of {', '.join(names)}, found {', '.join(unknown)}")
    before = record.read(RESULTS / "bench.json")
    for key in ("metrics", "history"):
        for row, values in before[key].items():
            if not row.startswith(tuple(rows)):
                found[key][row] = values
    for name, library in before["config"]["libraries"].items():
        found["libraries"][name] = {
            key: library[key] for key in ("versions", "threads", "devices") if key in library
        }
    return found


def facts(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a library reported about itself: versions, and threads or devices."""
    return {key: result[key] for key in ("versions", "threads", "devices") if key in result}


def _ratio(above: str, below: str, key: str = "seconds"):
    """A value of one row over that of another."""
    return lambda metrics: metrics[above][key] / metrics[below][key]


def _fastest_torch(workload: str):
    """Time of the fastest library in PyTorch over ours."""
    names = [n for n in PEERS if n.startswith(("spikingjelly", "snntorch", "norse"))]

    def found(metrics):
        fastest = min(metrics[f"{workload}/{name}"]["seconds"] for name in names)
        return fastest / metrics[f"{workload}/spikejax"]["seconds"]

    return found


def _of(workload: str) -> tuple[Expectation, ...]:
    ours, spyx = f"{workload}/spikejax", f"{workload}/spyx"
    share = _ratio(ours, spyx, "peak_memory_mb")
    return (
        Expectation(f"`{workload}`: spyx's time over ours", _ratio(spyx, ours), low=1.3),
        Expectation(f"`{workload}`: our resident memory over spyx's", share, high=0.5),
        Expectation(f"`{workload}`: fastest PyTorch over ours", _fastest_torch(workload), low=3),
    )


EXPERIMENT = Experiment(
    claim="training steps 1.3 times faster than spyx's at half its memory, 3 times faster than PyTorch's libraries",
    time="about forty minutes on 2 CPU cores after the other libraries are installed",
    run=run,
    expected=(
        *_of("smnist"),
        *_of("shd"),
        Expectation(
            "`smnist`: ours over the floor", _ratio("smnist/spikejax", "smnist/floor"), high=1.8
        ),
    ),
    figure="bench.png",
    has_rows=True,
)
