"""N-Caltech101: the pictures of Caltech101 seen by an event camera that moves in front of a screen, as frames."""

from pathlib import Path, PurePosixPath
from typing import ClassVar

from spikejax.data.core.class_folders import in_folders, last_tenth
from spikejax.data.core.dataset import CorruptData, Facts, data_directory
from spikejax.data.core.event_frames import EventFrames
from spikejax.data.core.recordings import Recordings
from spikejax.data.core.stored import AGAIN, verify_md5
from spikejax.data.formats.archives import archive
from spikejax.data.formats.atis_bin import decode
from spikejax.fields import spec

MD5 = "66201824eabb0239c7ab992480b50ba3"
NAME = "Caltech101"
PLACES = (NAME, f"N-Caltech101/{NAME}", f"{NAME}.zip", f"N-Caltech101/{NAME}.zip")
CLASSES = 101
WHOLE = 8_709


@spec
class NCaltech101(EventFrames):
    """8,709 recordings of up to 240 x 180 pixels, 101 classes, of some 100,000 events in 0.3 s.

    Read from Caltech101.zip as it is distributed, or from the folder that it unpacks to. Labels are the folders in
    alphabetical order. There is no official split: the test part is the last tenth of each class by file name. Ten
    frames of all pixels take 7.5 GB; give `resize` for less.

    Reference: G. Orchard, A. Jayawant, G. K. Cohen, N. Thakor, Converting static image datasets to spiking neuromorphic
    datasets using saccades, 2015.
    """

    facts = Facts(
        title="N-Caltech101, Caltech101 recorded by an event camera",
        licence="CC BY-SA 4.0",
        reference="G. Orchard et al., Converting static image datasets to spiking neuromorphic datasets using "
        "saccades, 2015",
        samples=WHOLE,
        shape="[T, 180, 240, 2] of events",
        classes=CLASSES,
        download="nothing: get Caltech101.zip (4 GB) from www.garrickorchard.com/datasets/n-caltech101",
    )
    sensor_size: ClassVar = (240, 180, 2)

    def recordings(self, data_dir: str | Path | None = None) -> tuple[Recordings, Recordings]:
        """See `EventFrames.recordings`."""
        place = self.place(data_dir)
        if place.suffix == ".zip":
            verify_md5(place, MD5, f"get it again, or unpack it to {place.with_suffix('')}")
        files = archive(place)
        paths = [PurePosixPath(name) for name in files.sizes if name.endswith(".bin")]
        classes = sorted({path.parent.name for path in paths})
        if len(classes) != CLASSES:
            raise CorruptData(
                f"{place}: expected {CLASSES} folders, one per class, found {len(classes)}; {AGAIN}"
            )
        parts = last_tenth(in_folders(files, classes, (".bin",), within=NAME))
        train, test = (Recordings(files, part, decode, self.sensor_size) for part in parts)
        return train, test

    def archives(self, place: Path) -> list[Path]:
        """See `EventFrames.archives`."""
        return [place]

    def described(self, train: int, test: int) -> str:
        """See `EventFrames.described`."""
        part = "" if train + test == WHOLE else f"A SUBSET of {train + test:,} recordings: "
        return f"{part}N-Caltech101, tested on the last tenth of each class."

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """The folder and the zip."""
        places = [(data_directory(data_dir) or Path()) / place for place in PLACES]
        return [(str(place), place.exists()) for place in places]
