"""The figures of a run and of a sweep; without matplotlib they are left out, with a message."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spikejax import plot
from spikejax.runs import report
from spikejax.runs.parts import Parts

SHOWN = len(plot.COLOURS)  # points in the curves of a sweep


def of_run(parts: Parts, variables: Any, history: list[dict[str, Any]], out: Path) -> list[Path]:
    """Learning curves, and the spikes of the first test sample."""
    made = drawn(lambda: plot.learning_curves({"": history}, title=out.name), out)
    if made is None:
        return []
    saved = [plot.save(made, out / "learning_curves.png")]
    spikes = spikes_of(parts, variables)
    if spikes:
        saved.append(plot.save(plot.rasters({"": spikes}), out / "raster.png"))
    return saved


def spikes_of(parts: Parts, variables: Any) -> dict[str, np.ndarray]:
    """The spikes `[T, 1, *F]` of each layer for the first test sample."""

    @jax.jit
    def run(variables, batch):
        def keep(activity):
            return {k: values["spikes"] for k, values in activity.items() if "spikes" in values}

        return parts.model.run(variables, batch, jax.random.key(0), observe=keep).observed

    one = jax.tree.map(lambda x: jnp.asarray(x[:1]), parts.dataset.test)
    return jax.device_get(run(jax.tree.map(jnp.asarray, variables), one))


def of_sweep(result: dict[str, Any], out: Path) -> list[Path]:
    """The learning curves of the best points and, if two values vary, a heat map."""
    ranking, rows = result["provenance"]["selection"], result["history"]
    names, metric = report.axes(result), ranking["metric"]
    points = report.by_point(rows, names, metric)
    ranked = report.ranked(rows, names, ranking)
    best = [point for point, *_ in ranked[:SHOWN]]
    shown = dict(zip(report.labels(names, best), (points[point] for point in best), strict=True))
    label = metric.replace("_", " ")
    made = drawn(lambda: plot.spread(shown, label=label, title=out.name), out)
    if made is None:
        return []
    saved = [plot.save(made, out / "learning_curves.png")]
    varied = [i for i in range(len(names)) if len({point[i] for point in points}) > 1]
    if len(varied) == 2 and all(isinstance(point[i], float) for point in points for i in varied):
        down, across = varied
        ends = {(point[down], point[across]): mean for point, mean, *_ in ranked}
        first, second = report.short([names[i] for i in varied])
        made = plot.heat_map(ends, (first, second), label=label, title=out.name)
        saved.append(plot.save(made, out / "heat_map.png"))
    return saved


def drawn(draw: Callable[[], Any], out: Path) -> Any:
    """A figure; None, with a message, if matplotlib is not installed."""
    try:
        return draw()
    except ModuleNotFoundError as error:
        print(f"no figures in {out}: {error}", file=sys.stderr)
        return None
