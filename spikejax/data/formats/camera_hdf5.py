"""Events of a camera in HDF5 files: datasets x, y, t and p, at the root or in the group `events`."""

import hashlib
import io

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.events import SensorSize, checked, whole
from spikejax.data.core.stored import is_of_the_machine
from spikejax.data.formats.events_hdf5 import find
from spikejax.extras import require

REMEDY = "write it again, x, y, t and p being datasets in the file itself"
MOST_EXPANSION = 64  # how many times as large as the file its content may be


def decode(content: bytes, where: str, sensor_size: SensorSize, *, sha256: str) -> np.ndarray:
    """The events of a file of the given checksum: the HDF5 library can hang on a damaged one.

    Args:
      content: of the file.
      where: the file, for messages.
      sensor_size: width, height and number of polarities.
      sha256: of the content, in hexadecimal digits.

    Returns:
      Events in the order of time; see `spikejax.data.core.events`.

    Raises:
      ModuleNotFoundError: h5py is not installed.
      CorruptData: another checksum, or a file that cannot be read, lacks a dataset, or has impossible events.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CorruptData(
            f"{where}: expected sha256 {sha256}, found {found}; restore it from a copy"
        )
    h5py = require("h5py")
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            group = "events/" if "events" in file else ""
            names = list(file["events"] if group else file)
            missing = [name for name in "xytp" if name not in names]
            if missing:
                raise CorruptData(
                    f"{where}: expected the datasets x, y, t and p, found no {', '.join(missing)} among "
                    f"{', '.join(names) or 'none'}; write the missing ones too, under these names"
                )
            stored = {name: find(h5py, where, file, group + name, REMEDY) for name in "xytp"}
            needed = sum(one.size * one.dtype.itemsize for one in stored.values())
            if needed > MOST_EXPANSION * len(content) or any(
                one.ndim != 1 for one in stored.values()
            ):
                raise CorruptData(
                    f"{where}: expected x, y, t and p of one axis and of at most {MOST_EXPANSION} times the file's "
                    f"{len(content)} bytes, found {[one.shape for one in stored.values()]}"
                )
            x, y, t, p = (whole(where, name, one[:]) for name, one in stored.items())
    except CorruptData:
        raise
    except Exception as error:  # h5py raises many types
        if is_of_the_machine(error):
            raise
        raise CorruptData(
            f"{where}: expected an HDF5 file with x, y, t and p, found one that cannot be read ({error}); {REMEDY}"
        ) from error
    return checked(where, x, y, t, p, sensor_size)
