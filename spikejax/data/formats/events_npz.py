"""Events in `.npz` files: arrays x, y, t and p, or one structured array `events` that has these fields."""

import io
import math
import zipfile

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.events import SensorSize, checked, whole
from spikejax.data.core.stored import is_of_the_machine

MOST_EXPANSION = 64  # how many times as large as the file its content may be
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes


def decode(content: bytes, where: str, sensor_size: SensorSize) -> np.ndarray:
    """The events of a file; nothing is unpickled, and other arrays are left alone.

    Args:
      content: of the file.
      where: the file, for messages.
      sensor_size: width, height and number of polarities.

    Returns:
      Events in the order of time; see `spikejax.data.core.events`.

    Raises:
      CorruptData: it cannot be read, lacks an array, or has impossible events.

    >>> file = io.BytesIO()
    >>> np.savez(file, x=[1], y=[2], t=[30], p=[True])
    >>> decode(file.getvalue(), "a.npz", (4, 4, 2)).tolist()
    [(1, 2, 30, 1)]
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            left = MOST_EXPANSION * len(content)
            if "events.npy" in file.namelist():
                events = _array(file, "events", left)
                _check_names(where, events.dtype.names or (), "fields of events")
                columns = {name: events[name] for name in "xytp"}
            else:
                _check_names(where, [x.removesuffix(".npy") for x in file.namelist()], "arrays")
                columns = {}
                for name in "xytp":
                    columns[name] = _array(file, name, left)
                    left -= columns[name].nbytes
    except CorruptData:
        raise
    except Exception as error:  # zipfile, the decompressors and NumPy raise many types
        if is_of_the_machine(error):
            raise
        raise CorruptData(
            f"{where}: expected the arrays x, y, t and p, or events with these fields, found a file that cannot be "
            f"read ({error}); write it again by np.savez"
        ) from error
    x, y, t, p = (whole(where, name, column) for name, column in columns.items())
    return checked(where, x, y, t, p, sensor_size)


def _check_names(where, names, kind):
    """Raises CorruptData for columns that are not there."""
    missing = [name for name in "xytp" if name not in names]
    if missing:
        raise CorruptData(
            f"{where}: expected the {kind} x, y, t and p, found no {', '.join(missing)} among "
            f"{', '.join(map(str, names)) or 'none'}; write the missing ones by np.savez too, under these names"
        )


def _array(file, name, most):
    """An array of one axis, of no more bytes than can be."""
    if file.getinfo(f"{name}.npy").compress_type not in METHODS:
        raise ValueError(f"{name} is compressed in another way than NumPy's")
    with file.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        if version != (1, 0):
            raise ValueError(f"{name} is of version {version} of the format, not (1, 0)")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        size = math.prod(shape) * dtype.itemsize
        if len(shape) != 1 or dtype.hasobject or not 0 <= size <= most:
            raise ValueError(f"{name} is {dtype} of shape {shape}")
        # One more than is expected: the end of a member is where its checksum is compared.
        values = member.read(size + 1)
    if len(values) != size:
        raise ValueError(f"{name} has {len(values)} bytes and not {size}")
    return np.frombuffer(values, dtype)
