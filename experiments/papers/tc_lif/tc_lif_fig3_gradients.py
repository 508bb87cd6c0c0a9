"""How the gradient of the loss is spread over time and neurons, for LIF, ALIF and TC-LIF.

Reproduces: TC-LIF (AAAI 2024), Figure 3: feed-forward networks 1-64-256-256-10, a random batch of 256 samples. The
paper does not say of what the gradient is, nor whether the networks are trained. Here it is |∂L/∂I_n[t]|, averaged over
the batch and divided by the sum over all neurons and steps, before and after training; I is the current of the neuron,
so that for LIF it equals the derivative with respect to the membrane potential, for TC-LIF to that of the dendrite, and
for ALIF it is 1 − α, of its layer, times the one with respect to the membrane potential. The paper has S-MNIST,
T = 784; here it is sequential digits, T = 64, unless JAX has an accelerator.

- "first_half": the share of the first half of the time steps; 0.5 if the gradient is spread evenly.
- "first_half_first_layers": the same within the first two hidden layers, neurons 0 to 319, of which the paper speaks.
Command: python -m experiments run tc_lif_fig3_gradients
Expected: after training, TC-LIF's share of the first half, in the first two layers, is above that of LIF and of ALIF.
Time: about 3 minutes on 2 CPU cores.
"""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers.tc_lif.setups import (
    FEED_FORWARD,
    SOURCES,
    loss_of,
    parts_of,
    some,
    sources,
    train,
    with_neuron,
)
from spikejax import plot
from spikejax.analysis import gradient_shares
from spikejax.layers import current_gradients
from spikejax.runs import record
from spikejax.runs.parts import Parts

COMPARED = ("lif", "alif", "tc_lif")
BATCH = 256


def run(request: Request) -> dict[str, Any]:
    described = {"batch": BATCH, "quick": request.quick}
    result = record.begin("tc_lif_fig3_gradients", described, {"seed": 0, "data": None})
    maps: dict[str, dict[str, np.ndarray]] = {}
    for source, config in sources(request).items():
        maps[source] = {}
        for name in COMPARED:
            own = with_neuron(config, name, None if request.quick else FEED_FORWARD)
            trained = train(request, f"{source} {name}", own)
            if not joined(result, f"{source} {name}", trained.record):
                return result
            parts = parts_of(request, own)
            fresh = parts.init(jnp.asarray(own.seed)).measured
            both = {"untrained": fresh, "trained": trained.variables}
            found = {k: share(parts, variables) for k, variables in both.items()}
            maps[source] |= {f"{name}, {k}": values for k, values in found.items()}
            hidden = parts.config.network.hidden
            result["metrics"][f"{source} {name}"] = {
                "test_accuracy": trained.record["metrics"]["test_accuracy"],
                **{k: summary(values, sum(hidden[:2])) for k, values in found.items()},
            }
    draw(maps, request.out / "gradients.png")
    return {**result, "complete": True}


def share(parts: Parts, variables: Any) -> np.ndarray:
    """The share of each time step and neuron in the gradient of the loss of a random batch, `[T, N]`."""
    batch = some(parts.train, BATCH)
    return gradient_shares(current_gradients(loss_of(parts), variables, batch))


def summary(values: np.ndarray, neurons: int) -> dict[str, float]:
    """The share of the first half of the steps, of all neurons and of the first so many."""
    half, first = len(values) // 2, values[:, :neurons]
    return {
        "first_half": float(values[:half].sum()),
        "first_half_first_layers": float(first[:half].sum() / first.sum()),
    }


def draw(maps: dict[str, dict[str, np.ndarray]], path: Any) -> None:
    """Heat maps of one scale, neurons upwards and time to the right, untrained networks above trained ones."""
    rows, columns = 2 * len(maps), len(COMPARED)
    made, axes = plot.figure(
        rows, columns, width=3.4 * columns, height=2.5 * rows, sharex="row", sharey=True
    )
    for number, (source, found) in enumerate(maps.items()):
        even = -np.log10(next(iter(found.values())).size)  # of a gradient that is spread evenly
        for i, (title, values) in enumerate(found.items()):
            axis = axes[2 * number + i % 2, i // 2]
            shown = np.log10(np.maximum(values, 1e-12)) - even
            mesh = axis.pcolormesh(shown.T, vmin=-4, vmax=2, cmap="viridis", rasterized=True)
            axis.set_title(f"{source}, {title}", fontsize=8)
            axis.grid(False)
            made.colorbar(mesh, ax=axis, label=r"$\log_{10}$ of share / even share")
    for axis in axes[-1]:
        axis.set_xlabel("time step")
    for axis in axes[:, 0]:
        axis.set_ylabel("neuron")
    plot.save(made, path)


def above(source: str):
    """TC-LIF's share of the first half minus the larger one of the others, in the first layers; NaN if the data were
    not trained on."""

    def found(metrics):
        if f"{source} tc_lif" not in metrics:
            return math.nan
        rows = {
            name: metrics[f"{source} {name}"]["trained"]["first_half_first_layers"]
            for name in COMPARED
        }
        return rows.pop("tc_lif") - max(rows.values())

    return found


EXPERIMENT = Experiment(
    claim="gradients over time: in trained networks the first half of the steps has a larger share for TC-LIF",
    time="about 3 minutes on 2 CPU cores",
    run=run,
    expected=tuple(
        Expectation(
            f"{source}: share of the first half in the first two layers, TC-LIF minus the larger of LIF and ALIF",
            above(source),
            low=0.0,
            source="TC-LIF, Figure 3, in words",
        )
        for source in SOURCES
    ),
    figure="gradients.png",
)
