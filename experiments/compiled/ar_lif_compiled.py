"""AR-LIF's networks at full size, compiled for TPU v5e and NVIDIA H100, never run there; two steps of each on a CPU.

Compiles, on a CPU, with XLA's compilers for one TPU v5e and one NVIDIA H100, a training step of four recipes as it is
trained: augmentation, network, loss, SGD. They are ResNet-18 for CIFAR-100 and VGG-13 for Tiny ImageNet (T = 4, batch
128), VGG-11 for DVS Gesture (T = 20, batch 12) and VGG-SNN for CIFAR10-DVS (T = 4, batch 16), in float32, with time cut
as the library plans it for such a device. NOTHING WAS RUN on such a device, and there are no timings. The H100 programs
are compiled without autotuning, which would choose among kernels for convolutions and matrix products and the memory
that they work in.

- "needed_mb": the memory of the device that the program needs, its operands and results included, as the compiler
  states it; the samples of the data set, which stay on the device, come on top.
- "kernels_of_layers": kernels of each layer of neurons forward and backward; "fused_kernels": all of them.
- "on a CPU": two steps of the same program with fewer samples, on noise: the losses, and the seconds of the second.
Command: python -m experiments run ar_lif_compiled
  in a separate environment, made with pip install '.[all,aot]'
Expected: all fit, without a collective, with one fused kernel per layer and pass, forward, backward, and of recomputing
where the plan recomputes; all losses are finite.
Time: about 25 minutes on 2 CPU cores; can be stopped and continued, program by program.
"""

import functools
import json
import math
import sys
import time
from typing import Any

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from experiments.compiled import aot, process
from experiments.compiled.program_text import count_fused
from experiments.compiled.targets import TARGETS, Target, as_there, compiler, devices_of
from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.ar_lif.noise import noise
from spikejax import files, paths
from spikejax.data import Dataset
from spikejax.devices import mesh, plan
from spikejax.devices.plan import Plan
from spikejax.networks.core import pure
from spikejax.recipes import RECIPES
from spikejax.runs import record
from spikejax.runs.config import Config, complete
from spikejax.runs.parts import assemble, build
from spikejax.runs.planning import example_of, step_footprint
from spikejax.training import train_step

CPU = "on a CPU"
# Samples of a step on a CPU.
BATCHES = {
    "ar_lif_cifar100": 8,
    "ar_lif_tiny_imagenet": 4,
    "ar_lif_dvs_gesture": 2,
    "ar_lif_cifar10_dvs": 4,
}
QUICK = {"ar_lif_cifar10_dvs": 2}
CHIPS = ("v5e", "h100")


def config_of(recipe: str, quick: bool, batch: int | None = None) -> tuple[Config, Dataset]:
    """What is trained on noise, as many samples as a batch has."""
    config = RECIPES[recipe].config
    count: int = batch or (QUICK[recipe] if quick else config.batch_size)
    data = noise(recipe, count)
    changes: dict[str, Any] = {"data": data, "batch_size": count}
    return paths.replace(config, changes | ({"network.width": 4} if quick else {})), data


def program(
    recipe: str, target: Target, devices: Mesh, quick: bool
) -> tuple[Any, tuple, dict[str, Any]]:
    """The jitted training step, its operands, which have shapes and shardings only, and what is known of it."""
    config, data = config_of(recipe, quick)
    config = complete(config, data)
    x = example_of(config, data.train)
    variables = jax.eval_shape(pure.Functions(config.network).init, jax.random.key(0), x)
    whole = jax.ShapeDtypeStruct((len(x), config.batch_size, *x.shape[2:]), x.dtype)
    facts = pure.inspect_module(config.network, variables, whole)
    chosen = planned(config, data, facts, target)
    _, trainer, init = assemble(config, data.train, chosen, facts, None)
    sharding = NamedSharding(devices, PartitionSpec())
    operands = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding),
        (jax.eval_shape(init, 0), data.train),
    )
    known = {
        "batch": config.batch_size,
        "steps": len(x),
        "chunk": chosen.chunk,
        "recompute": chosen.recompute,
        "spiking_layers": len(facts.activity),
    }
    step = functools.partial(train_step, trainer)
    return jax.jit(step, donate_argnums=0), operands, known


def planned(config: Config, data: Dataset, facts: pure.Facts, target: Target) -> Plan:
    """How the library itself lays the step out on a target."""
    steps = len(example_of(config, data.train))
    return plan.choose(
        steps,
        config.batch_size,
        facts.widths,
        backend=target.backend,
        devices=1,
        chunk=steps if facts.whole_sequence else None,
        footprint=step_footprint(config, data.train),
        memory=target.memory_mb * 2**20,
    )


def measured(chip: str, recipe: str, quick: bool) -> dict[str, dict]:
    """A target's row of a recipe; the process must have been started in `targets.ENVIRONMENT`."""
    target = TARGETS[chip]
    function, operands, known = program(recipe, target, devices_of(target), quick)
    rows = {f"{chip} {recipe}": {**known, **aot.measure(function, operands, target)}}
    print(f"compiled for {chip}, not run: {rows}", file=sys.stderr)
    return rows


def lowered(chip: str, recipe: str, quick: bool) -> dict[str, dict]:
    """The row for a target without a compiler: the program as the compiler would receive it."""
    target = TARGETS[chip]
    with as_there(target):
        devices = mesh.over(jax.devices()[:1])
        function, operands, known = program(recipe, target, devices, quick)
        traced = function.trace(*operands)
        text = traced.lower(lowering_platforms=(target.platform,)).as_text()
    return {f"lowered for {chip}, {recipe}": {**known, "fused_kernels": count_fused(text)}}


def on_cpu(recipe: str, quick: bool) -> dict[str, Any]:
    """Two training steps on this machine."""
    batch = (QUICK if quick else BATCHES)[recipe]
    parts = build(*config_of(recipe, quick, batch))
    step = jax.jit(functools.partial(train_step, parts.trainer), donate_argnums=0)
    state, losses, seconds = parts.init(0), [], 0.0
    for _ in range(2):
        started = time.perf_counter()
        state, measured = step(state, parts.train)
        losses.append(float(measured["loss"]))
        seconds = time.perf_counter() - started
    return {"batch": batch, "losses": losses, "seconds_of_second_step": seconds}


def run(request: Request) -> dict[str, Any]:
    jax.config.update("jax_platforms", "cpu")
    compilers = {name: compiler(TARGETS[name].platform) for name in CHIPS}
    missing = [name for name, found in compilers.items() if found is None]
    if missing and not request.quick:
        raise ValueError(f"{', '.join(missing)}: {aot.MISSING}")
    print(aot.WARNING)
    described = {"recipes": list(BATCHES), "quick": request.quick}
    facts = {"seed": 0, "data": None, "warning": aot.WARNING, "compilers": compilers}
    result = record.begin("ar_lif_compiled", described, facts)
    commits, left = set(), []
    for where in (*CHIPS, CPU):
        for recipe in QUICK if request.quick else BATCHES:
            path = request.out / "parts" / f"{where.replace(' ', '_')}_{recipe}.json"
            if request.quick or not path.is_file():
                if request.left == 0:
                    left.append(path.stem)
                    continue
                rows = part(where, recipe, request.quick, where in missing)
                own = {"commit": result["provenance"]["commit"], "rows": rows}
                files.write_text(path, json.dumps(own, indent=1))
            kept = json.loads(path.read_text(encoding="utf-8"))
            result["metrics"] |= kept["rows"]
            commits.add(kept["commit"])
    result["provenance"]["commits"] = sorted(commits)
    if left:
        result["provenance"]["incomplete"] = f"no time for {', '.join(left)}"
    return {**result, "complete": not left}


def part(where: str, recipe: str, quick: bool, without_compiler: bool) -> dict[str, Any]:
    """The row of a recipe on a CPU, or for a target, with or without its compiler."""
    if where == CPU:
        return {f"{CPU} {recipe}": on_cpu(recipe, quick)}
    if without_compiler:
        return lowered(where, recipe, quick)
    size = "quick" if quick else "full"
    return process.rows_of("experiments.compiled.ar_lif_compiled", where, recipe, size)


def compiled(metrics: Any) -> list[dict[str, Any]]:
    """The rows of programs that were compiled."""
    return [row for row in metrics.values() if "fits" in row]


def furthest_from_one(metrics: Any) -> float:
    """The fused kernels per layer of neurons and pass, over the programs, furthest from one.

    A pass is the forward one, the backward one, or that of recomputing what the backward one needs.
    """
    found = [
        row.get("fused_kernels", 0) / (row["spiking_layers"] * (3 if row["recompute"] else 2))
        for row in compiled(metrics)
    ]
    return max(found, key=lambda count: abs(count - 1))


EXPERIMENT = Experiment(
    claim="AR-LIF's four networks at full size, compiled for TPU v5e and H100: memory, kernels; two steps on a CPU",
    time="about 25 minutes on 2 CPU cores",
    run=run,
    expected=(
        Expectation(
            "programs that do not fit", lambda m: sum(not r["fits"] for r in compiled(m)), high=0
        ),
        Expectation(
            "collectives, at most",
            lambda m: max(row.get("collectives", math.nan) for row in compiled(m)),
            high=0,
        ),
        Expectation(
            "fused kernels per layer of neurons and pass", furthest_from_one, low=1, high=1
        ),
        Expectation(
            "losses on a CPU that are not finite",
            lambda m: sum(
                not math.isfinite(loss)
                for name, row in m.items()
                if name.startswith(CPU)
                for loss in row["losses"]
            ),
            high=0,
        ),
    ),
)

if __name__ == "__main__":
    chip, recipe, size = sys.argv[1:]
    print(json.dumps(measured(chip, recipe, size == "quick")))
