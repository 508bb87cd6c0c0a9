"""HDF5 files of spike trains, the format that SHD and SSC are distributed in."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import AGAIN, is_of_the_machine, size_of
from spikejax.extras import require

BLOCK = 16  # recordings read at once
MOST_PADDING = 64  # how many times as large as the file the padded recordings may be
MOST_COMPRESSED = 2**22  # bytes; they can unpack into a thousand times as many
_LARGEST_TIME = float(np.finfo(np.float16).max)


class Recordings(NamedTuple):
    """Spike trains of unequal lengths, padded to the longest.

    Attributes:
      times: seconds, `[N, E]`; 0 where padded.
      units: addresses, int16 `[N, E]`; −1 where padded.
      labels: int32 `[N]`.
    """

    times: np.ndarray
    units: np.ndarray
    labels: np.ndarray


class Trains(NamedTuple):
    """Spike trains as they are stored.

    Attributes:
      times: seconds, an array per recording.
      units: addresses, likewise.
      labels: int32 `[N]`.
      speakers: integers `[N]`; None if the file does not name them, or they were not asked for.
    """

    times: list[np.ndarray]
    units: list[np.ndarray]
    labels: np.ndarray
    speakers: np.ndarray | None


def read(path: Path, channels: int, classes: int | None = None) -> Recordings:
    """Reads the spike trains of a file and pads them to the longest; see `trains`."""
    found = trains(path, channels, classes)
    return Recordings(*_padded(path, found.times, found.units, size_of(path)), found.labels)


def trains(path: Path, channels: int, classes: int | None = None, speakers: bool = False) -> Trains:
    """Reads the datasets spikes/times, spikes/units and labels of a file; it is not led to any other file.

    Args:
      path: the file.
      channels: addresses are 0 to `channels` − 1.
      classes: labels are 0 to `classes` − 1; None if their number is not known.
      speakers: whether extra/speaker is read, if it is there.

    Raises:
      ModuleNotFoundError: h5py is not installed.
      MissingData: there is no such file.
      CorruptData: the file cannot be read, lacks a dataset, or holds invalid spike trains.
    """
    h5py = require("h5py")
    size = size_of(path)
    try:
        with h5py.File(path, "r") as file:
            stored = [
                find(h5py, path, file, name) for name in ("spikes/times", "spikes/units", "labels")
            ]
            _check_layout(h5py, path, stored, size)
            times, units = _trains(path, stored[0], stored[1], size, channels)
            labels = stored[2][:]
            spoken = _speakers(h5py, path, file, len(labels)) if speakers else None
    except CorruptData:
        raise
    except Exception as error:  # h5py raises many types
        if is_of_the_machine(error):
            raise
        raise CorruptData(
            f"{path}: expected an HDF5 file with spikes/times, spikes/units and labels, found one that cannot be read "
            f"({error}); {AGAIN}"
        ) from error
    largest = np.iinfo(np.int32).max if classes is None else classes - 1
    if labels.min() < 0 or labels.max() > largest:
        raise CorruptData(
            f"{path}: expected labels from 0 to {largest}, found {labels.min()} to {labels.max()}"
        )
    return Trains(times, units, labels.astype(np.int32), spoken)


def _speakers(h5py, path, file, count):
    """Who speaks, if the file says so."""
    link = file.get("extra", getlink=True)
    if link is None or (isinstance(link, h5py.HardLink) and "speaker" not in file["extra"]):
        return None
    found = find(h5py, path, file, "extra/speaker")
    if found.shape != (count,) or found.dtype.kind not in "iu":
        raise CorruptData(
            f"{path}: expected extra/speaker as {count} integers, found {found.dtype}{list(found.shape)}; {AGAIN}"
        )
    return found[:]


def find(h5py: Any, path: Path | str, file: Any, name: str, remedy: str = AGAIN) -> Any:
    """A dataset that lies in this file as a whole: no link is followed that could lead to another."""
    place = file
    for part in name.split("/"):
        if not isinstance(place, h5py.Group):
            break
        link = place.get(part, getlink=True)
        if link is not None and not isinstance(link, h5py.HardLink):
            raise CorruptData(
                f"{path}: expected {name} in the file itself, found a link ({type(link).__name__}); {remedy}"
            )
        place = place[part]
    if not isinstance(place, h5py.Dataset):
        raise CorruptData(f"{path}: expected {name} as a dataset, found a group; {remedy}")
    if place.is_virtual or place.external:
        raise CorruptData(
            f"{path}: expected {name} in the file itself, found a dataset that lies in other files; {remedy}"
        )
    return place


def _check_layout(h5py, path, stored, size):
    """Dtypes and shapes, before anything is read."""
    times, units, labels = stored
    found = [h5py.check_vlen_dtype(times.dtype), h5py.check_vlen_dtype(units.dtype), labels.dtype]
    for name, dtype, kinds in zip(
        ("times", "units", "labels"), found, ("f", "iu", "iu"), strict=True
    ):
        if dtype is None or dtype.kind not in kinds:
            expected = {"times": "lists of floats", "units": "lists of integers"}
            raise CorruptData(
                f"{path}: expected {name} as {expected.get(name, 'integers')}, found {dtype or 'no lists'}; {AGAIN}"
            )
    shapes = [dataset.shape for dataset in stored]
    if len(set(shapes)) != 1 or len(shapes[0]) != 1:
        counts = [shape[0] if len(shape) == 1 else shape for shape in shapes]
        raise CorruptData(
            f"{path}: expected equally many times, units and labels, found {counts[0]}, {counts[1]} and {counts[2]}"
        )
    # A dataset may state any shape without a stored value; each recording has a spike at least, and that takes bytes.
    if not 1 <= shapes[0][0] <= size:
        raise CorruptData(
            f"{path}: expected at least one recording and at most one per byte of the file, found {shapes[0][0]} in "
            f"{size} bytes; {AGAIN}"
        )
    for dataset in stored:
        filters = dataset.id.get_create_plist().get_nfilters()
        if filters and dataset.id.get_storage_size() > MOST_COMPRESSED:
            raise CorruptData(
                f"{path}: expected at most {MOST_COMPRESSED} compressed bytes of {dataset.name}, found "
                f"{dataset.id.get_storage_size()}; store it without compression"
            )


def _trains(path, times, units, size, channels):
    """The spike trains as they are stored: lists of times and of units, read and checked block by block."""
    trains, used = ([], []), 0
    for start in range(0, len(times), BLOCK):
        block = times[start : start + BLOCK], units[start : start + BLOCK]
        for number, pair in enumerate(zip(*block, strict=True), start):
            _check(path, number, *pair, channels)
            for train, values in zip(trains, pair, strict=True):
                train.append(values)
                used += values.nbytes
        # Lists are stored uncompressed, but several recordings could refer to the same one.
        if used > size:
            raise CorruptData(
                f"{path}: expected lists of at most the {size} bytes of the file, found {used} in the first "
                f"{start + len(block[0])} recordings; {AGAIN}"
            )
    return trains


def _padded(path, times, units, size):
    count, longest = len(times), max(map(len, times))
    padded = np.dtype(np.float16), np.dtype(np.int16)
    needed = count * longest * sum(dtype.itemsize for dtype in padded)
    if needed > MOST_PADDING * max(size, 2**20):
        raise CorruptData(
            f"{path}: expected recordings that padded to the longest take at most {MOST_PADDING} times the file's "
            f"{size} bytes, found {count} recordings and a longest one of {longest} spikes; leave that one out"
        )
    all_times = np.zeros((count, longest), padded[0])
    all_units = np.full((count, longest), -1, padded[1])
    for number, (time, unit) in enumerate(zip(times, units, strict=True)):
        all_times[number, : len(time)] = time
        all_units[number, : len(unit)] = unit
    return all_times, all_units


def _check(path, number, time, unit, channels):
    where = f"{path}: recording {number}"
    if len(time) != len(unit):
        raise CorruptData(
            f"{where}: expected a unit for each time, found {len(time)} times and {len(unit)} units"
        )
    if not len(time):
        raise CorruptData(f"{where}: expected spikes, found none")
    # Times are kept in half precision, as they are distributed.
    if not np.isfinite(time).all() or time.min() < 0 or time.max() > _LARGEST_TIME:
        raise CorruptData(
            f"{where}: expected finite times from 0 to {_LARGEST_TIME:g} s, found {time.min()} to {time.max()}"
        )
    if unit.min() < 0 or unit.max() >= channels:
        raise CorruptData(
            f"{where}: expected units from 0 to {channels - 1}, found {unit.min()} to {unit.max()}"
        )
