"""Events as text: a line of names, then one event per line, whole numbers between commas."""

import warnings

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.events import SensorSize, checked

REMEDY = "give whole numbers, t in microseconds"
ALLOWED = np.zeros(256, bool)
ALLOWED[list(b"0123456789-, \r\n")] = True


def decode(content: bytes, where: str, sensor_size: SensorSize) -> np.ndarray:
    """The events of a file whose first line has the names x, y, t and p in any order.

    Args:
      content: of the file.
      where: the file, for messages.
      sensor_size: width, height and number of polarities.

    Returns:
      Events in the order of time; see `spikejax.data.core.events`.

    Raises:
      CorruptData: other names, a line other than four whole numbers, no events, or impossible events.

    >>> decode(b"t,x,y,p\\n30,1,2,1\\n", "a.csv", (4, 4, 2)).tolist()
    [(1, 2, 30, 1)]
    """
    first, _, rest = content.partition(b"\n")
    names = [name.strip() for name in first.decode("ascii", "replace").split(",")]
    if sorted(names) != sorted("xytp"):
        raise CorruptData(
            f"{where}: expected a first line with the names x, y, t and p, found {first[:80]!r}; name the columns"
        )
    rest = rest.strip() + b"\n"
    text = np.frombuffer(rest, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    wrong = np.diff(np.cumsum(text == ord(","))[ends], prepend=0) != 3
    strange = np.flatnonzero(~ALLOWED[text])
    wrong[np.searchsorted(ends, strange[:1])] = True
    if wrong.any():
        line = int(np.argmax(wrong))
        shown = rest[ends[line - 1] + 1 if line else 0 : ends[line]][:80]
        raise CorruptData(
            f"{where}: expected four whole numbers between commas in line {line + 2}, found {shown!r}; {REMEDY}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy only warns of what it cannot read
        try:
            values = np.fromstring(rest[:-1].replace(b"\n", b","), np.int64, sep=",")
        except (DeprecationWarning, ValueError) as error:
            raise CorruptData(
                f"{where}: expected whole numbers, found {error}; {REMEDY}"
            ) from error
    if len(values) != 4 * len(ends):
        raise CorruptData(
            f"{where}: expected {4 * len(ends)} numbers in {len(ends)} lines, found {len(values)}; {REMEDY}"
        )
    columns = dict(zip(names, values.reshape(-1, 4).T, strict=True))
    x, y, t, p = (columns[name] for name in "xytp")
    return checked(where, x, y, t, p, sensor_size)
