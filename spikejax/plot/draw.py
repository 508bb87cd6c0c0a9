"""Pictures of spikes, traces and training; the only place that imports matplotlib."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from spikejax.extras import require

INK, FAINT = "#1a1a1a", "#9a9a9a"


def figure(
    rows: int = 1, columns: int = 1, *, width: float = 8.0, height: float = 3.0, **options
) -> tuple[Any, Any]:
    """A figure and its `[rows, columns]` axes in the library's style, made without a display."""
    require("matplotlib")
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=120, layout="constrained")
    axes = made.subplots(rows, columns, squeeze=False, **options)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    return made, axes


def save(made: Any, path: str | Path) -> Path:
    """Writes a figure as PNG: the file is the old one or the new one, never a part."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    made.savefig(temporary, format="png")
    os.replace(temporary, path)
    return path


def raster(axis: Any, spikes: Any, *, title: str = "") -> None:
    """Draws spikes `[T, F]`: a dot where neuron f fires at step t."""
    spikes = np.asarray(spikes)
    if spikes.ndim != 2:
        raise ValueError(
            f"expected spikes [T, F] of one sample, found shape {spikes.shape}; choose a sample first"
        )
    steps, neurons = np.nonzero(spikes)
    axis.scatter(steps, neurons, s=2.0, c=INK, linewidths=0)
    axis.set(xlim=(-0.5, spikes.shape[0] - 0.5), ylim=(-0.5, spikes.shape[1] - 0.5), title=title)
    axis.set(xlabel="step", ylabel="neuron")


def rasters(spikes: dict[str, dict[str, Any]]) -> Any:
    """Draws the first sample's spikes, one column a model and one row a layer.

    Args:
      spikes: by model, then by layer, `[T, B, F]`.
    """
    layers = max(len(by_layer) for by_layer in spikes.values())
    made, axes = figure(
        layers, len(spikes), width=5.0 * len(spikes), height=2.6 * layers, sharex=True
    )
    for column, (model, by_layer) in enumerate(spikes.items()):
        for row, (layer, values) in enumerate(by_layer.items()):
            first = np.asarray(values)[:, 0]
            rate = f"{first.mean():.3f} spikes a neuron and step"
            raster(axes[row, column], first, title=f"{model}, {layer}: {rate}")
    return made


def traces(
    series: dict[str, Any], spikes: Any = None, *, thresholds: dict[str, float] | None = None
) -> Any:
    """Draws variables of one neuron below each other.

    Args:
      series: by name, `[T]`.
      spikes: `[T]`, drawn as lines behind each variable.
      thresholds: by name of a variable, drawn dashed.
    """
    made, axes = figure(len(series), height=1.0 + 1.2 * len(series), sharex=True)
    for axis, (name, values) in zip(axes[:, 0], series.items(), strict=True):
        values = np.asarray(values)
        if values.ndim != 1:
            raise ValueError(f"expected {name} [T] of one neuron, found shape {values.shape}")
        if spikes is not None:
            fired = np.nonzero(np.asarray(spikes))[0]
            axis.vlines(fired, 0, 1, FAINT, linewidth=0.8, transform=axis.get_xaxis_transform())
        axis.plot(values, color=INK, linewidth=1.2)
        if thresholds and name in thresholds:
            axis.axhline(thresholds[name], color="C3", linewidth=0.8, linestyle="--")
        axis.set_ylabel(name)
    axes[-1, 0].set_xlabel("step")
    return made


def learning_curves(history: dict[str, list[dict]], *, title: str = "") -> Any:
    """Draws loss and accuracy against the epoch, one colour a model.

    Args:
      history: by model, entries with epoch, loss, accuracy and test_accuracy, as `train.fit` returns them.
      title: of the figure.
    """
    made, axes = figure(1, 2, height=3.4)
    loss, accuracy = axes[0]
    for i, (name, entries) in enumerate(history.items()):
        epochs = [entry["epoch"] for entry in entries]
        loss.plot(epochs, [entry["loss"] for entry in entries], color=f"C{i}", label=name)
        accuracy.plot(
            epochs, [entry["accuracy"] for entry in entries], color=f"C{i}", linestyle=":"
        )
        accuracy.plot(
            epochs, [entry["test_accuracy"] for entry in entries], color=f"C{i}", label=name
        )
    loss.set(xlabel="epoch", ylabel="training loss", yscale="log")
    accuracy.set(xlabel="epoch", ylabel="accuracy (test solid, training dotted)", ylim=(0, 1))
    accuracy.legend(frameon=False, loc="lower right")
    if title:
        made.suptitle(title)
    return made


def spread(curves: dict[str, Any], *, label: str, title: str = "") -> Any:
    """Draws the mean of some runs against the epoch and, behind it, one standard deviation to each side.

    Args:
      curves: by name, `[runs, epochs]`; NaN where a run has none.
      label: what is drawn.
      title: of the figure.
    """
    made, axes = figure(height=3.8)
    axis = axes[0, 0]
    for i, (name, values) in enumerate(curves.items()):
        values = np.ma.masked_invalid(values)
        epochs = np.arange(1, values.shape[1] + 1)
        mean, deviation = values.mean(0), values.std(0)
        axis.plot(
            epochs,
            mean,
            color=f"C{i}",
            label=name,
            linewidth=1.2,
            marker="." if len(epochs) < 20 else None,
        )
        axis.fill_between(
            epochs, mean - deviation, mean + deviation, color=f"C{i}", alpha=0.2, linewidth=0
        )
    runs = max(len(values) for values in curves.values())
    axis.set(
        xlabel="epoch", ylabel=f"{label}, mean ± std of {runs}" if runs > 1 else label, title=title
    )
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return made


def heat_map(
    values: dict[tuple[float, float], float], names: tuple[str, str], *, label: str, title: str = ""
) -> Any:
    """Draws a number for each pair of two others as a cell; a pair without one, or with NaN, is crossed out.

    Args:
      values: by (down, across).
      names: of down and across.
      label: what the cells are.
      title: of the figure.
    """
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


def portrait(
    responses: dict[str, Any],
    curve: tuple[Any, Any],
    *,
    title: str = "",
    unit: str = "",
    spiking: bool = True,
) -> Any:
    """Draws what a neuron does: one column a current, one row a variable, and the f-I curve.

    Args:
      responses: by the current's name, with current `[T]`, variables by name `[T]` and spikes `[T]`.
      curve: constant currents and the spikes a step that they make.
      title: of the figure.
      unit: of the current.
      spiking: False for a neuron whose output is not spikes.
    """
    sent = "spikes" if spiking else "output"
    names = list(next(iter(responses.values())).variables)
    rows = len(names) + 2
    made, axes = figure(
        rows, len(responses) + 1, width=3.6 * len(responses) + 3.4, height=1.1 + 1.15 * rows
    )
    for column, (drive, response) in enumerate(responses.items()):
        shown = {"current": response.current, **response.variables, sent: response.spikes}
        fired = np.nonzero(np.asarray(response.spikes))[0] if spiking else []
        for row, (name, values) in enumerate(shown.items()):
            axis = axes[row, column]
            if name == "spikes":
                axis.vlines(fired, 0, 1, INK, linewidth=0.8)
                axis.set(ylim=(0, 1.05), yticks=[])
            else:
                if name != "current" and len(fired) < 0.3 * len(response.current):
                    lines = axis.get_xaxis_transform()
                    axis.vlines(fired, 0, 1, FAINT, linewidth=0.6, transform=lines)
                axis.plot(np.asarray(values), color=INK, linewidth=0.9)
            axis.set_xlim(0, len(response.current) - 1)
            if column == 0:
                axis.set_ylabel(f"{name} ({unit})" if name == "current" and unit else name)
            if row == 0:
                axis.set_title(drive)
        axes[-1, column].set_xlabel("step")
    for axis in axes[1:, -1]:
        axis.remove()
    currents, rates = map(np.asarray, curve)
    axis = axes[0, -1]
    axis.set_subplotspec(axes[0, -1].get_gridspec()[:, -1])
    axis.plot(currents, rates, color=INK, marker=".", linewidth=0.9)
    axis.set(xlabel=f"constant current ({unit})" if unit else "constant current")
    axis.set(ylabel=f"{sent} a step", title="f-I curve", ylim=(min(0, rates.min()), None))
    if title:
        made.suptitle(title)
    return made
