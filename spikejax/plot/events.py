"""Figures of an event camera's recordings: clouds of events, and frames."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikejax.plot.style import BLUE, FAINT, INK, VERMILION, figure, styled

SHOWN = 3000  # events of a cloud; of more every k-th one is drawn


@styled
def clouds(recordings: Mapping[str, Any]) -> Any:
    """Draws recordings as clouds of events in time and space: orange for brighter, blue for darker.

    Args:
      recordings: by title, events `[E]` with the columns x, y, t in microseconds and p, as the recordings of a data
        set have them. Of many events every k-th one is drawn.

    Raises:
      ValueError: no recordings, no events, or an array without these columns.
    """
    if not recordings:
        raise ValueError("expected recordings by title, found none; give {title: events}")
    for title, events in recordings.items():
        names = np.asarray(events).dtype.names or ()
        if not {"x", "y", "t", "p"} <= set(names) or not len(events):
            raise ValueError(
                f"expected events [E] with columns x, y, t and p for {title!r}, found {len(events)} with "
                f"{', '.join(names) or 'none'}; give those of dataset.recordings()"
            )
    made, axes = figure(
        *(1, len(recordings)),
        width=4.6 * len(recordings),
        height=3.6,
        subplot_kw={"projection": "3d"},
    )
    for axis, (title, events) in zip(axes[0], recordings.items(), strict=True):
        shown = events[:: -(-len(events) // SHOWN)]
        time = (shown["t"] - events["t"].min()) / 1000
        colours = np.where(shown["p"] > 0, VERMILION, BLUE)
        points = {"s": 1.5, "linewidths": 0, "depthshade": False, "rasterized": True}
        axis.scatter(time, shown["x"], shown["y"], c=colours, **points)
        axis.set(title=title, xlabel="time (ms)", ylabel="x", zlabel="y")
        axis.invert_zaxis()  # rows are counted from the upper edge
        axis.locator_params(nbins=4)
        axis.set_box_aspect((1.8, 1, 1), zoom=0.95)
        axis.view_init(elev=18, azim=-65)
    return made


@styled
def frames(samples: Mapping[str, Any], *, columns: int = 5) -> Any:
    """Draws frames of events, one row per sample: the more events, the darker; orange for brighter, blue for darker.

    Args:
      samples: by title, `[T, H, W, P]` with P = 1, or 2 for darker and brighter.
      columns: most frames of a sample, evenly over its steps.

    Raises:
      ValueError: no samples, or an array of another shape.
    """
    if not samples:
        raise ValueError("expected samples by title, found none; give {title: [T, H, W, P]}")
    for title, values in samples.items():
        if np.ndim(values) != 4 or np.shape(values)[-1] not in (1, 2) or not np.size(values):
            raise ValueError(
                f"expected frames [T, H, W, P] of one sample with P of 1 or 2 for {title!r}, found shape "
                f"{np.shape(values)}; choose a sample first"
            )
    columns = min(columns, max(len(values) for values in samples.values()))
    heights = [np.shape(values)[1] / np.shape(values)[2] for values in samples.values()]
    size = {"width": 1.9 * columns, "height": sum(1.9 * height + 0.3 for height in heights)}
    made, axes = figure(len(samples), columns, height_ratios=heights, **size)
    for row, (title, values) in zip(axes, samples.items(), strict=True):
        images = coloured(np.asarray(values, float))
        steps = np.unique(np.linspace(0, len(images) - 1, columns).round().astype(int))
        for axis, step in zip(row, steps, strict=False):
            axis.imshow(images[step], interpolation="nearest")
            axis.set_title(f"{title}, step {step}" if title else f"step {step}", fontsize=8)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=True, color=FAINT)
        for axis in row[len(steps) :]:
            axis.remove()
    return made


def coloured(values: np.ndarray) -> np.ndarray:
    """Frames `[T, H, W, P]` as colours `[T, H, W, 3]` from 0 to 1: white where there are no events.

    >>> coloured(np.array([0.0, 1.0]).reshape(1, 1, 2, 1))[0, 0].round(2).tolist()
    [[1.0, 1.0, 1.0], [0.1, 0.1, 0.1]]
    """
    from matplotlib.colors import to_rgb

    names = (INK,) if values.shape[-1] == 1 else (BLUE, VERMILION)
    some = values[values > 0]
    # A few pixels have most of the events: the most saturated colour is reached by a tenth of all.
    most = np.percentile(some, 90) if some.size else 1.0
    amounts = np.clip(values / most, 0, 1)
    absorbed = amounts @ (1 - np.array([to_rgb(name) for name in names]))
    return np.clip(1 - absorbed, 0, 1)
