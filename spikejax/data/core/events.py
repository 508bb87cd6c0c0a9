"""Events of a camera: one structured array per recording, and what is done about times that run backwards."""

from typing import Any

import numpy as np

from spikejax.data.core.dataset import CorruptData

# Tonic's field names. Column and row from the upper left, microseconds, 0 for darker and 1 for brighter.
EVENT = np.dtype([("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "i1")])
LONGEST = 2**48  # microseconds, nine years: sums and products of times stay far inside an int64
RESTART = 100_000  # microseconds; time that runs backwards does so by less
# What each column is, and what to do where its values are out of range.
_COLUMNS = {
    "x": ("columns x", "compare them with the sensor's width"),
    "y": ("rows y", "compare them with the sensor's height"),
    "t": ("times t in us", "count them from the first event, t - t.min()"),
    "p": ("polarities p", "give p > 0 if -1 stands for darker"),
}
_SECONDS = "give microseconds, np.round(1e6 * t).astype(int) of times in seconds"
# Width, height and number of polarities, in Tonic's order.
SensorSize = tuple[int, int, int]


def events_of(x: Any, y: Any, t: Any, p: Any) -> np.ndarray:
    """A structured array of events from its columns.

    Args:
      x: columns `[E]`.
      y: rows `[E]`.
      t: microseconds `[E]`.
      p: polarities `[E]`, 0 or 1.

    >>> events_of([1], [2], [30], [1])[0].tolist()
    (1, 2, 30, 1)
    """
    events = np.empty(len(t), EVENT)
    for name, column in zip("xytp", (x, y, t, p), strict=True):
        events[name] = column
    return events


def checked(where: str, x: Any, y: Any, t: Any, p: Any, sensor_size: SensorSize) -> np.ndarray:
    """The events of a recording, checked, in the order of time.

    Recordings have places where time runs back a little; they are repaired by sorting, equal times staying as they are.

    Args:
      where: the file, for messages.
      x: columns `[E]`, whole numbers of any dtype, as `y`, `t` and `p`.
      y: rows `[E]`.
      t: microseconds `[E]`.
      p: polarities `[E]`.
      sensor_size: width, height and number of polarities.

    Returns:
      A structured array `[E]`, E ≥ 1.

    Raises:
      CorruptData: no events, columns of unequal length, or addresses, polarities or times out of range.
    """
    columns = {"x": x, "y": y, "t": t, "p": p}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise CorruptData(f"{where}: expected as many x, y, t and p, found {lengths}")
    if not len(t):
        raise CorruptData(f"{where}: expected events, found an empty recording; leave it out")
    bounds = dict(zip("xyp", sensor_size, strict=True)) | {"t": LONGEST}
    for name, column in columns.items():
        low, high = int(column.min()), int(column.max())
        if low < 0 or high >= bounds[name]:
            what, remedy = _COLUMNS[name]
            bad = int(np.argmax((column < 0) | (column >= bounds[name])))
            raise CorruptData(
                f"{where}: expected {what} from 0 to {bounds[name] - 1}, found {low} to {high}, first in event {bad}; "
                f"{remedy}"
            )
    events = events_of(x, y, t, p)
    if (np.diff(events["t"]) < 0).any():
        events = events[np.argsort(events["t"], kind="stable")]
    return events


def unwrapped(t: np.ndarray, bits: int) -> np.ndarray:
    """Times of a counter that starts again from 0, as times that do not.

    A fall of more than half the counter's range is a new start; a smaller one is time that runs backwards.

    Args:
      t: int64 `[E]`, 0 to 2^bits − 1.
      bits: of the counter.

    >>> unwrapped(np.array([250, 255, 3, 2]), bits=8).tolist()
    [250, 255, 259, 258]
    """
    starts = np.diff(t, prepend=t[:1]) < -(1 << (bits - 1))
    return t + (np.cumsum(starts) << bits) if starts.any() else t


def continued(t: np.ndarray) -> np.ndarray:
    """Times of a counter that may be set back to 0, or be full, at any moment: from there on they go on.

    Where time falls by more than `RESTART` the next event gets the time of the one before it; by less, it runs
    backwards.

    Args:
      t: int64 `[E]`.

    >>> continued(np.array([900_000, 900_010, 5, 15, 14])).tolist()
    [900000, 900010, 900010, 900020, 900019]
    """
    falls = np.diff(t, prepend=t[:1])
    return t - np.cumsum(np.where(falls < -RESTART, falls, 0))


def whole(where: str, name: str, column: np.ndarray) -> np.ndarray:
    """A column of whole numbers of any dtype, as int64.

    Raises:
      CorruptData: values that are not whole numbers, or are too large.

    >>> whole("a.npz", "x", np.array([1.0, 2.0])).tolist()
    [1, 2]
    """
    if column.dtype.kind in "bi":
        return column.astype(np.int64)
    if column.dtype.kind not in "fu":
        raise CorruptData(
            f"{where}: expected {name} as whole numbers, found {column.dtype}; convert them to integers"
        )
    wide = column.astype(np.float64)  # no gaps between whole numbers below LONGEST
    wrong = ~((wide == np.floor(wide)) & (np.abs(wide) < LONGEST))
    if wrong.any():
        bad = int(np.argmax(wrong))
        unit, remedy = ("microseconds", _SECONDS) if name == "t" else ("numbers", "round them")
        raise CorruptData(
            f"{where}: expected {name} as whole {unit} below {LONGEST}, found {wide[bad]}, first in event {bad}; "
            f"{remedy}"
        )
    return column.astype(np.int64)
