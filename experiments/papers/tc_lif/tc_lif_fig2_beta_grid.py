"""The plane of TC-LIF's initial couplings β1 and β2: four quadrants of nine models each, trained in one program.

Reproduces: TC-LIF (AAAI 2024), Figure 2, on S-MNIST and PS-MNIST. The values of its grid are only in its picture; here
they are ±0.2, ±0.5 and ±0.8, which contain three pairs of Table 5. The signs stay as they are initialised, the sizes of
β1 and β2 are learned. The network is that of the recipe: of `digits` on a CPU, sequential 8x8 digits; where JAX has an
accelerator 1-40-200-64-10 on S-MNIST and PS-MNIST for 36 epochs, too. The paper does not say which network is its own.

- "fitted": whether the training accuracy of an epoch was 100 %, the green dots of the paper.
- The line is where the paper's Eq. 15 is 1, which bounds the third quadrant.
Command: python -m experiments run tc_lif_fig2_beta_grid
Expected: as in the paper, the second quadrant has the best mean test accuracy, and the best of the first and third are
below its worst.
Time: about 12 minutes on 2 CPU cores; can be stopped and continued.
"""

import math
from typing import Any

import numpy as np

from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers.tc_lif.setups import SOURCES, sources
from spikejax import plot
from spikejax.runs import record, report, sweep

VALUES = (-0.8, -0.5, -0.2, 0.2, 0.5, 0.8)
QUICK_VALUES = (-0.5, 0.5)


def run(request: Request) -> dict[str, Any]:
    values = QUICK_VALUES if request.quick else VALUES
    described = {"values": list(values), "quick": request.quick}
    result = record.begin("tc_lif_fig2_beta_grid", described, {"seed": 0, "data": None})
    for source, config in sources(request).items():
        axes = {"beta1": values, "beta2": values}
        swept = sweep(config, axes, request.out / source, **request.options)
        if not joined(result, source, swept):
            return result
        result["metrics"][source] = {
            "programs": len(swept["provenance"]["programs"]),
            "models": points_of(swept),
        }
    draw(result["metrics"], request.out / "grid.png")
    return {**result, "complete": True}


def points_of(swept: dict[str, Any]) -> list[dict[str, Any]]:
    """What became of each model."""
    names = report.axes(swept)
    tests, trainings = (
        report.by_point(swept["history"], names, metric) for metric in ("test_accuracy", "accuracy")
    )
    return [
        {
            "beta1": point[0],
            "beta2": point[1],
            "test_accuracy": float(tests[point][0, -1])
            if np.isfinite(tests[point]).all()
            else None,
            "fitted": bool(np.nanmax(trainings[point]) >= 1.0),
        }
        for point in tests
    ]


def draw(metrics: dict[str, Any], path: Any) -> None:
    """A panel per data set: a point per model with its accuracy in per cent."""
    made, axes = plot.figure(1, len(metrics), width=4.6 * len(metrics), height=4.4)
    for axis, (source, found) in zip(axes[0], metrics.items(), strict=True):
        models = found["models"]
        x, y = ([model[name] for model in models] for name in ("beta1", "beta2"))
        accuracies = [model["test_accuracy"] or 0.0 for model in models]
        shown = axis.scatter(x, y, c=accuracies, s=60, vmin=0, vmax=1, cmap="viridis", zorder=2)
        fitted = [(model["beta1"], model["beta2"]) for model in models if model["fitted"]]
        if fitted:
            axis.scatter(
                *zip(*fitted, strict=True),
                s=130,
                facecolors="none",
                edgecolors=plot.colour(2),
                zorder=1,
            )
        for model, accuracy in zip(models, accuracies, strict=True):
            text = "diverged" if model["test_accuracy"] is None else f"{100 * accuracy:.1f}"
            place = (model["beta1"], model["beta2"])
            axis.annotate(text, place, (0, 6), textcoords="offset points", ha="center", fontsize=6)
        axis.plot([-1, 0, 0], [0, 0, -1], color=plot.colour(0), zorder=0)  # where Eq. 15 is 1
        axis.axhline(0, color="0.8", lw=0.5, zorder=0)
        axis.axvline(0, color="0.8", lw=0.5, zorder=0)
        axis.set(title=source, xlabel="β1", ylabel="β2", xlim=(-1, 1), ylim=(-1, 1))
        made.colorbar(shown, ax=axis, label="test accuracy")
    plot.save(made, path)


def quadrant(models: list[dict[str, Any]], sign1: int, sign2: int) -> list[float]:
    """The test accuracies of a quadrant; 0 for a model that diverged."""
    return [
        model["test_accuracy"] or 0.0
        for model in models
        if model["beta1"] * sign1 > 0 and model["beta2"] * sign2 > 0
    ]


def ahead(models: list[dict[str, Any]]) -> float:
    """The mean accuracy of the second quadrant minus the best mean of another."""
    second, *others = (
        float(np.mean(quadrant(models, *signs))) for signs in ((-1, 1), (1, 1), (-1, -1), (1, -1))
    )
    return second - max(others)


def apart(models: list[dict[str, Any]]) -> float:
    """The worst accuracy of the second quadrant minus the best of the first and third."""
    others = [*quadrant(models, 1, 1), *quadrant(models, -1, -1)]
    return min(quadrant(models, -1, 1)) - max(others)


def _expected(source: str) -> tuple[Expectation, ...]:
    """What is expected of a data set; NaN, "not run", if it was not trained on."""

    def of(value):
        return lambda metrics: value(metrics[source]) if source in metrics else math.nan

    return (
        Expectation(
            f"{source}: mean accuracy of the second quadrant minus the best of another",
            of(lambda found: ahead(found["models"])),
            low=0.0,
            source="TC-LIF, Figure 2",
        ),
        Expectation(
            f"{source}: worst of the second quadrant minus the best of the first and third",
            of(lambda found: apart(found["models"])),
            low=0.0,
            source="TC-LIF, Figure 2",
        ),
        Expectation(
            f"{source}: compiled programs for the 36 models",
            of(lambda found: found["programs"]),
            high=1,
        ),
    )


EXPERIMENT = Experiment(
    claim="36 initial pairs of β1 and β2 in one program: the second quadrant trains best, the first and third hardly",
    time="about 12 minutes on 2 CPU cores",
    run=run,
    expected=tuple(one for source in SOURCES for one in _expected(source)),
    figure="grid.png",
)
