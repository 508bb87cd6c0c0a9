"""CIFAR10-DVS: images of CIFAR-10 moved on a screen in front of an event camera, as frames."""

import re
from pathlib import Path
from typing import ClassVar

import numpy as np

from spikejax.data.core.class_folders import in_folders, last_tenth
from spikejax.data.core.dataset import CorruptData, Facts, data_directory
from spikejax.data.core.event_frames import EventFrames
from spikejax.data.core.events import SensorSize
from spikejax.data.core.recordings import Recordings
from spikejax.data.core.stored import verify_md5
from spikejax.data.formats import aedat2, events_mat
from spikejax.data.formats.archives import Joined, archive
from spikejax.fields import option, spec

# The zip of each class as it is distributed.
MD5 = {
    "airplane": "0afd5c4bf9ae06af762a77b180354fdd",
    "automobile": "8438dfeba3bc970c94962d995b1b9bdd",
    "bird": "a9c207c91c55b9dc2002dc21c684d785",
    "cat": "52c63c677c2b15fa5146a8daf4d56687",
    "deer": "b6bf21f6c04d21ba4e23fc3e36c8a4a3",
    "dog": "f379ebdf6703d16e0a690782e62639c3",
    "frog": "cad6ed91214b1c7388a5f6ee56d08803",
    "horse": "e7cbbf77bec584ffbf913f00e682782a",
    "ship": "41c7bd7d6b251be82557c6cce9a7d5c9",
    "truck": "89f3922fd147d9aeff89e76a2b0b70a7",
}
FOLDERS = ("CIFAR10DVS", "cifar10-dvs", "dvs-cifar10", ".")
WHOLE = (9_000, 1_000)


@spec
class CIFAR10DVS(EventFrames):
    """10,000 recordings of 128 x 128 pixels, 10 classes, of some 200,000 events in 1.3 s.

    Read from the zips of the classes as they are distributed, from the folders that they unpack to, or from such
    folders of MATLAB files made by the authors' dat2mat. There is no official split: the published ones test on the
    last tenth of each class in the order of file names (SpikingJelly, and most others), or on numbers 0 to 99 (TEBN),
    whose accuracies are higher and not to be compared. Published networks resize the frames bilinearly to 48 x 48;
    `resize` adds events up instead.

    Reference: H. Li, H. Liu, X. Ji, G. Li, L. Shi, CIFAR10-DVS: an event-stream dataset for object
    classification, 2017.
    """

    split: str = option(
        default="last",
        choices=("last", "first"),
        doc="the test part: the last tenth of each class by file name, or its numbers 0 to 99",
    )

    facts = Facts(
        title="CIFAR10-DVS, images of CIFAR-10 recorded by an event camera",
        licence="CC BY 4.0",
        reference="H. Li et al., CIFAR10-DVS: an event-stream dataset for object classification, 2017",
        samples=10_000,
        shape="[T, 128, 128, 2] of events",
        classes=10,
        download="nothing: get airplane.zip to truck.zip (7.6 GB) from figshare, CIFAR10-DVS_New",
    )
    sensor_size: ClassVar = (128, 128, 2)

    def recordings(self, data_dir: str | Path | None = None) -> tuple[Recordings, Recordings]:
        """See `EventFrames.recordings`."""
        place = self.place(data_dir)
        paths = self.archives(place)
        for path, (name, md5) in zip(paths, MD5.items(), strict=True):
            if path.suffix == ".zip":
                verify_md5(path, md5, f"get it again, or unpack it to {place / name}")
        files = Joined(place, {name: archive(path) for name, path in zip(MD5, paths, strict=True)})
        found = in_folders(files, tuple(MD5), (".aedat", ".mat"))
        if self.split == "last":
            parts = last_tenth(found)
        else:
            early = [_number(one.file) < 100 for one in found]
            parts = tuple(
                [one for one, is_early in zip(found, early, strict=True) if is_early == test]
                for test in (False, True)
            )
        train, test = (Recordings(files, part, decode, self.sensor_size) for part in parts)
        return train, test

    def archives(self, place: Path) -> list[Path]:
        """See `EventFrames.archives`."""
        return [place / name if (place / name).is_dir() else place / f"{name}.zip" for name in MD5]

    def described(self, train: int, test: int) -> str:
        """See `EventFrames.described`."""
        tested = {"last": "the last tenth of each class", "first": "numbers 0 to 99 of each class"}
        part = "" if (train, test) == WHOLE else f"A SUBSET of {train + test:,} recordings: "
        return f"{part}CIFAR10-DVS, tested on {tested[self.split]}."

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Folders that have all classes, unpacked or not."""
        places = [(data_directory(data_dir) or Path()) / folder for folder in FOLDERS]
        return [(str(place), all(x.exists() for x in self.archives(place))) for place in places]


def decode(content: bytes, where: str, sensor_size: SensorSize) -> np.ndarray:
    """The events of an AEDAT 2.0 or a MATLAB file, by the ending of its name."""
    reader = events_mat if where.endswith(".mat") else aedat2
    return reader.decode(content, where, sensor_size)


def _number(name):
    """The number that a file's name ends with."""
    found = re.search(r"(\d{1,9})\.\w+$", name)
    if found is None:
        raise CorruptData(
            f"{name}: expected a name that ends with its number, found none; rename it"
        )
    return int(found[1])
