"""Learning curves of TC-LIF, LIF, PLIF and GLIF, feed-forward and recurrent.

Reproduces: TC-LIF (AAAI 2024), Figure 4: test accuracy against the epoch, mean and standard deviation over four seeds,
which are trials of one program per neuron. The paper has S-MNIST, 200 epochs; here it is sequential digits with the
recipe `digits` and networks 1-64-256-256-10, the recurrent ones with feedback in the first two hidden layers, unless
JAX has an accelerator. LIF, PLIF and TC-LIF are as the authors of TC-LIF released them, GLIF is that of its own
authors, with a gain of the input for each time step.

- "epochs_to_90": the first epoch whose mean accuracy is at least 90 % of the best mean of all neurons; 0 if none is.
Command: python -m experiments run tc_lif_fig4_curves
Expected: TC-LIF needs the fewest epochs, in either network; the paper reads 25 against 100 and 75 of LIF.
Time: about 40 minutes for digits on 2 CPU cores; can be stopped and continued.
"""

import math
from typing import Any

import numpy as np

from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers.tc_lif.setups import FEED_FORWARD, NEURONS, RECURRENT, SOURCES, sources
from spikejax import paths, plot
from spikejax.runs import record, report, sweep

COMPARED = ("lif", "plif", "glif", "tc_lif")
NETWORKS = {"feed-forward": FEED_FORWARD, "recurrent": RECURRENT}
SEEDS = (0, 1, 2, 3)


def run(request: Request) -> dict[str, Any]:
    described = {"neurons": list(COMPARED), "seeds": list(SEEDS), "quick": request.quick}
    result = record.begin("tc_lif_fig4_curves", described, {"seed": 0, "data": None})
    drawn = {}
    for source, config in sources(request).items():
        curves: dict[str, dict[str, np.ndarray]] = {}
        for kind, layers in NETWORKS.items():
            curves[kind] = {}
            for name in COMPARED:
                changes = {} if request.quick else layers
                own = paths.replace(config, {**changes, "neuron": NEURONS[name]})
                out = request.out / f"{source} {kind} {name}"
                seeds = SEEDS[:2] if request.quick else SEEDS
                swept = sweep(own, [{}], out, seeds=seeds, **request.options)
                if not joined(result, f"{source} {kind} {name}", swept):
                    return result
                (values,) = report.by_point(swept["history"], (), "test_accuracy").values()
                curves[kind][name] = values
        result["metrics"] |= summary(source, curves)
        result["history"][source] = {
            kind: {name: values.tolist() for name, values in found.items()}
            for kind, found in curves.items()
        }
        drawn[source] = curves
    draw(drawn, request.out / "curves.png")
    return {**result, "complete": True}


def summary(source: str, curves: dict[str, dict[str, np.ndarray]]) -> dict[str, Any]:
    """The last accuracies and how soon they are reached, by data, network and neuron."""
    found = {}
    for kind, of_neurons in curves.items():
        means = {name: np.nanmean(values, 0) for name, values in of_neurons.items()}
        wanted = 0.9 * max(np.nanmax(mean) for mean in means.values() if np.isfinite(mean).any())
        for name, values in of_neurons.items():
            reached = np.flatnonzero(means[name] >= wanted)
            found[f"{source} {kind} {name}"] = {
                "test_accuracy": _number(means[name][-1]),
                "test_accuracy_std": _number(np.nanstd(values[:, -1])),
                "epochs_to_90": int(reached[0]) + 1 if reached.size else 0,
                "diverged": int(np.isnan(values[:, -1]).sum()),
            }
    return found


def _number(value: Any) -> float | None:
    """None for NaN, where all trials diverged."""
    return float(value) if np.isfinite(value) else None


def draw(curves: dict[str, dict[str, dict[str, np.ndarray]]], path: Any) -> None:
    """Mean and standard deviation over seeds, a row of panels per data set and a panel per network."""
    rows, columns = len(curves), len(NETWORKS)
    made, axes = plot.figure(
        rows, columns, width=4.6 * columns, height=3.6 * rows, sharex="row", sharey=True
    )
    for row, (source, kinds) in zip(axes, curves.items(), strict=True):
        for axis, (kind, found) in zip(row, kinds.items(), strict=True):
            for i, (name, values) in enumerate(found.items()):
                epochs = np.arange(1, values.shape[1] + 1)
                mean, deviation = np.nanmean(values, 0), np.nanstd(values, 0)
                around = (mean - deviation, mean + deviation)
                axis.plot(epochs, mean, color=f"C{i}", label=name)
                axis.fill_between(epochs, *around, color=f"C{i}", alpha=0.2, linewidth=0)
            axis.set(title=f"{source}, {kind}", xlabel="epoch", ylim=(0, 1))
        row[0].set_ylabel("test accuracy")
    axes[0, -1].legend(frameon=False, fontsize=8)
    plot.save(made, path)


def sooner(source: str, kind: str):
    """Epochs that TC-LIF needs over the fewest of another neuron: infinite if it does not get there, 0 if it alone
    does, NaN if the data were not trained on."""

    def found(metrics):
        if f"{source} {kind} tc_lif" not in metrics:
            return math.nan
        needed = {name: metrics[f"{source} {kind} {name}"]["epochs_to_90"] for name in COMPARED}
        own = needed.pop("tc_lif") or math.inf
        return own / min((epochs for epochs in needed.values() if epochs), default=math.inf)

    return found


EXPERIMENT = Experiment(
    claim="TC-LIF learns in fewer epochs than LIF, PLIF and GLIF: learning curves over four seeds",
    time="about 40 minutes for digits on 2 CPU cores",
    run=run,
    expected=tuple(
        Expectation(
            f"{source}, {kind}: epochs that TC-LIF needs over the fewest of another neuron",
            sooner(source, kind),
            high=1.0,
            source="TC-LIF, Figure 4, in words",
        )
        for source in SOURCES
        for kind in NETWORKS
    ),
    figure="curves.png",
)
