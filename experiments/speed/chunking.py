"""What cutting time into chunks costs and saves: one training step step by step, in chunks and layer by layer.

Measures: forward and backward pass of TC-LIF 1-64-256-256-10 on S-MNIST, T = 784, batch 256, for K = 1, K = 28
(recomputed in the backward pass) and K = 784; the variants interleaved in one process, after a warm-up; XLA's
temporary memory from the compiled program.
Command: python -m experiments run chunking
Expected: K = 28 needs at least 6 times less memory than the others, at no more than 1.2 times the time of the faster.
Time: about 2 minutes on 2 CPU cores.
"""

import time
from pathlib import Path

import jax
import numpy as np

from experiments.registry import Experiment
from spikejax import data
from spikejax.dynamics import network as execute
from spikejax.inputs import encode
from spikejax.networks import MLP
from spikejax.neurons.tc_lif import TCLIF
from spikejax.objectives import losses
from spikejax.plot import draw as plot
from spikejax.runs import record


def run(out: Path, quick: bool, data_dir: str | None) -> dict:
    dataset = data.load("digits" if quick else "smnist", data_dir)
    batch, chunks, rounds = (16, (1, 8, 64), 2) if quick else (256, (1, 28, 784), 7)
    hidden = (64, 256, 256)
    network = MLP(hidden, dataset.classes, TCLIF(), learn=("c1", "c2"))
    inputs = encode.sequence(dataset.train.inputs[:batch], dataset.scale)
    labels = jax.numpy.asarray(dataset.train.labels[:batch])
    variables = jax.jit(network.init)(jax.random.key(0), inputs[:1])

    def step(chunk):
        recomputed = 1 < chunk < len(inputs)

        def loss(params, constants, inputs, labels):
            bound = {"params": params, "constants": constants}
            logits, _ = execute.run(
                network.apply, bound, inputs, chunk=chunk, checkpoint=recomputed
            )
            return losses.summed_cross_entropy(logits, labels)

        return jax.jit(jax.value_and_grad(loss)).lower(*operands).compile()

    operands = (variables["params"], variables["constants"], inputs, labels)
    programs = {f"K{chunk}": step(chunk) for chunk in chunks}
    seconds = {name: [] for name in programs}
    for i in range(rounds + 1):
        for name, program in programs.items():
            started = time.perf_counter()
            jax.block_until_ready(program(*operands))
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
    made, axes = plot.figure(1, 2, height=3.0)
    for axis, key, label in zip(
        axes[0], ("seconds", "temp_mb"), ("seconds a step", "temporary memory, MB"), strict=True
    ):
        axis.bar(
            list(metrics), [values[key] for values in metrics.values()], color=plot.INK, width=0.6
        )
        axis.set_ylabel(label)
    plot.save(made, out / "chunking.png")
    config = {
        "batch": batch,
        "steps": len(inputs),
        "hidden": list(hidden),
        "neuron": "tc_lif",
        "rounds": rounds,
    }
    return {
        "experiment": EXPERIMENT.name,
        "config": config,
        "provenance": record.provenance(
            seed=0, data={"name": dataset.name, "sha256": dataset.checksum}
        ),
        "metrics": metrics,
        "history": {name: values for name, values in seconds.items()},
        "complete": True,
    }


EXPERIMENT = Experiment(
    name="chunking",
    claim="a training step in recomputed chunks: at least 6 times less memory, at most 1.2 times the time",
    time="about 2 minutes on 2 CPU cores",
    run=run,
    figure="chunking.png",
)
