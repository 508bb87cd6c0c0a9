"""Figures of training: learning curves, their spread over seeds, a heat map of two values."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikejax.plot.style import INK, colour, figure, styled


@styled
def learning_curves(history: dict[str, list[dict[str, Any]]], *, title: str = "") -> Any:
    """Plots the measurements of training against the epoch: losses on the left, the first metric on the right.

    Training values are dotted, validation values dashed, test values solid; one colour per model. Values missing from
    an entry are not drawn; where they are None or not finite the line has a gap.

    Args:
      history: by model, the entries of its epochs, as `training.fit` returns them.
      title: of the figure.

    Raises:
      ValueError: no model.
    """
    if not isinstance(history, Mapping) or not history:
        raise ValueError(
            f"expected entries by model, found {_kind(history)}; give {{name: entries}}, for one model for example "
            '{"": trained.record["history"]}'
        )
    metric = _first_metric(history)
    names = ["loss"] + ([metric] if metric else [])
    made, axes = figure(1, len(names), width=4.0 * len(names), height=3.4)
    for axis, name in zip(axes[0], names, strict=True):
        for i, (model, entries) in enumerate(history.items()):
            for prefix, line in (("", ":"), ("validation_", "--"), ("test_", "-")):
                there = [entry for entry in entries if prefix + name in entry]
                x = [entry["epoch"] for entry in there]
                y = np.array([entry[prefix + name] for entry in there], float)  # None is NaN
                if np.isfinite(y).any():
                    marker = "." if len(y) < 20 else None
                    label = _label(model, prefix)
                    axis.plot(
                        x, y, line, color=colour(i), marker=marker, linewidth=1.2, label=label
                    )
        axis.set(xlabel="epoch", ylabel=name.replace("_", " "))
        _epochs(axis, max(map(len, history.values())))
    found = np.array([e.get("loss") for entries in history.values() for e in entries], float)
    losses = found[np.isfinite(found)]
    if losses.size and losses.min() > 0 and losses.max() > 10 * losses.min():
        axes[0, 0].set_yscale("log")
    if metric and "accuracy" in metric:
        axes[0, -1].set_ylim(0, 1)
    if axes[0, -1].get_legend_handles_labels()[0]:
        axes[0, -1].legend()
    if title:
        made.suptitle(title)
    return made


def _kind(history):
    named = isinstance(history, Mapping)
    return "none" if named and not history else f"a {type(history).__name__}"


def _epochs(axis, count):
    """Whole epochs as ticks; a single one stands in the middle."""
    axis.xaxis.get_major_locator().set_params(integer=True)
    if count == 1:
        axis.set_xlim(0, 2)


def _label(model, prefix):
    part = {"": "training", "validation_": "validation", "test_": "test"}[prefix]
    return f"{model}, {part}" if model else part


def _first_metric(history):
    """The first metric of the training samples other than the loss."""
    for entries in history.values():
        for entry in entries:
            for name, value in entry.items():
                known = ("epoch", "loss", "seconds", "gradient_norm", "peak_memory_mb")
                plain = not name.startswith(("validation_", "test_")) and name not in known
                if plain and isinstance(value, float):
                    return name
    return None


@styled
def spread(curves: dict[str, Any], *, label: str, title: str = "") -> Any:
    """Plots the mean of runs against the epoch, with a band of one standard deviation.

    Args:
      curves: by name, `[runs, epochs]`; NaN where a run has no value.
      label: what is plotted.
      title: of the figure.

    Raises:
      ValueError: no curves.
    """
    if not curves:
        raise ValueError("expected curves by name, found none; give {name: [runs, epochs]}")
    made, axes = figure(height=3.8)
    axis = axes[0, 0]
    for i, (name, values) in enumerate(curves.items()):
        values = np.ma.masked_invalid(values)
        epochs = np.arange(1, values.shape[1] + 1)
        mean, deviation = values.mean(0), values.std(0)
        axis.plot(
            epochs,
            mean,
            color=colour(i),
            label=textwrap.fill(name, 40),
            linewidth=1.2,
            marker="." if len(epochs) < 20 else None,
        )
        axis.fill_between(
            epochs, mean - deviation, mean + deviation, color=colour(i), alpha=0.2, linewidth=0
        )
    runs = max(len(values) for values in curves.values())
    axis.set(xlabel="epoch", ylabel=label, title=title)
    if runs > 1:
        axis.set_title(f"mean ± standard deviation of {runs} runs", loc="right", fontsize=7)
    _epochs(axis, max(np.shape(values)[1] for values in curves.values()))
    if len(curves) > 1:
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return made


@styled
def heat_map(
    values: dict[tuple[float, float], float], names: tuple[str, str], *, label: str, title: str = ""
) -> Any:
    """Draws one value for each pair of two others as a cell; a pair without a value, or with NaN, is crossed out.

    Args:
      values: by (down, across).
      names: of the two axes, down and across.
      label: what the cells show.
      title: of the figure.

    Raises:
      ValueError: no values.
    """
    if not values:
        raise ValueError("expected values by pair, found none; give {(down, across): value}")
    rows, columns = (sorted({pair[i] for pair in values}) for i in (0, 1))
    cells = np.array([[values.get((row, column), np.nan) for column in columns] for row in rows])
    made, axes = figure(width=2.6 + 0.75 * len(columns), height=1.6 + 0.5 * len(rows))
    axis = axes[0, 0]
    shown = axis.imshow(np.ma.masked_invalid(cells), cmap="viridis", aspect="auto", origin="lower")
    middle = np.nanmean(cells) if np.isfinite(cells).any() else 0.0
    for (i, j), value in np.ndenumerate(cells):
        text = f"{value:.3f}" if np.isfinite(value) else "×"
        colour = "white" if np.isfinite(value) and value < middle else INK
        axis.text(j, i, text, ha="center", va="center", color=colour, fontsize=8)
    axis.set_xticks(range(len(columns)), [f"{x:.4g}" for x in columns])
    axis.set_yticks(range(len(rows)), [f"{x:.4g}" for x in rows])
    axis.set(xlabel=names[1], ylabel=names[0], title=title)
    made.colorbar(shown, label=label)
    return made
