"""Recordings of an event camera, read when they are asked for: a source for Grain and for any other loader."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.events import EVENT, SensorSize
from spikejax.data.formats.archives import Archive

# (content, where, sensor_size) -> events
Decode = Callable[[bytes, str, SensorSize], np.ndarray]


class Recording(NamedTuple):
    """Where a recording lies, and its class.

    Attributes:
      file: its name in the archive.
      label: its class.
      span: microseconds [first, last) of its events, or None for all events of the file.
    """

    file: str
    label: int
    span: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Recordings:
    """Recordings `(events, label)` by number, in Tonic's vocabulary.

    Args:
      archive: their files.
      recordings: where each lies.
      decode: what reads a file: `(content, where, sensor_size) -> events`.
      sensor_size: width, height and number of polarities.
    """

    archive: Archive
    recordings: Sequence[Recording]
    decode: Decode
    sensor_size: SensorSize
    dtype: np.dtype = EVENT
    # The last file with several recordings and its events: it is decoded once.
    _last: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, number: int) -> tuple[np.ndarray, int]:
        """The events of a recording, fields x, y, t and p, and its class.

        Raises:
          IndexError: there is no such recording.
          CorruptData: its file cannot be read, or has no events in its span.
        """
        file, label, span = self.recordings[number]
        where = str(self.archive.path / file)
        if span is None:
            return self.decode(self.archive.content(file), where, self.sensor_size), label
        events = self._last.get(file)
        if events is None:
            events = self.decode(self.archive.content(file), where, self.sensor_size)
            self._last.clear()
            self._last[file] = events
        first, last = np.searchsorted(events["t"], span)
        if first == last:
            raise CorruptData(
                f"{where}: expected events from {span[0]} to {span[1]} us, found none; the times are {events['t'][0]} "
                f"to {events['t'][-1]}"
            )
        return events[first:last], label

    def __iter__(self) -> Iterator[tuple[np.ndarray, int]]:
        return (self[number] for number in range(len(self)))

    @property
    def labels(self) -> np.ndarray:
        """Classes, int32 `[N]`."""
        return np.array([one.label for one in self.recordings], np.int32)
