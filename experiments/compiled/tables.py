"""The tables of what was compiled for TPU and GPU, from its record."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from experiments.compiled import aot, ar_lif_compiled
from experiments.experiment import Experiment
from experiments.tables import rows_of, section
from spikejax.tables import markdown

TARGETS = {"h100": "H100", "v5e": "TPU v5e"}


def _programs(result: Mapping[str, Any]) -> str:
    header = [
        "program",
        "temporary memory per device, MB",
        "kernels per time step",
        "fused kernels",
        "kernels per layer and direction, at most",
        "collectives",
    ]
    rows = []
    for name, row in result["metrics"].items():
        if "fits" not in row:  # a layer alone, or advice, which summarises other rows
            continue
        memory = f"{row['temp_mb']:,.0f}" + ("" if row["fits"] else ": does not fit")
        most = max(row.get("kernels_of_layers", {}).values(), default="")
        kernels = [row.get("kernels_per_step", ""), row.get("fused_kernels", ""), most]
        rows.append([name, memory, *map(str, kernels), str(row.get("collectives", ""))])
    return markdown(header, rows)


def _layers(result: Mapping[str, Any]) -> str:
    metrics = result["metrics"]
    header = ["layer"]
    for words in TARGETS.values():
        header += [f"{words}: runs as", "compiled in, s", "temporary memory, MB"]
    header += ["H100: registers of a thread, forward and backward", "of it to memory, bytes"]
    rows = []
    for key in metrics:
        if not key.startswith("h100 layer "):
            continue
        name = key.removeprefix("h100 layer ")
        cells = [f"`{name}`"]
        for target in TARGETS:
            row = metrics.get(f"{target} layer {name}", {})
            way = "kernels" if row.get("kernels") else f"scan: {row.get('reason', 'not compiled')}"
            seconds, memory = row.get("compile_seconds"), row.get("temp_mb")
            cells += [
                f"does not compile: {row['error']}" if "error" in row else way,
                "" if seconds is None else f"{seconds:.1f}",
                "" if memory is None else f"{memory:,.0f}",
            ]
        used = [metrics[key].get(way, {}) for way in ("forward", "backward")]
        for figure in ("registers", "stack_bytes"):
            cells.append(", ".join(f"{own[figure]:,}" for own in used if own))
        rows.append(cells)
    return f"{markdown(header, rows)}\n{_counts(metrics)}"


def _counts(metrics):
    """How many neurons run as kernels, and which do not."""
    lines = []
    for target, words in TARGETS.items():
        found = metrics[f"{target} layers"]
        others = "; ".join(f"`{name}`: {why}" for name, why in found["as_scan"].items())
        lines.append(
            f"- {words}: {found['as_kernels']} of {found['neurons']} neurons run as kernels. As scans: {others}."
        )
    return "\n".join(lines) + "\n"


def _expected(experiment: Experiment, result: Mapping[str, Any]) -> str:
    rows = rows_of(experiment, result["metrics"])
    return markdown(["compiled programs", "expected", "found", "holds"], rows)


def _ar_lif(result: Mapping[str, Any]) -> str:
    metrics = result["metrics"]
    header = [
        "compiled for",
        "recipe",
        "T",
        "batch",
        "time is cut into",
        "memory, MB",
        "layers of neurons",
        "fused kernels",
        "kernels per layer and direction, at most",
        "collectives",
        "compiled in, s",
    ]
    rows = []
    for name, row in metrics.items():
        target, _, recipe = name.partition(" ")
        if target not in TARGETS:
            continue
        sizes = [str(row[key]) for key in ("steps", "batch")]
        cut = f"chunks of {row['chunk']}" + (", recomputed" if row["recompute"] else "")
        memory = f"{row.get('needed_mb', row['temp_mb']):,.0f}"
        memory += "" if row["fits"] else ": does not fit"
        most = max(row.get("kernels_of_layers", {}).values(), default="")
        counts = [row["spiking_layers"], row.get("fused_kernels", 0), most]
        counts.append(row.get("collectives", ""))
        seconds = row.get("compile_seconds")
        shown = "" if seconds is None else f"{seconds:.0f}"
        rows.append([TARGETS[target], f"`{recipe}`", *sizes, cut, memory, *map(str, counts), shown])
    return "\n".join(
        [markdown(header, rows), _steps(metrics), _expected(ar_lif_compiled.EXPERIMENT, result)]
    )


def _steps(metrics):
    """Two steps of each network on a CPU."""
    rows = []
    for name, row in metrics.items():
        if name.startswith(f"{ar_lif_compiled.CPU} "):
            losses = ", ".join(f"{loss:.3f}" for loss in row["losses"])
            recipe = name.removeprefix(f"{ar_lif_compiled.CPU} ")
            seconds = f"{row['seconds_of_second_step']:.1f}"
            rows.append([f"`{recipe}`", str(row["batch"]), losses, seconds])
    return markdown(["run on a CPU", "batch", "losses of two steps", "seconds, second step"], rows)


SECTIONS = {
    "compiled": section("aot", _programs),
    "compiled layers": section("aot", _layers),
    "compiled, expected": section("aot", partial(_expected, aot.EXPERIMENT)),
    "compiled ar_lif": section("ar_lif_compiled", _ar_lif),
}
