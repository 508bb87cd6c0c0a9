"""HDF5 files of spike trains, the format that SHD and SSC are distributed in."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.extras import require


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


def read(path: Path, channels: int) -> Recordings:
    """Reads the datasets spikes/times, spikes/units and labels of a file.

    Args:
      path: the file.
      channels: addresses are 0 to `channels` − 1.

    Raises:
      ModuleNotFoundError: h5py is not installed.
      CorruptData: the file cannot be read, lacks a dataset, or holds invalid spike trains.
    """
    h5py = require("h5py")
    try:
        with h5py.File(path, "r") as file:
            times, units = list(file["spikes/times"][:]), list(file["spikes/units"][:])
            labels = np.asarray(file["labels"][:], np.int32)
    except (OSError, KeyError, TypeError) as error:
        raise CorruptData(
            f"{path}: expected an HDF5 file with spikes/times, spikes/units and labels, found one that cannot be read "
            f"({error}); delete it and fetch it again"
        ) from error
    if not len(times) == len(units) == len(labels):
        raise CorruptData(
            f"{path}: expected equally many times, units and labels, found {len(times)}, {len(units)} and {len(labels)}"
        )
    longest = max(map(len, times), default=0)
    recordings = Recordings(
        np.zeros((len(times), longest), np.float16),
        np.full((len(times), longest), -1, np.int16),
        labels,
    )
    for number, (time, unit) in enumerate(zip(times, units, strict=True)):
        _check(path, number, time, unit, channels)
        recordings.times[number, : len(time)] = time
        recordings.units[number, : len(unit)] = unit
    return recordings


def _check(path, number, time, unit, channels):
    where = f"{path}: recording {number}"
    if len(time) != len(unit):
        raise CorruptData(
            f"{where}: expected a unit for each time, found {len(time)} times and {len(unit)} units"
        )
    if not len(time):
        raise CorruptData(f"{where}: expected spikes, found none")
    if not np.isfinite(time).all() or time.min() < 0:
        raise CorruptData(
            f"{where}: expected finite times from 0 on, found {time.min()} to {time.max()}"
        )
    if unit.min() < 0 or unit.max() >= channels:
        raise CorruptData(
            f"{where}: expected units from 0 to {channels - 1}, found {unit.min()} to {unit.max()}"
        )
