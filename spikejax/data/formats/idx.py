"""Gzipped IDX files, the format that MNIST is distributed in: verify one, read one."""

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import CorruptData

_UNSIGNED_BYTE = 8


@dataclass(frozen=True)
class Stored:
    """What a distributed file must be.

    Args:
      file: its name.
      length: its size in bytes.
      sha256: the SHA-256 of its content, in hexadecimal digits.
    """

    file: str
    length: int
    sha256: str


def verify(path: Path, expected: Stored) -> None:
    """Verifies the length and the checksum of a file.

    Args:
      path: the file.
      expected: what it must be.

    Raises:
      CorruptData: it is something else; the message has both lengths and checksums.
    """
    content = path.read_bytes()
    found = Stored(expected.file, len(content), hashlib.sha256(content).hexdigest())
    if found != expected:
        raise CorruptData(
            f"{path}: expected {expected.length} bytes with sha256 {expected.sha256}, "
            f"found {found.length} bytes with sha256 {found.sha256}; delete it and fetch it again"
        )


def read(path: Path) -> np.ndarray:
    """Reads a gzipped IDX file of unsigned bytes.

    The format: two zero bytes, one byte for the type (8: unsigned byte), one for the number of
    axes, the length of each axis as a big-endian 32-bit integer, then the values, the last axis
    running fastest.

    Args:
      path: the file; its name does not matter.

    Returns:
      The array, uint8, of the shape that the header states.

    Raises:
      CorruptData: it is not gzip, not IDX, or has more or fewer values than its header says.
    """
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorruptData(
            f"{path}: expected a whole gzip file, found a broken one ({error}); "
            "delete it and fetch it again"
        ) from error
    start = 4 + 4 * content[3] if len(content) > 3 else 4
    if len(content) < start or content[:3] != bytes((0, 0, _UNSIGNED_BYTE)):
        raise CorruptData(
            f"{path}: expected an IDX header of unsigned bytes (00 00 08) and {start} bytes, found "
            f"{content[:start].hex(' ') or 'nothing'}; delete it and fetch the right file"
        )
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise CorruptData(
            f"{path}: expected {math.prod(shape)} values for shape {shape}, "
            f"found {len(content) - start}; delete it and fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
