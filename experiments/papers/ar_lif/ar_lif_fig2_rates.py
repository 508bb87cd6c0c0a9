"""Firing rates per layer of hard reset, soft reset and AR-LIF.

Reproduces: AR-LIF (arXiv 2507.20746), Figure 2, on stand-ins: the paper's network and data are VGG-11 on DVS Gesture
(with T = 4, by its text). Here VGG-SNNs, a quarter and an eighth as wide, are trained on a part of N-MNIST (1,000
recordings, T = 5) and on 4,000 images of CIFAR-10 (T = 4), see `stand_ins`; one seed.

- "rates": spikes per neuron and time step by layer, over all test samples.
- "authors_rates": the same divided by T once more, as the released code does, whose hook counts per step already: what
  is comparable with values that were read from its output.
- "silent", "saturated": fractions of the neurons of a layer that never and that always fire.
Command: python -m experiments run ar_lif_fig2_rates
Expected: the paper prints no values and says that AR-LIF has the lower average firing rate: its mean over layers is at
most that of the lower of the other two, on either data set.
Time: estimated at 40 minutes on 2 CPU cores; can be stopped and continued.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers.ar_lif.stand_ins import NEURONS, configs, train
from spikejax import plot
from spikejax.analysis import Activity
from spikejax.objectives.activity import spikes_of
from spikejax.runs import record
from spikejax.runs.parts import Parts, build, load


def run(request: Request) -> dict[str, Any]:
    trained = configs(request, tuple(NEURONS))
    described = {"quick": request.quick}
    result = record.begin("ar_lif_fig2_rates", described, {"seed": 0, "data": None})
    for name, config in trained.items():
        found = train(request, name, config)
        if not joined(result, name, found.record):
            return result
        parts = build(config, load(config, request.data_dir))
        accuracy = found.record["metrics"]["test_accuracy"]
        result["metrics"][name] = {"test_accuracy": accuracy, **measured(parts, found.variables)}
        result["history"][name] = found.record["history"]
    draw(result["metrics"], request.out / "rates.png")
    return {**result, "complete": True}


def measured(parts: Parts, variables: Any) -> dict[str, Any]:
    """The activity of a trained network on its test samples, by layer."""
    layers = activity_of(parts, variables).layers
    rates = {layer: values.rate for layer, values in layers.items()}
    steps = len(next(iter(layers.values())).over_time)
    return {
        "steps": steps,
        "rates": rates,
        "authors_rates": divided_twice(rates, steps),
        "mean_rate": float(np.mean(list(rates.values()))),
        "silent": {layer: values.silent for layer, values in layers.items()},
        "saturated": {layer: values.saturated for layer, values in layers.items()},
    }


def activity_of(parts: Parts, variables: Any) -> Activity:
    """The activity of a network on its test samples, batch by batch."""

    @jax.jit
    def spikes(variables, batch):
        return parts.model.run(variables, batch, jax.random.key(0), observe=spikes_of).observed

    activity, size = Activity(), parts.config.batch_size
    for start in range(0, parts.dataset.test.count, size):
        batch = jax.tree.map(lambda x, i=start: jnp.asarray(x[i : i + size]), parts.dataset.test)
        found = jax.device_get(spikes(variables, batch))
        activity.add({layer: {"spikes": values} for layer, values in found.items()})
    return activity


def divided_twice(rates: dict[str, float], steps: int) -> dict[str, float]:
    """Firing rates as the released code computes them: spikes per neuron and time step, divided by T."""
    return {layer: rate / steps for layer, rate in rates.items()}


def draw(metrics, path):
    """The rate of each layer, a line per reset; a panel per data set."""
    sources = list(dict.fromkeys(name.rpartition(" ")[0] for name in metrics))
    made, axes = plot.figure(1, len(sources), width=5.2 * len(sources), height=3.4, sharey=True)
    for axis, source in zip(axes[0], sources, strict=True):
        for i, name in enumerate(NEURONS):
            rates = metrics[f"{source} {name}"]["rates"]
            axis.plot(range(1, len(rates) + 1), list(rates.values()), f"C{i}.-", label=name)
        axis.set(title=source, xlabel="layer", ylim=(0, None))
    axes[0, 0].set_ylabel("spikes per neuron and time step")
    axes[0, -1].legend(frameon=False, fontsize=7)
    plot.save(made, path)


def excess(metrics: dict[str, Any], source: str) -> float:
    """AR-LIF's mean rate minus that of the lower of hard and soft reset."""
    rates = {name: metrics[f"{source} {name}"]["mean_rate"] for name in NEURONS}
    return rates["ar_lif"] - min(rates["hard"], rates["soft"])


EXPERIMENT = Experiment(
    claim="firing rates per layer of hard reset, soft reset and AR-LIF on N-MNIST and a part of CIFAR-10",
    time="estimated at 40 minutes on 2 CPU cores",
    run=run,
    expected=tuple(
        Expectation(
            f"{source}: mean firing rate, AR-LIF minus the lower of hard and soft reset",
            lambda m, source=source: excess(m, source),
            high=0.0,
            source="AR-LIF, Sec. 3.4",
        )
        for source in ("n_mnist", "cifar10_subset")
    ),
    figure="rates.png",
)
