"""What AR-LIF learns: β = tanh(a) and α = c of each layer over training.

Reproduces: AR-LIF (arXiv 2507.20746), Figure 3, on stand-ins: the paper's is VGG-11 on DVS Gesture with T = 20, one
point per layer. Here the AR-LIF networks of `ar_lif_fig2_rates` are trained on parts of N-MNIST and of CIFAR-10; β and
α of each layer are recorded after each epoch. They start at 0 and 1, and have the weight decay of all parameters.
Command: python -m experiments run ar_lif_fig3_tracking
Expected: the paper prints no values. Some layer's β is at least 0.05 from its start, and some layer's α, so that both
are learned.
Time: estimated at 15 minutes on 2 CPU cores; can be stopped and continued.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers.ar_lif.stand_ins import configs, train
from spikejax import files, plot
from spikejax.runs import record

START = {"beta": 0.0, "alpha": 1.0}
SIGNS = {"beta": "β", "alpha": "α"}


class Tracker:
    """A callback of `fit`: keeps β and α of each layer after each epoch in a file, which a resumed run continues."""

    def __init__(self, path: Path):
        self.path = path

    def __call__(self, history: list[dict[str, Any]], variables: Any) -> None:
        epochs = {**self.read(), str(history[-1]["epoch"]): coefficients(variables["params"])}
        files.write_text(self.path, json.dumps(epochs))

    def read(self) -> dict[str, Any]:
        """By epoch and layer, the values so far."""
        return json.loads(self.path.read_text()) if self.path.is_file() else {}


def coefficients(params: Any) -> dict[str, dict[str, float]]:
    """β and α of each layer of AR-LIF neurons, in the order of the layers."""
    layers = {k: v for k, v in params.items() if {"a", "c"} <= set(v)}
    return {
        layer: {"beta": float(np.tanh(layers[layer]["a"])), "alpha": float(layers[layer]["c"])}
        for layer in sorted(layers, key=lambda name: int(name.rpartition("_")[2]))
    }


def run(request: Request) -> dict[str, Any]:
    trained = configs(request, ("ar_lif",))
    described = {"quick": request.quick}
    result = record.begin("ar_lif_fig3_tracking", described, {"seed": 0, "data": None})
    for name, config in trained.items():
        tracker = Tracker(request.out / f"{name}.json")
        found = train(request, name, config, (tracker,)).record
        if not joined(result, name, found):
            return result
        tracked = tracker.read()
        result["history"][name] = tracked
        accuracy = found["metrics"]["test_accuracy"]
        result["metrics"][name] = {
            "test_accuracy": accuracy,
            "layers": tracked[max(tracked, key=int)],
        }
    draw(result["history"], request.out / "tracking.png")
    return {**result, "complete": True}


def draw(history, path):
    """β and α by epoch, a line per layer; a row per network."""
    made, axes = plot.figure(len(history), 2, width=9.0, height=3.0 * len(history), sharex="row")
    for row, (name, epochs) in zip(axes, history.items(), strict=True):
        layers = list(next(iter(epochs.values())))
        x = [0, *map(int, epochs)]
        for axis, (key, sign) in zip(row, SIGNS.items(), strict=True):
            for i, layer in enumerate(layers):
                y = [START[key], *(values[layer][key] for values in epochs.values())]
                colour = str(0.8 - 0.8 * i / len(layers))  # later layers are darker
                axis.plot(x, y, color=colour, linewidth=1.2, marker=".", label=layer)
            axis.set(xlabel="epoch", ylabel=sign, title=name)
            axis.xaxis.get_major_locator().set_params(integer=True)
        row[-1].legend(frameon=False, fontsize=6, loc="center left", bbox_to_anchor=(1.0, 0.5))
    plot.save(made, path)


def moved(metrics: dict[str, Any], source: str, key: str) -> float:
    """The largest distance of a layer's coefficient from its start."""
    layers = metrics[f"{source} ar_lif"]["layers"].values()
    return max(abs(values[key] - START[key]) for values in layers)


EXPERIMENT = Experiment(
    claim="β and α that AR-LIF learns in each layer, over training on N-MNIST and a part of CIFAR-10",
    time="estimated at 15 minutes on 2 CPU cores",
    run=run,
    expected=tuple(
        Expectation(
            f"{source}: largest distance of a layer's {sign} from its start",
            lambda m, source=source, key=key: moved(m, source, key),
            low=0.05,
        )
        for source in ("n_mnist", "cifar10_subset")
        for key, sign in SIGNS.items()
    ),
    figure="tracking.png",
)
