"""N-MNIST: the digits of MNIST seen by an event camera that moves in front of a screen, as frames."""

from pathlib import Path
from typing import ClassVar

from spikejax.data.core.class_folders import in_folders
from spikejax.data.core.dataset import Facts, data_directory
from spikejax.data.core.event_frames import EventFrames
from spikejax.data.core.recordings import Recordings
from spikejax.data.core.stored import Stored, verify, verify_md5
from spikejax.data.formats.archives import Archive, archive
from spikejax.data.formats.atis_bin import decode
from spikejax.fields import spec

PARTS = {"Train": "20959b8e626244a1b502305a9e6e2031", "Test": "69ca8762b2fe404d9b9bad1103e97832"}
WHOLE = (60_000, 10_000)
SUBSET = Stored(
    "nmnist_subset.tar.xz",
    13_675_792,
    "13c29d3c4618fb1b7697f1b70db5fbd1e0a37c280e268d0e22b05c0cb8b04c18",
)
DIGITS = tuple("0123456789")
FOLDERS = ("N-MNIST", "NMNIST", "nmnist", ".")


@spec
class NMNIST(EventFrames):
    """Neuromorphic MNIST: 60,000 and 10,000 recordings of 34 x 34 pixels, 10 classes, of some 4,000 events in 0.3 s.

    Read from the folders Train and Test, from Train.zip and Test.zip as they are distributed, or from a subset of 1,000
    and 100 recordings in a tar.

    Reference: G. Orchard, A. Jayawant, G. K. Cohen, N. Thakor, Converting static image datasets to spiking neuromorphic
    datasets using saccades, 2015.
    """

    facts = Facts(
        title="N-MNIST, MNIST recorded by an event camera",
        licence="CC BY-SA 4.0",
        reference="G. Orchard et al., Converting static image datasets to spiking neuromorphic datasets using "
        "saccades, 2015",
        samples=70_000,
        shape="[T, 34, 34, 2] of events",
        classes=10,
        download="nothing: get Train.zip and Test.zip (1.2 GB) from www.garrickorchard.com/datasets/n-mnist",
    )
    sensor_size: ClassVar = (34, 34, 2)

    def recordings(self, data_dir: str | Path | None = None) -> tuple[Recordings, Recordings]:
        """See `EventFrames.recordings`; in the order of MNIST."""
        place = self.place(data_dir)
        if place.name == SUBSET.file:
            verify(place, SUBSET, "restore it from a copy")
            files = archive(place)
            return self._part(files, "Train"), self._part(files, "Test")
        paths = self.archives(place)
        for path, (part, md5) in zip(paths, PARTS.items(), strict=True):
            if path.suffix == ".zip":
                verify_md5(path, md5, f"get it again, or unpack it to {place / part}")
        found = [self._part(archive(path), part) for path, part in zip(paths, PARTS, strict=True)]
        return found[0], found[1]

    def archives(self, place: Path) -> list[Path]:
        """See `EventFrames.archives`."""
        if place.name == SUBSET.file:
            return [place]
        folders = [place / part for part in PARTS]
        return [path if path.is_dir() else path.with_suffix(".zip") for path in folders]

    def described(self, train: int, test: int) -> str:
        """See `EventFrames.described`."""
        if (train, test) == WHOLE:
            return "N-MNIST."
        return f"A SUBSET of N-MNIST: {train:,} of {WHOLE[0]:,} training and {test:,} of {WHOLE[1]:,} test recordings."

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Folders that have Train and Test, unpacked to folders of digits or not, and the subset."""
        root = data_directory(data_dir) or Path()
        places = [root / folder for folder in FOLDERS]
        found = [(str(place), all(map(_is_part, self.archives(place)))) for place in places]
        path = root / SUBSET.file
        return [*found, (str(path), path.is_file())]

    def _part(self, files: Archive, part: str) -> Recordings:
        found = in_folders(files, DIGITS, (".bin",), within=part)
        return Recordings(files, found, decode, self.sensor_size)


def _is_part(path):
    """Whether it is a zip, or a folder with those of digits: other projects have folders Train and Test, too."""
    if path.suffix == ".zip":
        return path.is_file()
    return any((within / digit).is_dir() for within in (path, path / path.name) for digit in DIGITS)
