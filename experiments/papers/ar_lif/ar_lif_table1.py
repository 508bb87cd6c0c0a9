"""AR-LIF and other neurons in the same networks, on five data sets.

Reproduces: AR-LIF (arXiv 2507.20746), Table 1. Its rows are the recipes ar_lif_cifar10, ar_lif_cifar100,
ar_lif_tiny_imagenet, ar_lif_dvs_gesture and ar_lif_cifar10_dvs, at T = 4 (DVS Gesture: 20). The paper quotes the other
methods' own results, of other networks too; here each neuron is trained in the network and with the settings of
AR-LIF. A printed value is beside ours, with the network and the T that it is of; those for "Ours, VGG-SNN" at T = 4 and
6 stand under CIFAR10-DVS there and are of Tiny ImageNet.

- "hard", "soft": LIF with the decay and the surrogate of the data set's AR-LIF, and a reset to zero or by 1. Every
  other neuron has its own defaults. Of MPE-PSN the term of the loss is left out, of LTMD the moderate dropout; the mask
  of a masked PSN grows over the first eighth of the epochs. MPD-AGL, ASGL, IM-LIF and FPT have no rows.
- "parameters": all that are learned, those of the neurons included.
- "state": "trained", so many epochs, or "not run" and why: a data set of which not all samples are found is not used.
- "test_accuracy", "best_test_accuracy": after the last epoch, and of the best epoch, which is what the paper reports;
  it is chosen on the test samples.
Command: python -m experiments run ar_lif_table1
Expected: parameters as in Table 3, and AR-LIF's best accuracy at most 1 percentage point below the printed one.
Time: a minute without data. A GPU needs hours per cell; with `--seconds` the cells are trained one after the other as
far as the time goes, and the same command continues.
"""

from typing import Any, NamedTuple

import jax

from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.ar_lif.noise import FORMS, noise
from spikejax import paths
from spikejax.analysis import count_parameters
from spikejax.data import MissingData
from spikejax.neurons import make
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.lif import LIF
from spikejax.recipes import RECIPES
from spikejax.runs import fit, record
from spikejax.runs.config import Config, complete, source_of
from spikejax.runs.planning import example_of
from spikejax.training import Diverged, Ramp

OTHERS = ("clif", "da_lif", "mpe_psn", "psn", "masked_psn", "sliding_psn", "ltmd")
NEURONS = ("ar_lif", "hard", "soft", *OTHERS)
NOT_RUN = "not run"
QUICK, QUICK_NEURONS = ("ar_lif_cifar10_dvs",), ("ar_lif", "masked_psn")
RELEASED_MASK = 8  # a masked PSN is fully masked after this part of the epochs


class Printed(NamedTuple):
    """Test accuracies in per cent by T, of a network."""

    network: str
    by_steps: dict[int, float]


PAPER: dict[str, dict[str, tuple[Printed, ...]]] = {
    "ar_lif_cifar10": {
        "ar_lif": (Printed("ResNet-18", {4: 96.1, 6: 96.3, 8: 96.7}),),
        "clif": (Printed("ResNet-18", {4: 96.01, 6: 96.45, 8: 96.69}),),
        "mpe_psn": (Printed("ResNet-19", {4: 94.36}),),
        "da_lif": (Printed("ResNet-19", {4: 96.72}),),
    },
    "ar_lif_cifar100": {
        "ar_lif": (Printed("ResNet-18", {4: 80.1, 6: 80.8, 8: 81.0}),),
        "clif": (Printed("ResNet-18", {4: 79.69, 6: 80.58, 8: 80.89}),),
        "mpe_psn": (Printed("ResNet-19", {4: 75.9, 6: 77.02}),),
        "da_lif": (Printed("ResNet-19", {2: 80.59}),),
    },
    "ar_lif_tiny_imagenet": {
        "ar_lif": (Printed("VGG-13", {4: 64.88}), Printed("VGG-SNN", {4: 66.58, 6: 67.00})),
        "clif": (Printed("VGG-13", {4: 63.16, 6: 64.13}),),
    },
    "ar_lif_dvs_gesture": {
        "ar_lif": (Printed("VGG-11", {20: 98.61}),),
        "mpe_psn": (Printed("7B-Net", {16: 97.92, 20: 97.22}),),
        "da_lif": (Printed("VGG-11", {16: 98.61}),),
    },
    "ar_lif_cifar10_dvs": {
        "ar_lif": (Printed("VGG-SNN", {4: 86.0, 8: 87.2, 10: 86.8}),),
        "clif": (Printed("VGG-SNN", {10: 86.1}),),
        "mpe_psn": (Printed("VGG-SNN", {4: 84.48, 8: 86.09, 10: 86.69}),),
        "da_lif": (Printed("VGG-16", {16: 82.42}),),
    },
}
# Millions of parameters, Table 3; there Tiny ImageNet has another network.
MILLIONS = {
    "ar_lif_cifar10": 11.2,
    "ar_lif_cifar100": 11.2,
    "ar_lif_dvs_gesture": 9.5,
    "ar_lif_cifar10_dvs": 9.3,
}


def neuron_of(recipe: str, name: str) -> Neuron:
    """The neuron of a row in the network of a recipe."""
    own = RECIPES[recipe].config.network.neuron
    if name == "ar_lif":
        return own
    if name in OTHERS:
        return make(name)
    reset = {"hard": "zero", "soft": "subtract"}[name]
    return LIF(decay=own.decay, reset=reset, surrogate=own.surrogate, strict=own.strict)


def config_of(recipe: str, name: str) -> Config:
    """What is trained for a cell."""
    config = RECIPES[recipe].config
    changes: dict[str, Any] = {"network.neuron": neuron_of(recipe, name)}
    if name == "masked_psn":
        grows = max(1, config.epochs // RELEASED_MASK)
        changes["scheduled"] = (Ramp(name="masking", start=0.0, end=1.0, epochs=grows),)
    return paths.replace(config, changes)


def cell_of(recipe: str, name: str) -> str:
    """The name of a cell: that of its data set and of its neuron."""
    return f"{recipe.removeprefix('ar_lif_')} {name}"


def parameters(recipe: str, name: str) -> int:
    """How many parameters a cell's network learns."""
    data = noise(recipe, 1)
    config = complete(config_of(recipe, name), data)
    x = example_of(config, data.train)
    return count_parameters(jax.eval_shape(config.network.init, jax.random.key(0), x)["params"])


def missing(recipe: str, data_dir: str | None) -> str | None:
    """Why a data set cannot be used; None if all of it was found."""
    source: Any = source_of(RECIPES[recipe].config)
    try:
        found = source.load(data_dir)
    except MissingData:
        return "its data were not found"
    count, whole = found.train.count + found.test.count, source.facts.samples
    return None if count == whole else f"{count:,} of its {whole:,} samples were found"


def run(request: Request) -> dict[str, Any]:
    recipes, neurons = (QUICK, QUICK_NEURONS) if request.quick else (tuple(FORMS), NEURONS)
    metrics = {}
    for recipe in recipes:
        why = None if request.quick else missing(recipe, request.data_dir)
        for name in neurons:
            config = config_of(recipe, name)
            if request.quick:
                small = {"data": noise(recipe, 4), "network.width": 1, "batch_size": 2, "epochs": 1}
                config = paths.replace(config, small)
            metrics[cell_of(recipe, name)] = {
                "parameters": parameters(recipe, name),
                "paper": [printed._asdict() for printed in PAPER[recipe].get(name, ())],
                "epochs_wanted": config.epochs,
                **({"state": f"{NOT_RUN}: {why}"} if why else {}),
                **({} if why else trained(request, cell_of(recipe, name), config)),
            }
    cut = [name for name, row in metrics.items() if row.get("cut", False)]
    facts: dict[str, Any] = {"seed": 0, "data": None}
    if cut:
        facts["incomplete"] = f"no time for {len(cut)} cells, from {cut[0]} on"
    described = {"recipes": list(recipes), "neurons": list(neurons), "quick": request.quick}
    result = record.begin("ar_lif_table1", described, facts)
    return {**result, "metrics": metrics, "complete": not cut}


def trained(request: Request, name: str, config: Config) -> dict[str, Any]:
    """Trains a cell in a folder of its name, or continues it, and says how far that went; "cut" if time was short."""
    folder = request.out / name.replace(" ", "_")
    if request.left != 0:
        try:
            history = fit(config, folder, **request.options).record["history"]
        except Diverged as problem:
            return {"state": f"diverged: {problem}"}
    else:
        kept = folder / "record.json"
        history = record.read(kept)["history"] if kept.is_file() else []
    epochs = len(history)
    if not epochs:
        return {"state": f"{NOT_RUN}: no time", "cut": True}
    accuracies = [entry["test_accuracy"] for entry in history]
    whole = epochs == config.epochs
    return {
        "state": "trained" if whole else f"{epochs} of {config.epochs} epochs",
        "cut": not whole,
        "epochs": epochs,
        "test_accuracy": accuracies[-1],
        "best_test_accuracy": max(accuracies),
    }


def below(recipe: str):
    """How far AR-LIF's best accuracy is below the printed one, in percentage points; NaN if it was not trained."""
    (steps, printed), *_ = PAPER[recipe]["ar_lif"][0].by_steps.items()

    def found(metrics):
        row = metrics[cell_of(recipe, "ar_lif")]
        if row["state"] != "trained":
            return float("nan")
        return printed - 100 * row["best_test_accuracy"]

    return f"{recipe}, T = {steps}: points of test accuracy below the paper", found


def furthest(metrics: Any) -> float:
    """The largest difference of AR-LIF's parameters from Table 3, in millions."""
    return max(
        abs(metrics[cell_of(recipe, "ar_lif")]["parameters"] / 1e6 - printed)
        for recipe, printed in MILLIONS.items()
    )


EXPERIMENT = Experiment(
    claim="AR-LIF and nine other neurons on five data sets: parameters, and test accuracy where the data are found",
    time="a minute without data; hours per cell on a GPU",
    run=run,
    expected=(
        Expectation(
            "AR-LIF's parameters, largest difference from Table 3, M",
            furthest,
            high=0.05,
            source="AR-LIF, Table 3",
        ),
        *(Expectation(*below(recipe), high=1.0, source="AR-LIF, Table 1") for recipe in FORMS),
    ),
)
