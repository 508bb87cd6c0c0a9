"""The loss around a trained minimum, for LIF and TC-LIF.

Reproduces: TC-LIF (AAAI 2024), Figure 5, whose method is not stated. Here the loss of feed-forward networks
1-64-256-256-10 is computed on a grid of [−1, 1] x [−1, 1] in the plane of two random directions, normalised by filter
(Li et al. 2018); biases and β do not move, and both networks have the same directions before normalisation. The paper
has S-MNIST; here it is sequential digits, 256 random training samples, unless JAX has an accelerator.

- "roughness": how far the logarithm of the loss at a point is from the mean of its four neighbours, mean over the grid.
  It depends on the spacing of the grid.
- "rise": the median loss on the edge of the grid over the loss in the middle.
Command: python -m experiments run tc_lif_fig5_landscape
Expected: the paper calls TC-LIF's loss notably smoother: its roughness is below that of LIF.
Time: about 10 minutes on 2 CPU cores.
"""

import math
from typing import Any

import jax
import numpy as np

from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers.tc_lif.setups import (
    FEED_FORWARD,
    SOURCES,
    loss_of,
    on_accelerator,
    parts_of,
    some,
    sources,
    train,
    with_neuron,
)
from spikejax import plot
from spikejax.analysis import filter_normalised, loss_plane
from spikejax.runs import record
from spikejax.runs.parts import Parts

COMPARED = ("lif", "tc_lif")
SAMPLES, SIDE, QUICK_SIDE = 256, 51, 5
TINY = 1e-6  # added to losses before their logarithm is taken


def run(request: Request) -> dict[str, Any]:
    described = {"samples": SAMPLES, "side": SIDE, "quick": request.quick}
    result = record.begin("tc_lif_fig5_landscape", described, {"seed": 0, "data": None})
    side = QUICK_SIDE if request.quick else SIDE
    drawn = {}
    for source, config in sources(request).items():
        found: dict[str, np.ndarray] = {}
        for name in COMPARED:
            own = with_neuron(config, name, None if request.quick else FEED_FORWARD)
            trained = train(request, f"{source} {name}", own)
            if not joined(result, f"{source} {name}", trained.record):
                return result
            found[name] = surface(parts_of(request, own), trained.variables, side)
            result["metrics"][f"{source} {name}"] = {
                "test_accuracy": trained.record["metrics"]["test_accuracy"],
                **summary(found[name]),
            }
        result["history"][source] = {name: values.tolist() for name, values in found.items()}
        drawn |= {f"{source}, {name}": values for name, values in found.items()}
    draw(drawn, request.out / "landscape.png")
    return {**result, "complete": True}


def surface(parts: Parts, variables: Any, side: int) -> np.ndarray:
    """The loss of a random batch on the grid, `[side, side]`; the variables are in its middle."""
    batch, loss = some(parts.train, SAMPLES), loss_of(parts)
    others = {name: values for name, values in variables.items() if name != "params"}
    keys = jax.random.split(jax.random.key(1))
    directions = tuple(filter_normalised(key, variables["params"]) for key in keys)
    grid = np.linspace(-1, 1, side)

    def at(params):
        return loss({"params": params, **others}, batch)

    beside = side if on_accelerator() else 1
    return np.asarray(loss_plane(at, variables["params"], directions, grid, grid, beside=beside))


def summary(losses: np.ndarray) -> dict[str, float]:
    """What the surface is like, see above."""
    logs = np.log(losses + TINY)
    around = (logs[:-2, 1:-1] + logs[2:, 1:-1] + logs[1:-1, :-2] + logs[1:-1, 2:]) / 4
    edge = np.concatenate([losses[0], losses[-1], losses[1:-1, 0], losses[1:-1, -1]])
    middle = float(losses[len(losses) // 2, len(losses) // 2])
    return {
        "loss": middle,
        "rise": float(np.median(edge) / (middle + TINY)),
        "roughness": float(np.abs(logs[1:-1, 1:-1] - around).mean()),
    }


def draw(found: dict[str, np.ndarray], path: Any) -> None:
    """A surface above and contours below, for each data set and neuron, of the logarithm of the loss."""
    made, axes = plot.figure(2, len(found), width=4.6 * len(found), height=7.2)
    logs = {name: np.log10(losses + TINY) for name, losses in found.items()}
    low, high = (f([f(values) for values in logs.values()]) for f in (np.min, np.max))
    for i, (name, values) in enumerate(logs.items()):
        grid = np.linspace(-1, 1, len(values))
        first, second = np.meshgrid(grid, grid, indexing="ij")
        made.delaxes(axes[0, i])
        surface = made.add_subplot(2, len(found), i + 1, projection="3d")
        surface.plot_surface(first, second, values, cmap="viridis", vmin=low, vmax=high)
        surface.set(zlim=(low, high), title=name, zlabel=r"$\log_{10}$ loss")
        surface.tick_params(labelsize=6)
        shown = axes[1, i].contourf(first, second, values, levels=20, vmin=low, vmax=high)
        axes[1, i].set(xlabel="first direction", ylabel="second direction", aspect="equal")
        made.colorbar(shown, ax=axes[1, i], label=r"$\log_{10}$ loss")
    plot.save(made, path)


def smoother(source: str):
    """TC-LIF's roughness over LIF's; NaN if the data were not trained on."""

    def found(metrics):
        if f"{source} tc_lif" not in metrics:
            return math.nan
        return metrics[f"{source} tc_lif"]["roughness"] / metrics[f"{source} lif"]["roughness"]

    return found


EXPERIMENT = Experiment(
    claim="the loss around a minimum is smoother for TC-LIF than for LIF: surfaces and contours",
    time="about 10 minutes on 2 CPU cores",
    run=run,
    expected=tuple(
        Expectation(
            f"{source}: roughness of TC-LIF's loss over that of LIF's",
            smoother(source),
            high=1.0,
            source="TC-LIF, Figure 5, in words",
        )
        for source in SOURCES
    ),
    figure="landscape.png",
)
