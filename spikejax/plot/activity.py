"""Figures of spikes and of variables over time."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikejax.plot.style import FAINT, INK, THRESHOLD, colour, figure, styled

SHOWN = 256  # neurons of a raster; of a larger layer every k-th one is drawn


@styled
def raster(axis: Any, spikes: Any, *, title: str = "") -> None:
    """Draws spikes `[T, F]`: a dot where neuron f fires at step t. Of many neurons every k-th one is drawn."""
    spikes = np.asarray(spikes)
    if spikes.ndim != 2:
        raise ValueError(
            f"expected spikes [T, F] of one sample, found shape {spikes.shape}; choose a sample first"
        )
    every = -(-spikes.shape[1] // SHOWN)
    steps, neurons = np.nonzero(spikes[:, ::every])
    neurons = every * neurons
    axis.scatter(steps, neurons, s=2.0, c=INK, linewidths=0)
    axis.set(xlim=(-0.5, spikes.shape[0] - 0.5), ylim=(-0.5, spikes.shape[1] - 0.5), title=title)
    axis.set(xlabel="time step", ylabel="neuron" if every == 1 else f"neuron, 1 of {every}")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.yaxis.get_major_locator().set_params(integer=True)


@styled
def rasters(spikes: dict[str, dict[str, Any]]) -> Any:
    """Draws the first sample's spikes, one column per model and one row per layer.

    Args:
      spikes: by model, then by layer, `[T, B, *F]`. A model without a name, "", is not named in the titles.
    """
    layers = max(len(by_layer) for by_layer in spikes.values())
    made, axes = figure(
        layers, len(spikes), width=5.0 * len(spikes), height=2.6 * layers, sharex=True
    )
    for column, (model, by_layer) in enumerate(spikes.items()):
        for row, (layer, values) in enumerate(by_layer.items()):
            first = np.asarray(values)[:, 0]
            first = first.reshape(len(first), -1)
            name = f"{model}, {layer}" if model else layer
            raster(
                axes[row, column],
                first,
                title=f"{name}\n{first.mean():.3f} spikes per neuron and step",
            )
    return made


@styled
def rates(by_model: Mapping[str, Mapping[str, float]], *, title: str = "") -> Any:
    """Draws the firing rate of each layer, from the first to the last, as one line per model.

    Args:
      by_model: by model, then by layer in order, spikes per neuron and time step.
      title: of the figure.

    Raises:
      ValueError: no layers, or models of different layers.
    """
    layers = [tuple(by_layer) for by_layer in by_model.values()]
    if not layers or not layers[0] or len(set(layers)) > 1:
        raise ValueError(
            f"expected models of the same layers, found those of {layers}; give {{model: {{layer: rate}}}}"
        )
    made, axes = figure(width=2.5 + 0.5 * len(layers[0]), height=3.4)
    axis, places = axes[0, 0], np.arange(1, len(layers[0]) + 1)
    for i, (model, by_layer) in enumerate(by_model.items()):
        values = np.array(list(by_layer.values()), float)
        axis.plot(places, values, color=colour(i), marker=".", linewidth=1.2, label=model)
    axis.set(xlabel="layer", ylabel="spikes per neuron and time step", title=title)
    axis.set_ylim(0, None)
    axis.set_xticks(places, layers[0], rotation=45, ha="right", fontsize=7)
    axis.legend()
    return made


@styled
def traces(
    series: dict[str, Any], spikes: Any = None, *, thresholds: Mapping[str, Any] | None = None
) -> Any:
    """Draws variables of one neuron below each other.

    Args:
      series: by name, `[T]`.
      spikes: `[T]`, drawn as lines behind each variable.
      thresholds: by name of a variable, one number or `[T]`, drawn dashed.
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
            level = np.broadcast_to(np.asarray(thresholds[name]), values.shape)
            axis.plot(level, color=THRESHOLD, linewidth=0.9, linestyle="--")
        axis.set_ylabel(name)
    axes[-1, 0].set_xlabel("time step")
    return made
