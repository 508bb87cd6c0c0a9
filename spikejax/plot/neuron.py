"""Figure of a neuron's responses."""

from typing import Any

import numpy as np

from spikejax.plot.style import FAINT, INK, THRESHOLD, figure, styled


@styled
def portrait(
    responses: dict[str, Any],
    curve: tuple[Any, Any] | None,
    *,
    title: str = "",
    unit: str = "",
    spiking: bool = True,
    dt: float | None = None,
) -> Any:
    """Draws what a neuron does: one column per current, one row per variable, and the f-I curve.

    Spikes are drawn behind the variables, thresholds dashed.

    Args:
      responses: by the current's name, with current `[T]`, variables by name `[T]`, spikes `[T]` and thresholds `[T]`
        by the name of a variable.
      curve: constant currents and the spikes per time step that they elicit; None leaves it out.
      title: of the figure.
      unit: of the current.
      spiking: False for a neuron whose output is not spikes.
      dt: length of a step in ms, for a neuron that has one; time is then in ms and the f-I curve in Hz.
    """
    names = list(next(iter(responses.values())).variables)
    rows, columns = len(names) + 2, len(responses) + (curve is not None)
    width = 3.6 * len(responses) + (3.4 if curve is not None else 0.4)
    made, axes = figure(rows, columns, width=width, height=1.1 + 1.15 * rows)
    for column, (drive, response) in enumerate(responses.items()):
        _column(axes[:, column], response, spiking, 1.0 if dt is None else dt)
        axes[0, column].set_title(drive)
        axes[-1, column].set_xlabel("time step" if dt is None else "time (ms)")
    for axis, name in zip(axes[:, 0], ["current", *names, _sent(spiking)], strict=True):
        axis.set_ylabel(f"{name} ({unit})" if name == "current" and unit else name)
    made.align_ylabels(axes[:, 0])
    if curve is not None:
        _curve(axes[:, -1], curve, unit, spiking, dt)
    if title:
        made.suptitle(title)
    return made


def _sent(spiking):
    return "spikes" if spiking else "output"


def _column(axes, response, spiking, dt):
    """A response, its current first and its spikes last; all in steps, for a value holds for the whole step."""
    time = dt * np.arange(len(response.current))
    fired = time[np.nonzero(np.asarray(response.spikes))[0]] if spiking else time[:0]
    for axis, values in zip(axes, [response.current, *response.variables.values()], strict=False):
        style = "steps-mid" if axis is axes[0] else "default"
        axis.plot(time, np.asarray(values), color=INK, linewidth=0.9, drawstyle=style)
    for axis, name in zip(axes[1:-1], response.variables, strict=True):
        # Many spikes would hide the variable before them.
        alpha = max(0.3, 1 - len(fired) / len(time))
        lines = axis.get_xaxis_transform()
        axis.vlines(fired, 0, 1, FAINT, linewidth=0.6, transform=lines, alpha=alpha, zorder=0)
        if name in response.thresholds:
            values = np.asarray(response.thresholds[name])
            axis.plot(time, values, color=THRESHOLD, linewidth=0.9, linestyle="--")
    if spiking:
        axes[-1].vlines(fired, 0, 1, INK, linewidth=0.8)
        axes[-1].set(ylim=(0, 1.05), yticks=[])
    else:
        axes[-1].plot(time, np.asarray(response.spikes), color=INK, linewidth=0.9)
    for axis in axes:
        axis.set_xlim(-0.5 * dt, time[-1] + 0.5 * dt)
        axis.xaxis.get_major_locator().set_params(integer=True)


def _curve(axes, curve, unit, spiking, dt):
    """The f-I curve in one axis over all rows."""
    for axis in axes[1:]:
        axis.remove()
    currents, rates = map(np.asarray, curve)
    axis = axes[0]
    axis.set_subplotspec(axis.get_gridspec()[:, -1])
    rates = rates if dt is None else 1000 * rates / dt
    axis.plot(currents, rates, color=INK, marker=".", linewidth=0.9)
    what = f"{_sent(spiking)} per time step" if dt is None else "firing rate (Hz)"
    axis.set(xlabel=f"constant current ({unit})" if unit else "constant current", ylabel=what)
    axis.set(title="f-I curve", ylim=(min(0, rates.min()), None))
