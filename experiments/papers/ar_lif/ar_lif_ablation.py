"""Which part of AR-LIF helps: hard reset, soft reset, and the adaptive reset with its parameters fixed or learned.

Reproduces: AR-LIF (arXiv 2507.20746), Table 2, on a small scale. The paper trains on CIFAR-100 and CIFAR10-DVS; here a
VGG-SNN an eighth as wide is trained on a part of CIFAR-10 (4,000 images and 1,000 to test, 5 epochs, T = 4), and one a
quarter as wide on a part of N-MNIST (1,000 recordings, 12 epochs, T = 5). The header of the printed table lacks a
label; its columns are these six rows, in this order.
Where JAX has a GPU or a TPU there is a third study before these two, "resnet_18": the whole ResNet-18 of the recipe
ar_lif_cifar10 on the part of CIFAR-10, products in bfloat16, one seed, as many epochs for each row as are expected to
fit into two thirds of `--seconds`, at most 30; give the same `--seconds` again to continue it.

- "hard", "soft": LIF with decay 0.5, threshold 1 and the rectangle as surrogate; the reset is to zero, or by 1.
- "alpha_1": AR-LIF with α = 1 fixed, β learned. "threshold_1": β = 0 fixed, so that the threshold is 1; α learned.
- "both": both fixed. "learnable": both learned, which is AR-LIF.
- "test_accuracy": after the last epoch, mean and standard deviation over seeds. "mean_rate": the firing rate, mean over
  layers. "energy_uj": per sample, all time steps, see `analysis.energy_of`, at the rates of the trained network of the
  first seed whose training did not diverge.
Command: python -m experiments run ar_lif_ablation
Expected: the order of the paper, adaptive at least as good as soft, soft at least as good as hard (in its CIFAR-100
column soft is far below hard); differences smaller than the deviation over seeds say nothing.
Time: estimated at 2 hours on 2 CPU cores; can be stopped and continued.
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

import spikejax
from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers.ar_lif.stand_ins import EVENTS, IMAGES, NEURONS, quick
from spikejax import paths, plot
from spikejax.analysis import energy_of, measured_operations
from spikejax.data import Dataset
from spikejax.data.cifar10_subset import CIFAR10Subset
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.core.contract import Neuron
from spikejax.recipes import RECIPES
from spikejax.runs import load, record, sweep
from spikejax.runs.config import Config
from spikejax.runs.evaluation import rebuilt
from spikejax.runs.parts import load as load_data

# Estimates for a large GPU, in seconds: a row of ResNet-18 is compiled, and trained for an epoch.
COMPILING, EPOCH, MOST_EPOCHS = 30.0, 15.0, 30
MEASURED = 500  # test samples of which the energy is a mean


class Row(NamedTuple):
    """A row of the table: a neuron, and which of its parameters are learned."""

    neuron: Neuron
    learn: tuple[str, ...]


ROWS = {
    "hard": Row(NEURONS["hard"], ()),
    "soft": Row(NEURONS["soft"], ()),
    "alpha_1": Row(ARLIF(), ("a",)),
    "threshold_1": Row(ARLIF(), ("c",)),
    "both": Row(ARLIF(), ()),
    "learnable": Row(ARLIF(), ("a", "c")),
}
PAPER = {  # test accuracy in per cent
    "CIFAR-100": (73.4, 63.4, 77.0, 76.5, 76.1, 77.8),
    "CIFAR10-DVS": (83.8, 84.1, 85.4, 84.6, 84.3, 85.7),
}


def resnet_18(seconds: float | None) -> Config:
    """The recipe for CIFAR-10 on a part of it, with as many epochs as are expected to fit."""
    epochs = MOST_EPOCHS
    if seconds is not None:
        training = 2 / 3 * seconds / len(ROWS) - COMPILING
        epochs = int(min(max(training // EPOCH, 1), MOST_EPOCHS))
    changes = {"data": CIFAR10Subset(), "network.dtype": "bfloat16", "epochs": epochs}
    return paths.replace(RECIPES["ar_lif_cifar10"].config, changes)


def studies(request: Request) -> dict[str, tuple[Config, tuple[int, ...]]]:
    """By data set, what is trained and with which seeds."""
    if request.quick:
        return {"digits": (quick(EVENTS), (0,))}
    found = {"n_mnist": (EVENTS, (0, 1, 2)), "cifar10_subset": (IMAGES, (0, 1))}
    if jax.default_backend() == "cpu":
        return found
    return {"resnet_18": (resnet_18(request.seconds), (0,)), **found}


def run(request: Request) -> dict[str, Any]:
    studied = studies(request)
    described = {"rows": list(ROWS), "paper": {name: list(row) for name, row in PAPER.items()}}
    found = record.begin("ar_lif_ablation", described, {"seed": None, "data": None})
    metrics = found["metrics"]
    points = [{"network.neuron": row.neuron, "network.learn": row.learn} for row in ROWS.values()]
    for source, (config, seeds) in studied.items():
        folder = request.out / source
        result = sweep(config, points, folder, seeds=seeds, **request.options)
        if not joined(found, source, result):
            break
        metrics[source] = table(result, folder, load_data(config, request.data_dir))
    if metrics:
        draw(metrics, request.out / "ablation.png")
    return {**found, "complete": len(metrics) == len(studied)}


def table(result: dict[str, Any], folder: Path, data: Dataset) -> dict[str, Any]:
    """By row, what was measured on the test samples; None where all trials diverged."""
    count, last = len(result["config"]["seeds"]), result["metrics"]["trials"]
    found = {}
    for number, name in enumerate(ROWS):
        first = number * count
        kept = [n for n in range(first, first + count) if not last[str(n)]["diverged"]]
        trials = [last[str(n)] for n in kept]
        accuracies = [trial["test_accuracy"] for trial in trials]
        rates = [[x for key, x in trial.items() if key.startswith("rate_")] for trial in trials]
        found[name] = {
            "test_accuracy": float(np.mean(accuracies)) if kept else None,
            "test_accuracy_std": float(np.std(accuracies)) if kept else None,
            "test_accuracies": accuracies,
            "mean_rate": float(np.mean(rates)) if kept else None,
            "energy_uj": microjoules(folder, kept[0], data) if kept else None,
            "diverged": count - len(kept),
        }
    return found


def microjoules(folder: Path, trial: int, data: Dataset) -> float:
    """The energy of a trained network per test sample, all time steps."""
    loaded = load(folder, trial=trial)
    encoder: Any = rebuilt(loaded, data=data).config.encoder
    samples = data.test.inputs[:MEASURED]
    inputs = [encoder.encode(samples[i : i + 50]) for i in range(0, len(samples), 50)]

    def function(variables, x):
        return spikejax.run(loaded.network, variables, x)[0]

    operations = measured_operations(function, loaded.variables, inputs, spikes=False)
    return energy_of(operations).picojoules(encoder.steps_of(samples)) / 1e6


def draw(metrics: dict[str, Any], path: Path) -> None:
    """A panel per data set: the accuracy of each row, with the deviation over seeds."""
    made, axes = plot.figure(columns=len(metrics), height=3.2)
    for axis, (source, rows) in zip(axes.flat, metrics.items(), strict=True):
        for place, row in enumerate(rows.values()):
            axis.plot(
                [place] * len(row["test_accuracies"]), row["test_accuracies"], "o", color=plot.FAINT
            )
            if row["test_accuracy"] is not None:
                axis.errorbar(
                    place, row["test_accuracy"], row["test_accuracy_std"], fmt="s", color=plot.INK
                )
        axis.set_xticks(range(len(rows)), list(rows), rotation=30)
        axis.set_title(source)
        axis.set_ylabel("test accuracy")
    plot.save(made, path)


def _gain(source: str, better: str, worse: str) -> Expectation:
    """How far one row is above another; a row of which all trials diverged is below all others."""

    def found(metrics):
        first, second = (metrics[source][row]["test_accuracy"] for row in (better, worse))
        if first is None:
            return -math.inf
        return math.inf if second is None else first - second

    return Expectation(
        f"{source}: test accuracy of {better} minus that of {worse}",
        found,
        low=0.0,
        source="AR-LIF, Table 2, on other data",
    )


EXPERIMENT = Experiment(
    claim="hard, soft and adaptive reset, parameters fixed or learned, on N-MNIST and a part of CIFAR-10",
    time="estimated at 2 hours on 2 CPU cores",
    run=run,
    expected=tuple(
        _gain(source, *rows)
        for source in ("n_mnist", "cifar10_subset")
        for rows in (("soft", "hard"), ("learnable", "soft"))
    ),
    figure="ablation.png",
)
