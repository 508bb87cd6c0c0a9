"""DVS128 Gesture: hand and arm gestures of 29 people seen by an event camera, as frames."""

from pathlib import Path
from typing import ClassVar

from spikejax.data.core.dataset import CorruptData, Facts, data_directory
from spikejax.data.core.event_frames import EventFrames
from spikejax.data.core.recordings import Recording, Recordings
from spikejax.data.core.stored import AGAIN, Stored, verify
from spikejax.data.formats.aedat31 import decode
from spikejax.data.formats.archives import Archive, archive
from spikejax.fields import size, spec

LISTS = ("trials_to_train.txt", "trials_to_test.txt")
HEADER = ["class", "startTime_usec", "endTime_usec"]
WHOLE = (1_176, 288)
FOLDERS = ("DvsGesture", "DVSGesture", ".")
MOST_TEXT = 2**20  # bytes of a list or of a csv
EXCERPT = Stored(
    "dvs_gesture_10_aedat.tar.xz",
    3_339_492,
    "37c2605cb759346f03f5efe1ac7574260289845c8446ec46ff09c6f25fc659b1",
)


@spec
class DVSGesture(EventFrames):
    """Gestures of 29 people in 3 kinds of light: 128 x 128 pixels, 11 classes, some 6 s each; label 0 is class 1.

    Read from the folder that DvsGesture.tar.gz unpacks to, with its lists of the training and test files, or from an
    excerpt of 1.45 s of ten gestures of one person, whose test recordings are its training recordings.

    Reference: A. Amir et al., A low power, fully event-based gesture recognition system, 2017.
    """

    steps: int = size(default=20, doc="T, frames per recording")

    facts = Facts(
        title="DVS128 Gesture, hand and arm gestures recorded by an event camera",
        licence="CC BY 4.0",
        reference="A. Amir et al., A low power, fully event-based gesture recognition system, 2017",
        samples=1_464,
        shape="[T, 128, 128, 2] of events",
        classes=11,
        download="nothing: get DvsGesture.tar.gz (2.9 GB, md5 8a5c71fb11e24e5ca5b11866ca6c00a1) from IBM and unpack it",
    )
    sensor_size: ClassVar = (128, 128, 2)

    def recordings(self, data_dir: str | Path | None = None) -> tuple[Recordings, Recordings]:
        """See `EventFrames.recordings`; those of a file in the order of its csv, without the event at the end."""
        place = self.place(data_dir)
        if place.name == EXCERPT.file:
            verify(place, EXCERPT, "restore it from a copy")
            found = self._part(archive(place), ["user01_sample.aedat"])
            return found, found
        files = archive(place)
        train, test = (self._part(files, _lines(files, name)) for name in LISTS)
        return train, test

    def archives(self, place: Path) -> list[Path]:
        """See `EventFrames.archives`."""
        if place.name == EXCERPT.file:
            return [place]
        return [*(place / name for name in LISTS), *sorted(place.glob("user*"))]

    def described(self, train: int, test: int) -> str:
        """See `EventFrames.described`."""
        if (train, test) == WHOLE:
            return "DVS128 Gesture."
        if train == test == 10:
            return (
                "AN EXCERPT of DVS128 Gesture: 1.45 s of ten gestures of one person, the same for training and test: "
                "an accuracy on it says nothing."
            )
        return (
            f"A SUBSET of DVS128 Gesture: {train:,} of {WHOLE[0]:,} training and {test:,} of {WHOLE[1]:,} test "
            "recordings."
        )

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Folders that have the lists of files, and the excerpt."""
        root = data_directory(data_dir) or Path()
        places = [root / folder for folder in FOLDERS]
        found = [(str(place), all((place / name).exists() for name in LISTS)) for place in places]
        path = root / EXCERPT.file
        return [*found, (str(path), path.is_file())]

    def _part(self, files: Archive, names: list[str]) -> Recordings:
        found = []
        for name in names:
            where = files.path / name
            labels = f"{name.removesuffix('.aedat')}_labels.csv"
            missing = [one for one in (name, labels) if one not in files.sizes]
            if missing:
                raise CorruptData(
                    f"{where}: expected this file and {labels}, found no {missing[0]}; {AGAIN}"
                )
            found += [
                Recording(name, *row)
                for row in spans(_text(files, labels), str(files.path / labels))
            ]
        if not found:
            raise CorruptData(f"{files.path}: expected recordings, found none; {AGAIN}")
        return Recordings(files, found, decode, self.sensor_size)


def spans(text: str, where: str) -> list[tuple[int, tuple[int, int]]]:
    """The rows of a csv of labels: classes from 0, and the microseconds of start and end.

    Raises:
      CorruptData: it has another header, or a row that is not a class from 1 to 11, a start and a later end.

    >>> spans("class,startTime_usec,endTime_usec\\n2,10,30\\n", "labels.csv")
    [(1, (10, 30))]
    """
    header, *lines = text.splitlines() or [""]
    if header.split(",") != HEADER:
        raise CorruptData(f"{where}: expected the columns {HEADER}, found {header[:80]!r}; {AGAIN}")
    found = []
    for number, line in enumerate(lines, 2):
        cells = [int(x) if x.isdecimal() and len(x) < 16 else -1 for x in line.split(",")]
        if not line.strip():
            continue
        if len(cells) != 3 or not 1 <= cells[0] <= 11 or not 0 <= cells[1] < cells[2]:
            raise CorruptData(
                f"{where}: expected a class from 1 to 11, a start and a later end in line {number}, found {line[:80]!r}"
            )
        found.append((cells[0] - 1, (cells[1], cells[2])))
    return found


def _lines(files: Archive, name: str) -> list[str]:
    """The names in a list of files."""
    return [line.strip() for line in _text(files, name).splitlines() if line.strip()]


def _text(files: Archive, name: str) -> str:
    if files.sizes.get(name, 0) > MOST_TEXT:
        raise CorruptData(
            f"{files.path / name}: expected at most {MOST_TEXT} bytes, found {files.sizes[name]}; {AGAIN}"
        )
    try:
        return files.content(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptData(f"{files.path / name}: expected text, found {error}; {AGAIN}") from error
