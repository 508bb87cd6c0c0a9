"""Figure of a neuron's responses."""

from typing import Any

import numpy as np

from spikejax.plot.style import FAINT, INK, figure


def portrait(
    responses: dict[str, Any],
    curve: tuple[Any, Any],
    *,
    title: str = "",
    unit: str = "",
    spiking: bool = True,
) -> Any:
    """Draws what a neuron does: one column per current, one row per variable, and the f-I curve.

    Args:
      responses: by the current's name, with current `[T]`, variables by name `[T]` and spikes `[T]`.
      curve: constant currents and the spikes per time step that they elicit.
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
                style = "steps-mid" if name == "current" else "default"
                axis.plot(np.asarray(values), color=INK, linewidth=0.9, drawstyle=style)
            axis.set_xlim(0, len(response.current) - 1)
            if column == 0:
                axis.set_ylabel(f"{name} ({unit})" if name == "current" and unit else name)
            if row == 0:
                axis.set_title(drive)
        axes[-1, column].set_xlabel("time step")
    for axis in axes[1:, -1]:
        axis.remove()
    currents, rates = map(np.asarray, curve)
    axis = axes[0, -1]
    axis.set_subplotspec(axes[0, -1].get_gridspec()[:, -1])
    axis.plot(currents, rates, color=INK, marker=".", linewidth=0.9)
    axis.set(xlabel=f"constant current ({unit})" if unit else "constant current")
    axis.set(ylabel=f"{sent} per time step", title="f-I curve", ylim=(min(0, rates.min()), None))
    if title:
        made.suptitle(title)
    return made
