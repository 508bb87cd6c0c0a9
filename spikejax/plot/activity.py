"""Figures of spikes and of variables over time."""

from typing import Any

import numpy as np

from spikejax.plot.style import FAINT, INK, figure

SHOWN = 256  # neurons of a raster; of a larger layer every k-th one is drawn


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
    axes[-1, 0].set_xlabel("time step")
    return made
