"""What data sets of event cameras share: their settings, and how their recordings become frames."""

import dataclasses
from pathlib import Path
from typing import ClassVar

import numpy as np

from spikejax.data.core import event_filters, frames
from spikejax.data.core.dataset import (
    DIRECTORY_VARIABLE,
    Dataset,
    MissingData,
    Source,
    Split,
    fingerprint,
)
from spikejax.data.core.events import EVENT, SensorSize
from spikejax.data.core.frame_cache import cached, identity
from spikejax.data.core.recordings import Recordings
from spikejax.fields import option, size, spec

SCALES = {"surface": frames.SURFACE_SCALE, "voxel": frames.VOXEL_SCALE}


@spec
class EventFrames(Source):
    """The base of data sets of an event camera: recordings as frames `[N, T, H, W, P]` of bytes.

    The events of a recording are cropped, scaled and filtered, then made into frames. Counts are clipped at 255. A time
    surface is kept as bytes of 1/255 and a voxel grid as bytes of 1/16, the data set's `scale`. What was made is kept
    in the cache.
    """

    steps: int = size(default=10, doc="T, frames per recording")
    frames: str = option(
        default="count",
        choices=("count", "time", "surface", "voxel"),
        doc="counts in slices of equally many events or of equal time, time surfaces, or a voxel grid",
    )
    tau: int = size(default=50_000, doc="time constant of a time surface, in microseconds")
    crop: int | None = size(default=None, doc="side of a square kept of the centre; all if None")
    resize: int | None = size(
        default=None, doc="side of the frames, events adding up; as they are if None"
    )
    polarity: str = option(
        default="both",
        choices=("both", "merged", "on", "off"),
        doc="both as two channels, merged into one, or one of them alone",
    )
    refractory: int | None = size(
        default=None,
        doc="microseconds after an event in which its pixel has no other; none if None",
    )
    denoise: int | None = size(
        default=None,
        doc="microseconds within which one of the four neighbours had an event before; not filtered if None",
    )

    sensor_size: ClassVar[SensorSize]

    def archives(self, place: Path) -> list[Path]:
        """The folders and files of a place that `looked_in` names; reads nothing."""
        raise NotImplementedError

    def recordings(self, data_dir: str | Path | None = None) -> tuple[Recordings, Recordings]:
        """The training and the test recordings as they are distributed, each read when it is asked for.

        Raises:
          MissingData: they are not there.
          CorruptData: a file is not what it should be.
        """
        raise NotImplementedError

    def described(self, train: int, test: int) -> str:
        """What so many training and test recordings are, in a sentence."""
        raise NotImplementedError

    def place(self, data_dir: str | Path | None = None) -> Path:
        """The first place where the recordings were found.

        Raises:
          MissingData: there is none.
        """
        places = self.looked_in(data_dir)
        for place, found in places:
            if found:
                return Path(place)
        looked = ", ".join(place for place, _ in places)
        raise MissingData(
            f"expected {self.facts.title}, found none of {looked}; give the directory that contains one of them, or "
            f"name it in the environment variable {DIRECTORY_VARIABLE}; the library downloads {self.facts.download}"
        )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Reads the recordings and makes frames of them, or reads what was made of them before.

        Raises:
          MissingData: they are not there.
          CorruptData: a file is not what it should be.
        """
        name, place = type(self).__module__.rpartition(".")[2], self.place(data_dir)
        settings = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}

        def make():
            made = {}
            for part, found in zip(("train", "test"), self.recordings(data_dir), strict=True):
                made |= {part: self.frames_of(found), f"{part}_labels": found.labels}
            return made

        arrays = cached(name, {"files": identity(self.archives(place)), "settings": settings}, make)
        train, test = (Split(arrays[part], arrays[f"{part}_labels"]) for part in ("train", "test"))
        return Dataset(
            name=name,
            train=train,
            test=test,
            classes=self.facts.classes,
            kind="sequence",
            scale=SCALES.get(self.frames, 1.0),
            checksum=fingerprint(*arrays.values()),
            note=f"{self.described(train.count, test.count)} Frames by {self.frames}, clipped at 255; "
            f"{self.facts.licence}.",
        )

    def frames_of(self, recordings: Recordings) -> np.ndarray:
        """Frames of all recordings, uint8 `[N, T, H, W, P]`."""
        width, height, polarities = self._frame_size()
        made = np.empty((len(recordings), self.steps, height, width, polarities), np.uint8)
        for number, (events, _) in enumerate(recordings):
            made[number] = self.frame(events)
        return made

    def frame(self, events: np.ndarray) -> np.ndarray:
        """Frames of one recording, uint8 `[T, H, W, P]`; zeros if the settings leave none of its events."""
        events, sensor_size = self._filtered(events)
        width, height, polarities = sensor_size
        if not len(events):
            return np.zeros((self.steps, height, width, polarities), np.uint8)
        if self.frames == "surface":
            found = frames.surface(events, sensor_size, self.steps, self.tau)
        else:
            makers = {"count": frames.by_count, "time": frames.by_time, "voxel": frames.voxel}
            found = makers[self.frames](events, sensor_size, self.steps)
        return frames.as_bytes(found, SCALES.get(self.frames, 1.0))

    def _filtered(self, events):
        """The events that the settings leave, and the size of a frame."""
        sensor_size = self.sensor_size
        if self.refractory is not None:
            events = event_filters.refractory(events, sensor_size, self.refractory)
        if self.denoise is not None:
            events = event_filters.denoise(events, sensor_size, self.denoise)
        if self.crop is not None:
            events, sensor_size = event_filters.crop(events, sensor_size, (self.crop, self.crop))
        if self.resize is not None:
            events, sensor_size = event_filters.resize(
                events, sensor_size, (self.resize, self.resize)
            )
        return event_filters.polarity(events, sensor_size, self.polarity)

    def _frame_size(self):
        return self._filtered(np.empty(0, EVENT))[1]
