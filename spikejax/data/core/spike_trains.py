"""What data sets of spike trains in HDF5 files share, the format of SHD and SSC."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from spikejax.data.core.dataset import (
    DIRECTORY_VARIABLE,
    Dataset,
    MissingData,
    Source,
    Split,
    data_directory,
    fingerprint,
)
from spikejax.data.core.stored import Stored, verify
from spikejax.data.formats import events_hdf5
from spikejax.data.formats.events_hdf5 import Trains
from spikejax.fields import spec

CHANNELS = 700


class TrainSource:
    """Spike trains one by one, each padded to the longest: a random-access source for `inputs.grain_batches`.

    What is kept is as long as the file; a batch is padded when it is asked for.

    >>> trains = Trains([np.zeros(2), np.zeros(3)], [np.ones(2), np.ones(3)], np.array([5, 6]), None)
    >>> sample = TrainSource(trains)[0]
    >>> sample.inputs["units"], sample.labels
    (array([ 1,  1, -1], dtype=int16), np.int32(5))
    """

    def __init__(self, trains: Trains):
        self._trains = trains
        self._longest = max(map(len, trains.times))

    def __len__(self) -> int:
        """N."""
        return len(self._trains.labels)

    def __getitem__(self, index: int) -> Split:
        """Times float16 and units int16 `[E]`, −1 where padded, and the label."""
        times, units = np.zeros(self._longest, np.float16), np.full(self._longest, -1, np.int16)
        found = self._trains.times[index]
        times[: len(found)], units[: len(found)] = found, self._trains.units[index]
        return Split({"times": times, "units": units}, np.int32(self._trains.labels[index]))


@spec
class SpikeTrains(Source):
    """The base of data sets of spike trains of 700 channels.

    Their files are in the data directory or in its folder of the data set's name, one for each part. Where a checksum
    of a file is known, no other is opened: the HDF5 library can hang on a damaged one.
    """

    title: ClassVar[str]
    files: ClassVar[dict[str, str]]
    stored: ClassVar[dict[str, Stored]] = {}

    @property
    def name(self) -> str:
        """What it is loaded by."""
        return type(self).__module__.rpartition(".")[2]

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Reads the files into memory, padded to the longest recording of each.

        Raises:
          MissingData: one is not there.
          CorruptData: one is not what it should be.
          ModuleNotFoundError: h5py is not installed.
        """
        splits: dict[str, Any] = {}
        for part, path in self._paths(data_dir, self.files).items():
            self._verify(part, path)
            found = events_hdf5.read(path, CHANNELS, self.facts.classes)
            splits[part] = Split({"times": found.times, "units": found.units}, found.labels)
        arrays = (
            array
            for split in splits.values()
            for array in (split.inputs["times"], split.inputs["units"], split.labels)
        )
        return Dataset(
            name=self.name,
            **splits,
            classes=self.facts.classes,
            kind="events",
            shape=(CHANNELS,),
            checksum=fingerprint(*arrays),
            note=f"{self.title}; {self.facts.licence}.",
        )

    def stream(self, part: str = "train", data_dir: str | Path | None = None) -> TrainSource:
        """The recordings of a part one by one, kept in memory without padding: a source for `inputs.grain_batches`.

        Args:
          part: "train", "validation" or "test".
          data_dir: as of `load`.

        Raises:
          MissingData, CorruptData, ModuleNotFoundError: as `load`.
        """
        return TrainSource(self._trains(part, data_dir, speakers=False))

    def trains(self, part: str = "train", data_dir: str | Path | None = None) -> Trains:
        """The spike trains of a part as they are stored, with their speakers; see `stream`."""
        return self._trains(part, data_dir, speakers=True)

    def _trains(self, part, data_dir, speakers):
        if part not in self.files:
            raise ValueError(f"expected a part of {tuple(self.files)}, found {part!r}")
        path = self._paths(data_dir, (part,))[part]
        self._verify(part, path)
        return events_hdf5.trains(path, CHANNELS, self.facts.classes, speakers)

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Its files in the data directory, or in its folder there."""
        return [(str(path), path.is_file()) for path in self._found(data_dir).values()]

    def _found(self, data_dir):
        """The path of each file, that in the folder of its own if it is there."""
        directory = data_directory(data_dir) or Path()
        inner = directory / self.name
        return {
            part: inner / file if (inner / file).is_file() else directory / file
            for part, file in self.files.items()
        }

    def _paths(self, data_dir, parts):
        paths = {part: path for part, path in self._found(data_dir).items() if part in parts}
        if missing := [path.name for path in paths.values() if not path.is_file()]:
            raise MissingData(
                f"expected {' and '.join(missing)} in {data_directory(data_dir) or 'a data directory'}, found none; "
                "give the directory that contains them, or name it in the environment variable "
                f"{DIRECTORY_VARIABLE}; the library downloads {self.facts.download}"
            )
        return paths

    def _verify(self, part, path):
        if part in self.stored:
            verify(path, self.stored[part], "restore it from a copy")
