"""MATLAB files of events, as `dat2mat` makes them of CIFAR10-DVS: one matrix with a row per event.

Read here, and not by SciPy, so that a damaged file of a few bytes cannot ask for gigabytes.
"""

import math
import struct
import zlib

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.events import SensorSize, checked, continued, whole
from spikejax.data.core.stored import AGAIN

HEADER, TAG = 128, 8  # bytes
MATRIX, COMPRESSED = 14, 15
# The types of elements that are numbers.
NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
NUMERIC = range(6, 16)  # classes of matrices
MOST_EXPANSION = 64  # how many times as large as the file its content may be
COLUMNS = {4: (0, 1, 2, 3), 6: (0, 3, 4, 5)}  # t, x, y and p


def decode(content: bytes, where: str, sensor_size: SensorSize) -> np.ndarray:
    """The events of the first matrix with 4 columns t, x, y, p, or 6, of which the second and third are not used.

    They are turned as those of the AEDAT files, to which x and y of `dat2mat` belong: the row is x, the column 127 − y;
    polarities are 1, and −1 or 0. Where time falls by more than 0.1 s it goes on, as there.

    Args:
      content: of the file.
      where: the file, for messages.
      sensor_size: width, height and number of polarities.

    Returns:
      Events in the order of time; see `spikejax.data.core.events`.

    Raises:
      CorruptData: no file of MATLAB 5 to 7.2, none of these matrices, no events, or an address out of range.

    Reference: The MathWorks, MAT-file format, level 5.
    """
    if content[:8] == b"\x89HDF\r\n\x1a\n" or content[:10] == b"MATLAB 7.3":
        raise CorruptData(
            f"{where}: expected MATLAB 5 to 7.2, found 7.3; save it with the option -v7"
        )
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise CorruptData(
            f"{where}: expected a MATLAB file, which has IM or MI in bytes 126 and 127, found {content[126:128]!r}; "
            f"{AGAIN}"
        )
    try:
        matrix = _first(content[HEADER:], order)
    except (struct.error, zlib.error, ValueError) as error:
        raise CorruptData(
            f"{where}: expected a matrix of events, found a file that cannot be read ({error}); {AGAIN}"
        ) from error
    columns = COLUMNS[matrix.shape[1]]
    t, x, y, p = (whole(where, name, matrix[:, k]) for name, k in zip("txyp", columns, strict=True))
    return checked(where, 127 - y, x, continued(t), np.where(p == -1, 0, p), sensor_size)


def _first(content, order) -> np.ndarray:
    """The first matrix of numbers with the columns of events."""
    start, left = 0, MOST_EXPANSION * len(content)
    while start < len(content):
        kind, data, start = _element(content, start, order)
        if kind == COMPRESSED:
            unpacker = zlib.decompressobj()
            inside = unpacker.decompress(data, max(left, 1))
            left -= len(inside)
            if not unpacker.eof:
                raise ValueError("a compressed matrix is cut, or larger than it can be")
            kind, data, _ = _element(inside, 0, order)
        matrix = _matrix(data, order) if kind == MATRIX else None
        if matrix is not None:
            return matrix
    raise ValueError(f"no matrix of {' or '.join(map(str, COLUMNS))} columns")


def _element(content, start, order):
    """Type and content of the element at a place, and the place of the next; a short one is inside its tag."""
    kind, length = struct.unpack_from(f"{order}II", content, start)
    first = start + TAG
    if kind >> 16:
        kind, length, first = kind & 0xFFFF, kind >> 16, start + TAG // 2
        if length > TAG // 2:
            raise ValueError(f"a short element of {length} bytes")
    if first + length > len(content):
        raise ValueError(f"{length} bytes stated, {len(content) - first} there")
    end = max(first + length, start + TAG)
    padding = 0 if kind == COMPRESSED else -end % TAG
    return kind, content[first : first + length], end + padding


def _matrix(content, order):
    """A matrix of numbers with the columns of events; None if it is something else."""
    _, flags, start = _element(content, 0, order)
    _, sizes, start = _element(content, start, order)
    _, _, start = _element(content, start, order)  # its name
    (flags,) = struct.unpack_from(f"{order}I", flags)
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    if flags & 255 not in NUMERIC or len(shape) != 2 or shape[1] not in COLUMNS or shape[0] < 0:
        return None
    kind, data, _ = _element(content, start, order)
    if kind not in NUMBERS:
        raise ValueError(f"numbers of type {kind}")
    dtype = np.dtype(order + NUMBERS[kind])
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{len(data)} bytes of a matrix {shape} of {dtype}")
    return np.frombuffer(data, dtype).reshape(shape[::-1]).T
