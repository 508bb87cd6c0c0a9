"""Filters of events: crop, resize, polarity, refractory period and noise; each without a loop over events.

Each takes the events of one recording in the order of time and returns some of them, in that order.
"""

import numpy as np

from spikejax.data.core.events import SensorSize


def crop(
    events: np.ndarray, sensor_size: SensorSize, kept: tuple[int, int]
) -> tuple[np.ndarray, SensorSize]:
    """The events in the centre of the sensor.

    Args:
      events: structured `[E]`.
      sensor_size: width, height and number of polarities.
      kept: width and height of what is kept.

    Returns:
      The events, addresses counted from the corner of what is kept, and its size.

    Raises:
      ValueError: more is to be kept than there is.

    >>> from spikejax.data.core.events import events_of
    >>> events, size = crop(events_of([0, 2], [1, 1], [5, 6], [0, 1]), (4, 4, 2), (2, 2))
    >>> events.tolist(), size
    ([(1, 0, 6, 1)], (2, 2, 2))
    """
    width, height, polarities = sensor_size
    if kept[0] > width or kept[1] > height:
        raise ValueError(
            f"expected a crop of at most {width} x {height} pixels, found {kept[0]} x {kept[1]}"
        )
    left, top = (width - kept[0]) // 2, (height - kept[1]) // 2
    x, y = events["x"] - left, events["y"] - top
    inside = (x >= 0) & (x < kept[0]) & (y >= 0) & (y < kept[1])
    found = events[inside]
    found["x"], found["y"] = x[inside], y[inside]
    return found, (*kept, polarities)


def resize(
    events: np.ndarray, sensor_size: SensorSize, new: tuple[int, int]
) -> tuple[np.ndarray, SensorSize]:
    """Addresses on a grid of another size, x' = ⌊x W' / W⌋: no event is lost, so the events of pixels add up.

    Resizing frames as images, bilinearly for example, is something else: it averages, and may leave pixels out.

    Args:
      events: structured `[E]`.
      sensor_size: width, height and number of polarities.
      new: width and height.

    Returns:
      The events and the new size.

    >>> from spikejax.data.core.events import events_of
    >>> resize(events_of([3, 0], [2, 3], [5, 6], [0, 1]), (4, 4, 2), (2, 2))[0].tolist()
    [(1, 1, 5, 0), (0, 1, 6, 1)]
    """
    width, height, polarities = sensor_size
    found = events.copy()
    found["x"] = events["x"].astype(np.int64) * new[0] // width
    found["y"] = events["y"].astype(np.int64) * new[1] // height
    return found, (*new, polarities)


def polarity(
    events: np.ndarray, sensor_size: SensorSize, which: str
) -> tuple[np.ndarray, SensorSize]:
    """Events of both polarities, merged into one, or those of one polarity.

    Args:
      events: structured `[E]`.
      sensor_size: width, height and number of polarities.
      which: "both", "merged", "on" or "off".

    Returns:
      The events and the sensor size, with one polarity unless `which` is "both".

    >>> from spikejax.data.core.events import events_of
    >>> polarity(events_of([3, 0], [2, 3], [5, 6], [0, 1]), (4, 4, 2), "on")
    (array([(0, 3, 6, 0)],
          dtype=[('x', '<i2'), ('y', '<i2'), ('t', '<i8'), ('p', 'i1')]), (4, 4, 1))
    """
    if which == "both":
        return events, sensor_size
    kept = {"on": events["p"] == 1, "off": events["p"] == 0}
    found = events[kept[which]] if which in kept else events.copy()
    found["p"] = 0
    return found, (*sensor_size[:2], 1)


def refractory(events: np.ndarray, sensor_size: SensorSize, period: int) -> np.ndarray:
    """Events that come more than a period after the previous event of their pixel, of either polarity.

    The previous event counts whether it was kept or not, as in Tonic: a pixel that goes on firing stays silent.

    Args:
      events: structured `[E]`.
      sensor_size: width, height and number of polarities.
      period: microseconds.

    Returns:
      Some of the events.

    >>> from spikejax.data.core.events import events_of
    >>> refractory(events_of([0] * 4, [0] * 4, [0, 6, 12, 30], [0] * 4), (1, 1, 1), period=10)["t"].tolist()
    [0, 30]
    """
    pixel = events["y"].astype(np.int64) * sensor_size[0] + events["x"]
    order = _order(pixel)
    sorted_pixel, t = pixel[order], events["t"][order]
    kept = np.ones(len(events), bool)
    kept[order[1:]] = (np.diff(sorted_pixel) != 0) | (np.diff(t) > period)
    return events[kept]


def denoise(events: np.ndarray, sensor_size: SensorSize, within: int) -> np.ndarray:
    """Events with another event before them, less than some time ago, at one of the four neighbouring pixels.

    Args:
      events: structured `[E]`.
      sensor_size: width, height and number of polarities.
      within: microseconds.

    Returns:
      Some of the events.

    Reference: T. Delbruck, Frame-free dynamic digital vision, 2008, background activity filter.

    >>> from spikejax.data.core.events import events_of
    >>> denoise(events_of([0, 1, 3, 0], [0, 0, 0, 0], [0, 5, 6, 40], [0] * 4), (4, 1, 1), within=10)["t"].tolist()
    [5]
    """
    width, count = sensor_size[0], len(events)
    # A frame with a border, so that no pixel has a neighbour on the other side.
    pixel = (events["y"].astype(np.int64) + 1) * (width + 2) + events["x"] + 1
    order = _order(pixel)
    # Pixel and number in one integer: what stands before it in the sorted list is the pixel's event before it.
    keys = pixel[order] * count + order
    pixel, t = pixel[order], events["t"][order]
    found, kept = np.zeros(count, bool), np.empty(count, bool)
    for offset in (-1, 1, -width - 2, width + 2):
        before = np.searchsorted(keys, keys + offset * count) - 1
        same = (before >= 0) & (pixel[before] == pixel + offset)
        found |= same & (t - t[before] < within)
    kept[order] = found
    return events[kept]


def _order(pixel):
    """The events by pixel, those of a pixel in the order of time; NumPy sorts integers of 16 bits in linear time."""
    small = pixel.max(initial=0) < 2**16
    return np.argsort(pixel.astype(np.uint16) if small else pixel, kind="stable")
