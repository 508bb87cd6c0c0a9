"""Arrays by name in `.npz` files, of known shapes and dtypes: nothing else is unpacked."""

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import AGAIN, is_of_the_machine, size_of

_OTHER_BYTES = 2**20  # of headers and of members that are not read
_BLOCK = 2**20


class Layout(NamedTuple):
    """What a stored array must be.

    Attributes:
      shape: its axes.
      dtype: the name of its dtype.
    """

    shape: tuple[int, ...]
    dtype: str = "uint8"

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def read(path: Path, expected: Mapping[str, Layout]) -> tuple[np.ndarray, ...]:
    """Reads arrays; the header of each is compared with what is expected before its values are unpacked.

    Other members of the file are left alone, and no file is written. Nothing is unpickled.

    Args:
      path: the file.
      expected: what the arrays must be, by name.

    Returns:
      The arrays, in the order of `expected`.

    Raises:
      MissingData: there is no such file.
      CorruptData: it cannot be read, lacks an array, or has one of another shape or dtype.
    """
    size_of(path, sum(layout.size for layout in expected.values()) + _OTHER_BYTES)
    try:
        with zipfile.ZipFile(path) as file:
            return tuple(_read_member(file, path, *item) for item in expected.items())
    except CorruptData:
        raise
    except Exception as error:  # zipfile, the decompressors and NumPy raise many types
        if is_of_the_machine(error):
            raise
        names = ", ".join(expected)
        raise CorruptData(
            f"{path}: expected the arrays {names}, found a file that cannot be read ({error}); {AGAIN}"
        ) from error


def _read_member(file, path, name, layout):
    with file.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        if version != (1, 0):
            raise ValueError(f"{name} is of version {version} of the format, not (1, 0)")
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(member)
        if (shape, dtype.name, by_columns) != (*layout, False):
            raise CorruptData(
                f"{path}: expected {name} as {layout.dtype} of shape {layout.shape} in row-major order, found "
                f"{dtype} of shape {shape}{' by columns' if by_columns else ''}; {AGAIN}"
            )
        # One more than is expected: the end of a member is where its checksum is compared. In blocks: a single read
        # would need the memory of the values twice.
        values, count = np.empty(layout.size + 1, np.uint8), 0
        while count <= layout.size and (
            block := member.readinto(values.data[count : count + _BLOCK])
        ):
            count += block
    if count != layout.size:
        more = " or more" if count > layout.size else ""
        raise CorruptData(
            f"{path}: expected {layout.size} bytes of {name}, found {count}{more}; {AGAIN}"
        )
    return values[:count].view(dtype).reshape(shape)
