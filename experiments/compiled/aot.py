"""The programs for TPU and GPU, compiled without one. NOTHING WAS RUN on such a device; there are no timings.

Compiles, on a CPU, with XLA's compilers for TPU v5e and NVIDIA H100: a training step (LIF 1-64-256-256-10, T = 784,
batch 256, Adam) for one chip of each, and for four v5e that share the batch; and the epoch of a sweep of 16 trials.
As the library plans it for such a device, with fused kernels, and as scans. Then the gradient of a layer of 200 of each
neuron of the registry that runs step by step, T = 784, batch 256.
Reads from the compiled programs: the device's memory they need (what a TPU keeps on the chip is not counted); of scans
the kernels of a time step, over all layers, forward and backward; of fused kernels those of a layer each way, which a
TPU runs for as many steps at a time as fit into its fast memory; the registers of fused kernels on the GPU; and the
collectives. The H100 programs are compiled without autotuning, which would choose among kernels for matrix products.
Command: python -m experiments run aot
  in a separate environment, made with pip install '.[all,aot]'
Expected: chunks of 28 steps, recomputed, need at most a tenth of the memory of the whole sequence; a sweep has no
collective, the step shared by several devices two, of the gradients and of the weight of a batch. A planned step has
one fused kernel per layer and direction, on an H100 three kernels in all; nine neurons in ten are fused kernels on
both, and all layers compile.
Time: about 10 minutes on 2 CPU cores.
"""

import json
import re
import sys
import time
from typing import Any

import jax

from experiments.compiled import layers, process, programs, registers
from experiments.compiled.program_text import (
    count_collectives,
    count_fused,
    count_kernels,
    kernels_of_layers,
)
from experiments.compiled.targets import TARGETS, Target, as_there, compiler, devices_of
from experiments.experiment import Expectation, Experiment, Request
from spikejax.devices import mesh
from spikejax.runs import record

WARNING = "compiled for these devices, on a CPU; NOTHING WAS RUN on such a device, and there are no timings"
MISSING = "compiler not installed: pip install 'spikejax[aot]'"


def measure(function: jax.stages.Wrapped, operands: tuple, target: Target) -> dict:
    """A row of the record: a program is compiled for a target and then discarded."""
    with as_there(target):
        lowered = function.lower(*operands)
    started = time.perf_counter()
    try:
        with registers.logged() as log:
            program = lowered.compile()
    except jax.errors.JaxRuntimeError as error:
        # The compiler for TPU rejects a program that does not fit, and reports how much it needs.
        said = re.search(r"out of memory.*?([\d.]+)G", str(error), re.DOTALL)
        if said is None:
            raise
        return {"compiled_for": target.words, "fits": False, "temp_mb": float(said[1]) * 2**10}
    seconds = time.perf_counter() - started
    memory, text = program.memory_analysis(), program.as_text() or ""
    parts = {
        f"{name}_mb": getattr(memory, f"{name}_size_in_bytes") / 2**20
        for name in ("temp", "argument", "output", "alias")
    }
    needed = sum(parts.values()) - 2 * parts["alias_mb"]
    kernels: dict[str, Any] = {"kernels_per_step": count_kernels(text)}
    if fused := count_fused(text):
        kernels = {
            "fused_kernels": fused,
            "kernels_of_layers": kernels_of_layers(text),
            **registers.usage(log[0]),
        }
    return {
        "compiled_for": target.words,
        "fits": needed <= target.memory_mb,
        "needed_mb": needed,
        **parts,
        **kernels,
        "collectives": count_collectives(text),
        "compile_seconds": seconds,
    }


def measure_all(name: str, quick: bool) -> dict[str, dict]:
    """A target's rows of the record; the process must have been started in `targets.ENVIRONMENT`."""
    target, rows, size = TARGETS[name], {}, _size(quick)
    devices = devices_of(target)
    for kind in programs.KINDS:
        wanted = size.variants if kind == "step" else size.sweep_variants
        variants = {str(variant): variant for variant in wanted}
        variants["planned"] = programs.planned(size, kind, target)
        for label, variant in variants.items():
            program = programs.make(size, variant, devices)[kind]
            row = {**variant._asdict(), **measure(*program, target)}
            print(f"compiled for {name}, not run: {kind} {label} {row}", file=sys.stderr)
            rows[f"{name} {kind} {label}"] = row
    return rows | (measure_layers(name, quick) if target.devices == 1 else {})


def measure_layers(name: str, quick: bool) -> dict[str, dict]:
    """A target's rows of layers alone, and their summary."""
    target, rows = TARGETS[name], {}
    for layer in layers.layers(quick):
        rows[layer] = layers.measure(layer, target, devices_of(target))
        print(f"compiled for {name}, not run: layer {layer} {rows[layer]}", file=sys.stderr)
    summary = {f"{name} layers": layers.summary(rows, target)}
    return {f"{name} layer {layer}": row for layer, row in rows.items()} | summary


def _size(quick):
    return programs.QUICK if quick else programs.FULL


def lower_for(platform: str, size: programs.Size) -> dict[str, dict]:
    """Rows of the record for a platform without a compiler: programs as the compiler would receive them."""
    rows = {}
    for kind, program in programs.make(size, size.variants[0], mesh.over()).items():
        rows[f"lowered for {platform}, {kind}"] = _lowered(*program, platform)
    target = next(x for x in TARGETS.values() if x.platform == platform and x.devices == 1)
    planned = programs.planned(size, "step", target)
    with as_there(target):
        step = programs.make(size, planned, mesh.over(jax.devices()[:1]))["step"]
        rows[f"lowered for {platform}, step planned"] = _lowered(*step, platform)
    return rows


def _lowered(function, operands, platform):
    text = function.trace(*operands).lower(lowering_platforms=(platform,)).as_text()
    return {
        "compiled_for": None,
        "loops": text.count("stablehlo.while"),
        "fused_kernels": count_fused(text),
    }


def advise(rows: dict[str, dict], target: Target, chosen: programs.Variant) -> dict:
    """The best variant by memory alone, from the rows of one program, and what the library chooses."""
    # Of two variants that need the same memory, the one with the longer chunk.
    least = min(rows.values(), key=lambda row: (row["temp_mb"], -row["chunk"]))
    stored = [row for row in rows.values() if not row["recompute"]]
    advice = {
        "compiled_for": target.words,
        "least_memory_chunk": least["chunk"],
        "least_memory_recomputes": least["recompute"],
        "least_temp_mb": least["temp_mb"],
        "planned_chunk": chosen.chunk,
        "planned_segment": chosen.segment,
        "planned_recomputes": chosen.recompute,
    }
    if stored:
        advice["least_temp_mb_without_recomputing"] = min(row["temp_mb"] for row in stored)
        advice["fits_without_recomputing"] = any(row["fits"] for row in stored)
    return advice


def run(request: Request) -> dict[str, Any]:
    quick = request.quick
    jax.config.update("jax_platforms", "cpu")
    size = _size(quick)
    compilers = {target.platform: compiler(target.platform) for target in TARGETS.values()}
    missing = [platform for platform, name in compilers.items() if name is None]
    if len(missing) == len(compilers) and not quick:
        raise ValueError(MISSING)
    print(WARNING)
    metrics = {}
    for platform in missing:
        print(f"{platform}: {MISSING}")
        metrics |= lower_for(platform, size) if quick else {}
    for name, target in TARGETS.items():
        if target.platform in missing:
            continue
        rows = process.rows_of("experiments.compiled.aot", name, "quick" if quick else "full")
        for kind in programs.KINDS:
            own = {key: row for key, row in rows.items() if key.startswith(f"{name} {kind} ")}
            chosen = programs.planned(size, kind, target)
            metrics |= {**own, f"{name} {kind} advice": advise(own, target, chosen)}
        metrics |= {key: row for key, row in rows.items() if key.startswith(f"{name} layer")}
    print(WARNING)
    facts: dict[str, Any] = {"seed": None, "data": None, "warning": WARNING, "compilers": compilers}
    if missing and not quick:
        facts["incomplete"] = "; ".join(f"{platform}: {MISSING}" for platform in missing)
    variants = {
        "layers": layers.FULL._asdict(),
        "variants": list(map(str, size.variants)),
        "sweep_variants": list(map(str, size.sweep_variants)),
    }
    result = record.begin("aot", {**size._asdict(), "neuron": "lif", **variants}, facts)
    return {**result, "metrics": metrics, "complete": "incomplete" not in facts}


def _collectives(metrics, kind):
    """The collectives of the programs of a kind: the most, or of shared steps how many have one."""
    rows = {name: row for name, row in metrics.items() if "collectives" in row}
    return [row["collectives"] for name, row in rows.items() if kind in name]


def _savings(metrics):
    """The largest ratio of the memory of chunks to that of the whole sequence, over the targets."""
    steps = {name: row for name, row in metrics.items() if " step K" in name}
    return max(
        row["temp_mb"] / steps[name.replace("K28 recomputed", "K784 stored")]["temp_mb"]
        for name, row in steps.items()
        if name.endswith("K28 recomputed")
    )


def _kernels(metrics, name):
    """The most kernels of a layer and direction in a step as planned."""
    return max(metrics[f"{name} step planned"]["kernels_of_layers"].values())


def _fused(metrics):
    """The fused kernels of a layer and direction in a step as planned, over the targets, furthest from one."""
    steps = [row for name, row in metrics.items() if name.endswith(" step planned")]
    found = [row["fused_kernels"] / len(row["kernels_of_layers"]) for row in steps]
    return max(found, key=lambda count: abs(count - 1))


def _summaries(metrics):
    return [row for name, row in metrics.items() if name.endswith(" layers")]


EXPERIMENT = Experiment(
    claim="programs compiled for TPU v5e and H100, never run there: memory, kernels, registers, collectives",
    time="about 10 minutes on 2 CPU cores",
    run=run,
    expected=(
        Expectation(
            "memory of chunks of 28, recomputed, over that of the whole sequence",
            _savings,
            high=0.1,
        ),
        Expectation("collectives of a sweep", lambda m: max(_collectives(m, " sweep ")), high=0),
        Expectation(
            "collectives of a step shared by devices",
            lambda m: max(_collectives(m, "2x2 step"), key=lambda found: abs(found - 2)),
            low=2,
            high=2,
        ),
        Expectation(
            "fused kernels per layer and direction of a planned step", _fused, low=1, high=1
        ),
        Expectation(
            "H100: kernels per layer and direction of a planned step",
            lambda m: _kernels(m, "h100"),
            high=3,
        ),
        Expectation(
            "share of the registry's neurons that run as kernels, the lower of the two",
            lambda m: min(row["as_kernels"] / row["neurons"] for row in _summaries(m)),
            low=0.9,
        ),
        Expectation(
            "layers that do not compile",
            lambda m: sum(len(row["failed"]) for row in _summaries(m)),
            high=0,
        ),
    ),
)

if __name__ == "__main__":
    target, size = sys.argv[1:]
    print(json.dumps(measure_all(target, size == "quick")))
