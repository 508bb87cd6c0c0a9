"""Gzipped IDX files, the format that MNIST is distributed in."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import AGAIN, size_of

_UNSIGNED_BYTE = 8
BLOCK = 2**20
MOST_AXES = 64  # of an array of NumPy
MOST_VALUES = 2**30  # more than any data set distributed in this format has


def read(path: Path) -> np.ndarray:
    """Reads a gzipped IDX file of unsigned bytes.

    The format: two zero bytes, one byte for the type (8: unsigned byte), one for the number of
    axes, the length of each axis as a big-endian 32-bit integer, then the values, the last axis
    running fastest. No more is unpacked than the header states, since a few bytes of gzip can unpack into gigabytes.

    Args:
      path: the file; its name does not matter.

    Returns:
      The array, uint8, of the shape that the header states.

    Raises:
      MissingData: there is no such file.
      CorruptData: it is not gzip, not IDX, or has more or fewer values than its header says.
    """
    size = size_of(path, MOST_VALUES)
    try:
        with gzip.open(path) as file:
            header = file.read(4)
            header += file.read(4 * header[3] if len(header) == 4 else 0)
            shape = _shape(path, header, size)
            count = math.prod(shape)
            # In blocks: a single read would allocate what the header promises.
            content = bytearray()
            while len(content) <= count and (
                block := file.read(min(BLOCK, count + 1 - len(content)))
            ):
                content += block
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorruptData(
            f"{path}: expected a whole gzip file, found a broken one ({error}); {AGAIN}"
        ) from error
    if len(content) != count:
        more = " or more" if len(content) > count else ""
        raise CorruptData(
            f"{path}: expected {count} values for shape {shape}, found {len(content)}{more}; {AGAIN}"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def _shape(path, header, size):
    """The shape that a header states, of a file of `size` bytes."""
    axes = header[3] if len(header) > 3 else 0
    start = 4 + 4 * axes
    if len(header) < start or header[:3] != bytes((0, 0, _UNSIGNED_BYTE)):
        raise CorruptData(
            f"{path}: expected an IDX header of unsigned bytes (00 00 08) and {start} bytes, found "
            f"{header.hex(' ') or 'nothing'}; delete it and fetch the right file"
        )
    shape = struct.unpack(f">{axes}I", header[4:])
    # NumPy takes no array whose other axes are too long, even if one of them is 0.
    if axes > MOST_AXES or math.prod(max(1, length) for length in shape) > MOST_VALUES:
        shown = f"shape {shape}" if axes <= 8 else f"{axes} axes"
        raise CorruptData(
            f"{path}: expected at most {MOST_AXES} axes and {MOST_VALUES} values, found {shown}; {AGAIN}"
        )
    # Compressed values take hardly more room than the values; the rest would be padding, read byte by byte.
    most = 2 * math.prod(shape) + 2**16
    if size > most:
        raise CorruptData(
            f"{path}: expected at most {most} bytes for shape {shape}, found {size}; {AGAIN}"
        )
    return shape
