"""Binary files of five bytes per event, the format that N-MNIST and N-Caltech101 are distributed in."""

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.events import SensorSize, checked, unwrapped
from spikejax.data.core.stored import AGAIN

BYTES = 5  # per event
TIME_BITS = 23
OVERFLOW_ROW = 240  # a mark, not an event, in the readers of the data sets' author
OVERFLOW = 2**13  # microseconds that a mark adds to all later times


def decode(content: bytes, where: str, sensor_size: SensorSize) -> np.ndarray:
    """The events of a file.

    Per event: column, row, one bit of polarity, 23 bits of time in microseconds, big-endian. In a row 240, which no
    sensor of these data sets has, it marks that 2^13 us are to be added to the times from there on. A time that falls
    by more than half its range has started again from 0, and goes on.

    Args:
      content: of the file.
      where: the file, for messages.
      sensor_size: width, height and number of polarities.

    Returns:
      Events in the order of time; see `spikejax.data.core.events`.

    Raises:
      CorruptData: no events, a part of an event, or an address out of range.

    >>> decode(bytes([3, 4, 0x80, 1, 2]), "a.bin", (34, 34, 2)).tolist()
    [(3, 4, 258, 1)]
    """
    if len(content) % BYTES:
        raise CorruptData(
            f"{where}: expected {BYTES} bytes per event, found {len(content)} bytes, the last event being cut; {AGAIN}"
        )
    x, y, high, middle, low = np.frombuffer(content, np.uint8).reshape(-1, BYTES).T
    t = (high & 127).astype(np.int64) << 16 | middle.astype(np.int64) << 8 | low
    p = high >> 7
    marks = y == OVERFLOW_ROW
    if marks.any():
        t += OVERFLOW * np.cumsum(marks)
        x, y, t, p = (column[~marks] for column in (x, y, t, p))
    else:
        t = unwrapped(t, TIME_BITS)
    return checked(where, x, y, t, p, sensor_size)
