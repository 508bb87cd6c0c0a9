"""The tables of the benchmark's page, from its records."""

from collections.abc import Mapping
from typing import Any

from experiments.registry import EXPERIMENTS
from experiments.tables import missing, read, rows_of, section
from spikejax.tables import markdown

Row = Mapping[str, Any]
TRAINING = {
    "smnist": "Feed-forward, 1-64-256-256-10, T = 784, batch 256",
    "shd": "Recurrent, 700-128-128-20, T = 250, batch 128, 2 % of the inputs are ones",
    "conv": "Convolution 3x3 of 32 to 32 channels, batch normalisation, neurons, 32x32, T = 4, batch 16",
}


def _of(result: dict, workload: str) -> dict[str, Row]:
    """The rows of a workload, by library."""
    start = f"{workload}/"
    return {k.removeprefix(start): x for k, x in result["metrics"].items() if k.startswith(start)}


def _label(result: dict, name: str) -> str:
    return result["config"]["libraries"][name]["label"]


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _count(number: int, things: str) -> str:
    return f"{number} {things.removesuffix('s') if number == 1 else things}"


def _training(result: dict) -> str:
    parts = []
    header = ["library", "seconds, best", "median", "middle half", "ours = 1"]
    header += ["first step, s", "resident, MB", "XLA temporary, MB", "firing rate per layer"]
    for workload, title in TRAINING.items():
        rows, found = [], _of(result, workload)
        ours = found["spikejax"].get("seconds")
        for name, row in found.items():
            if name == "floor":
                if "error" not in row:
                    cells = [f"{row['seconds']:.4f}", f"at {row['gflops']:.0f} GFLOP/s", ""]
                    ratio = _number(ours and row["seconds"] / ours, ".2f")
                    rows.append(["*matrix products alone*", *cells, ratio, "", "", "", ""])
            elif "error" in row:
                rows.append([_label(result, name), row["error"], *[""] * 7])
            else:
                rates = [x for key, x in row.items() if key.startswith("rate_")]
                rows.append(
                    [
                        _label(result, name),
                        f"{row['seconds']:.4f}",
                        f"{row['seconds_median']:.4f}",
                        f"{row['seconds_low']:.4f} to {row['seconds_high']:.4f}",
                        _number(ours and row["seconds"] / ours, ".2f"),
                        f"{row['first_step_seconds']:.1f}",
                        f"{row['peak_memory_mb']:,.0f}",
                        _number(row.get("temp_mb"), ",.0f"),
                        " ".join(f"{rate:.3f}" for rate in rates),
                    ]
                )
        where = f"commit {result['history'].get(f'{workload}/commit')}"
        parts.append(f"{title}; {steps(found)}, {where}:\n\n{markdown(header, rows)}")
    return "\n".join(parts)


def steps(found: Mapping[str, Row]) -> str:
    """How many steps each library was timed for."""
    counts = {row["steps_timed"] for row in found.values() if "steps_timed" in row}
    return f"{' or '.join(str(count) for count in sorted(counts))} steps each"


def _neurons(result: dict) -> str:
    workloads = [name for name in result["config"]["workloads"] if name.startswith("neuron")]
    found = {workload: _of(result, workload) for workload in workloads}
    names = list(dict.fromkeys(name for rows in found.values() for name in rows))

    def cell(row):
        return row["error"] if "error" in row else f"{1000 * row['seconds']:.1f}"

    rows = [
        [_label(result, name), *(cell(found[workload][name]) for workload in workloads)]
        for name in names
    ]
    return markdown(["milliseconds, best", *(w.removeprefix("neuron ") for w in workloads)], rows)


def _streaming(result: dict) -> str:
    rows = []
    for name, row in _of(result, "streaming").items():
        if "error" in row:
            rows.append([_label(result, name), row["error"], "", ""])
            continue
        low, high = 1e6 * row["seconds_low"], 1e6 * row["seconds_high"]
        cells = [f"{1e6 * row['seconds_median']:.0f}", f"{low:.0f} to {high:.0f}"]
        rows.append([_label(result, name), *cells, f"{1e6 * row['seconds']:.0f}"])
    return markdown(["library", "microseconds, median", "middle half", "best"], rows)


def _start_up(result: dict) -> str:
    header = ["library", "import, s", "first step, s", "first step with a warm cache, s"]
    rows = []
    for name, row in _of(result, "start_up").items():
        cells = [
            _number(row.get(key), ".1f")
            for key in ("import_seconds", "cold_seconds", "warm_seconds")
        ]
        rows.append([_label(result, name), *([row["error"], "", ""] if "error" in row else cells)])
    return markdown(header, rows)


def _libraries(result: dict) -> str:
    rows = []
    for entry in result["config"]["libraries"].values():
        versions = [f"{name} {x}" for name, x in entry.get("versions", {}).items()]
        used = [_count(entry[key], key) for key in ("threads", "devices") if key in entry]
        rows.append([entry["label"], entry["path"], ", ".join(versions), ", ".join(used)])
    return markdown(["library", "how it is run", "versions", "uses"], rows)


def _memory(result: dict) -> str:
    metrics = result["metrics"]
    names = list(result["config"]["libraries"])
    lengths = sorted({int(key.rpartition("=")[2]) for key in metrics})

    def cell(row):
        if row is None:
            return ""
        if "error" in row:
            return row["error"]
        kept = f" ({row['temp_mb']:,.0f})" if "temp_mb" in row else ""
        return f"{row['peak_memory_mb']:,.0f}{kept}; {row['seconds']:.2f}"

    rows = [
        [f"{length:,}", *(cell(metrics.get(f"{name} T={length}")) for name in names)]
        for length in lengths
    ]
    stopped = [
        f"{_label(result, k)} stopped at {x}." for k, x in result["history"]["stopped"].items()
    ]
    table = markdown(["T", *(_label(result, name) for name in names)], rows)
    return "\n".join([table, *stopped]) if stopped else table


def _sweep(result: dict) -> str:
    ours = result["metrics"]["spikejax"].get("seconds")
    rows = []
    for name, row in result["metrics"].items():
        if "error" in row:
            rows.append([_label(result, name), row["error"], "", "", ""])
            continue
        cells = [f"{row['seconds']:.1f}", f"{row['seconds_median']:.1f}"]
        ratio = _number(ours and row["seconds"] / ours, ".2f")
        cells += [ratio, f"{row['peak_memory_mb']:,.0f}"]
        rows.append([_label(result, name), *cells])
    return markdown(["library", "seconds, best", "median", "ours = 1", "resident, MB"], rows)


def _expectations() -> str:
    """What was expected of this library, what the records show, and whether it holds."""
    rows = []
    for name in KEPT:
        if text := missing(name):
            return text
        rows += rows_of(EXPERIMENTS[name], read(name)["metrics"])
    return markdown(["best against best", "expected", "found", "holds"], rows)


KEPT = ("bench", "memory_vs_steps", "sweep_speed")
SECTIONS = {
    "expectations": _expectations,
    "libraries": section("bench", _libraries),
    "training": section("bench", _training),
    "one layer": section("bench", _neurons),
    "streaming": section("bench", _streaming),
    "start-up": section("bench", _start_up),
    "memory": section("memory_vs_steps", _memory),
    "sweep": section("sweep_speed", _sweep),
}
