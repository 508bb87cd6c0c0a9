"""The cost and savings of cutting time into chunks: one training step step by step, in chunks and layer by layer.

Measures: forward and backward pass of TC-LIF 1-64-256-256-10 on S-MNIST, T = 784, batch 256, for K = 1, K = 28
(recomputed in the backward pass) and K = 784; the variants interleaved in one process, after a warm-up; XLA's
temporary memory from the compiled program.
Command: python -m experiments run chunking
Expected: K = 28 needs at least 6 times less memory than the others, at no more than 1.2 times the time of the faster.
Time: about 2 minutes on 2 CPU cores.
"""

import time
from typing import Any

import jax
import numpy as np

from experiments.experiment import Expectation, Experiment, Request
from spikejax import data, plot
from spikejax.dynamics import Time
from spikejax.inputs import Sequence
from spikejax.networks import MLP
from spikejax.networks.core import pure
from spikejax.neurons.tc_lif import TCLIF
from spikejax.objectives import SummedCrossEntropy
from spikejax.objectives.composed import objective
from spikejax.objectives.model import Model
from spikejax.runs import record

HIDDEN = (64, 256, 256)


def run(request: Request) -> dict[str, Any]:
    dataset = data.load("digits" if request.quick else "smnist", request.data_dir)
    batch, chunks, rounds = (16, (1, 8, 64), 2) if request.quick else (256, (1, 28, 784), 7)
    samples = jax.tree.map(lambda x: jax.numpy.asarray(x[:batch]), dataset.train)
    steps = samples.inputs.shape[1]
    network = pure.Functions(MLP(HIDDEN, dataset.classes, TCLIF()))
    encoder = Sequence(scale=dataset.scale)
    variables = jax.jit(network.init)(jax.random.key(0), encoder.encode(samples.inputs[:1])[:1])

    def compiled(chunk):
        time = Time(chunk, checkpoint=1 < chunk < steps)
        minimised = objective(Model(network, encoder, time), SummedCrossEntropy())
        step = jax.jit(jax.value_and_grad(minimised, has_aux=True))
        return step.lower(variables, samples, jax.random.key(0)).compile()

    programs: dict[str, Any] = {f"K{chunk}": compiled(chunk) for chunk in chunks}
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for i in range(rounds + 1):
        for name, program in programs.items():
            started = time.perf_counter()
            jax.block_until_ready(program(variables, samples, jax.random.key(0)))
            if i > 0:
                seconds[name].append(time.perf_counter() - started)
    metrics = {
        name: {
            "seconds": float(np.min(seconds[name])),
            "seconds_median": float(np.median(seconds[name])),
            "temp_mb": program.memory_analysis().temp_size_in_bytes / 2**20,
        }
        for name, program in programs.items()
    }
    draw(metrics, request.out / "chunking.png")
    config = {"batch": batch, "steps": steps, "hidden": list(HIDDEN), "neuron": "tc_lif"}
    facts = {"seed": 0, "data": {"name": dataset.name, "sha256": dataset.checksum}}
    result = record.begin("chunking", {**config, "rounds": rounds}, facts)
    return {**result, "metrics": metrics, "history": seconds, "complete": True}


def draw(metrics, path):
    made, axes = plot.figure(1, 2, height=3.0)
    labels = {"seconds": "seconds per step", "temp_mb": "temporary memory, MB"}
    for axis, (key, label) in zip(axes[0], labels.items(), strict=True):
        heights = [values[key] for values in metrics.values()]
        axis.bar(list(metrics), heights, color=plot.INK, width=0.6)
        axis.set_ylabel(label)
    plot.save(made, path)


def _others(metrics, key):
    return min(metrics[name][key] for name in ("K1", "K784"))


EXPERIMENT = Experiment(
    claim="a training step in recomputed chunks: at least 6 times less memory, at most 1.2 times the time",
    time="about 2 minutes on 2 CPU cores",
    run=run,
    expected=(
        Expectation(
            "memory of the better of step by step and layer by layer, over that of chunks",
            lambda m: _others(m, "temp_mb") / m["K28"]["temp_mb"],
            low=6,
        ),
        Expectation(
            "time of chunks over that of the faster of the two",
            lambda m: m["K28"]["seconds"] / _others(m, "seconds"),
            high=1.2,
        ),
    ),
    figure="chunking.png",
)
