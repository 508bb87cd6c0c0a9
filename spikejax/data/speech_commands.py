"""Google Speech Commands v2: spoken words of a second, as 101 mel spectra of 40 bands.

Searched, in this order: the folder `speech_commands_v0.02` of the unpacked distribution in the data directory, with
`speech_commands_test_set_v0.02` beside it for 12 classes, and a subset of the latter in a tar. What TensorFlow Datasets
has prepared is not read: its feature for audio cannot be made without TensorFlow (4.9.10), not even to read.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from spikejax.data.core import mel
from spikejax.data.core.dataset import (
    DIRECTORY_VARIABLE,
    CorruptData,
    Dataset,
    Facts,
    MissingData,
    Source,
    Split,
    data_directory,
    fingerprint,
)
from spikejax.data.core.frame_cache import cached, identity
from spikejax.data.core.stored import AGAIN, Stored, verify
from spikejax.data.formats import wav
from spikejax.data.formats.archives import Archive, archive
from spikejax.fields import option, spec

FOLDER, TEST_FOLDER = "speech_commands_v0.02", "speech_commands_test_set_v0.02"
SUBSET = Stored(
    "gsc_v2_test_subset.tar.xz",
    22_162_568,
    "cff125bdb72688b82fab0dec7cdf4770af4811ab2e56787c67804aa5826d623c",
)
NOISE, SILENCE, UNKNOWN = "_background_noise_", "_silence_", "_unknown_"
HELD_NOISE = "running_tap.wav"  # for validation, as TFDS has it
# Of 12 classes in the order of TFDS, and as the released code of TC-LIF numbers them.
OFFICIAL = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", SILENCE, UNKNOWN)
RELEASED = (UNKNOWN, SILENCE, "yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
WORDS = 35
PARTS = ("train", "validation", "test")


class Recording(NamedTuple):
    """A second of a file, from a sample on, and its class."""

    file: str
    label: int
    start: int = 0


@spec
class SpeechCommands(Source):
    """Google Speech Commands v2: spoken words `[N, 101, 40]`, mel spectra normalised over each recording.

    `split` "official": training, validation and test recordings by the lists of the distribution. Of 12 classes
    the test recordings are those of the official test set; "_unknown_" are the other 25 words, and "_silence_" are
    seconds of the background noises, one every half second, those of the running tap for validation and the others for
    training, as TFDS has them. "released": as the code of TC-LIF (AAAI 2024) does with 12
    classes: no validation part, whose recordings are left out; of silence only the first second of each background
    noise, for training; another numbering of the classes; and a recording shorter than a second followed by frames of
    the largest magnitude, where ours is followed by silence.

    Reference: P. Warden, Speech Commands: a dataset for limited-vocabulary speech recognition, 2018.
    """

    words: str = option(
        default="12", choices=("12", "35"), doc="10 words, silence and unknown, or all 35 words"
    )
    split: str = option(
        default="official",
        choices=("official", "released"),
        doc="which recordings are for what, and which class is which, see above",
    )

    facts = Facts(
        title="Google Speech Commands v2",
        licence="CC BY 4.0",
        reference="P. Warden, Speech Commands: a dataset for limited-vocabulary speech recognition, 2018",
        samples=105_829,
        shape="[101, 40]",
        classes=12,
        download=f"nothing: get {FOLDER}.tar.gz (2.4 GB) and {TEST_FOLDER}.tar.gz (0.1 GB) from "
        f"storage.googleapis.com/download.tensorflow.org/data and unpack them into folders of these names",
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Reads the recordings and computes their spectra, or reads what was computed before.

        Raises:
          MissingData: they are not there.
          CorruptData: a file is not what it should be.
          ModuleNotFoundError: librosa is not installed.
          ValueError: the released split of 35 classes, which there is none of.
        """
        if self.split == "released" and self.words != "12":
            raise ValueError("expected words='12' for the released split, found '35'")
        place, used = self._place(data_dir)
        settings = {"words": self.words, "split": self.split}
        arrays = cached(
            "speech_commands",
            {"files": identity(used), "settings": settings},
            lambda: self._arrays(place),
        )
        splits: dict[str, Any] = {
            part: Split(arrays[part], arrays[f"{part}_labels"]) for part in PARTS if part in arrays
        }
        subset = "A SUBSET of the test set of " if place.name == SUBSET.file else ""
        return Dataset(
            name="speech_commands",
            **splits,
            classes=int(self.words),
            kind="sequence",
            checksum=fingerprint(*arrays.values()),
            note=f"{subset}Google Speech Commands v2, {self.words} classes, {self.split} split, mel spectra; "
            f"{self.facts.licence}.",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """The folders of the distribution, and the subset."""
        root = data_directory(data_dir) or Path()
        folders, subset = self._places(root)
        found = [(str(path), path.is_dir()) for path in folders]
        return found + ([(str(subset), subset.is_file())] if subset else [])

    def _places(self, root):
        """The folders that are needed, and the subset, if it is for these settings."""
        if (self.words, self.split) == ("12", "official"):
            return [root / FOLDER, root / TEST_FOLDER], root / SUBSET.file
        return [root / FOLDER], None

    def _place(self, data_dir):
        """The folder or the file that the recordings are in, and all that is used."""
        folders, subset = self._places(data_directory(data_dir) or Path())
        if all(path.is_dir() for path in folders):
            return folders[0], folders
        if subset and subset.is_file() and not folders[0].is_dir():
            verify(subset, SUBSET, "restore it from a copy")
            return subset, [subset]
        wanted = " and ".join(str(path) for path in folders if not path.is_dir())
        raise MissingData(
            f"expected {self.facts.title} in {wanted}, found none; give the directory that contains them, or name it "
            f"in the environment variable {DIRECTORY_VARIABLE}; the library downloads {self.facts.download}"
        )

    def _arrays(self, place):
        files = archive(place)
        parts = _of_subset(files) if place.name == SUBSET.file else self._parts(files)
        arrays = {}
        for part, (source, recordings) in parts.items():
            arrays[part] = np.stack([self._spectra(source, one) for one in recordings])
            arrays[f"{part}_labels"] = np.array([one.label for one in recordings], np.int32)
        return arrays

    def _spectra(self, files: Archive, one: Recording) -> np.ndarray:
        where = f"{files.path / one.file}"
        samples = wav.decode(files.content(one.file), where, mel.RATE)[one.start :]
        found = mel.spectra(samples, repeat_loudest=self.split == "released")
        return found.astype(np.float16)

    def _parts(self, files: Archive) -> dict[str, tuple[Archive, list[Recording]]]:
        """The recordings of each part, of the whole distribution."""
        known = {name: _listed(files, f"{name}_list.txt") for name in ("validation", "testing")}
        words = sorted(
            {PurePosixPath(name).parent.as_posix() for name in files.sizes} - {".", NOISE}
        )
        if len(words) != WORDS:
            raise CorruptData(
                f"{files.path}: expected folders of {WORDS} words, found {len(words)}; {AGAIN}"
            )
        names = tuple(words) if self.words == "35" else OFFICIAL
        names = RELEASED if self.split == "released" else names
        other = names.index(UNKNOWN) if UNKNOWN in names else -1  # not used: all words are names
        labels = {word: names.index(word) if word in names else other for word in words}
        found: dict[str, list[Recording]] = {part: [] for part in PARTS}
        for name in files.sizes:
            word = PurePosixPath(name).parent.as_posix()
            if word in labels and name.endswith(".wav"):
                part = "validation" if name in known["validation"] else "train"
                part = "test" if name in known["testing"] else part
                found[part].append(Recording(name, labels[word]))
        if SILENCE in names:
            for one in self._silence(files, names.index(SILENCE)):
                held = self.split == "official" and one.file.endswith(f"/{HELD_NOISE}")
                found["validation" if held else "train"].append(one)
        if self.split == "released":
            del found["validation"]
        parts = {part: (files, recordings) for part, recordings in found.items()}
        if (self.words, self.split) == ("12", "official"):
            tests = archive(files.path.parent / TEST_FOLDER)
            parts["test"] = tests, _in_folders(tests, OFFICIAL)
        if empty := [part for part, (_, recordings) in parts.items() if not recordings]:
            raise CorruptData(
                f"{files.path}: expected recordings for {empty[0]}, found none; {AGAIN}"
            )
        return parts

    def _silence(self, files: Archive, label: int) -> list[Recording]:
        """Seconds of the background noises."""
        noises = [
            name for name in files.sizes if name.startswith(f"{NOISE}/") and name.endswith(".wav")
        ]
        if self.split == "released":
            return [Recording(name, label) for name in noises]
        found = []
        for name in noises:
            count = len(wav.decode(files.content(name), f"{files.path / name}", mel.RATE))
            starts = range(0, count - mel.RATE, mel.RATE // 2)
            found += [Recording(name, label, start) for start in starts]
        return found


def _listed(files: Archive, name: str) -> set[str]:
    """The files that a list names."""
    lines = files.content(name).decode("utf-8", "replace").split()
    if missing := [line for line in lines if line not in files.sizes]:
        raise CorruptData(
            f"{files.path / name}: expected files that are there, found {missing[0]} and {len(missing) - 1} others "
            f"that are not; {AGAIN}"
        )
    return set(lines)


def _in_folders(files: Archive, names: Sequence[str]) -> list[Recording]:
    """Recordings in a folder of their class each."""
    labels = {name: number for number, name in enumerate(names)}
    return [
        Recording(name, labels[PurePosixPath(name).parent.as_posix()])
        for name in files.sizes
        if name.endswith(".wav") and PurePosixPath(name).parent.as_posix() in labels
    ]


def _of_subset(files: Archive) -> dict[str, tuple[Archive, list[Recording]]]:
    """The recordings of the subset, by its index."""
    rows = list(csv.DictReader(io.StringIO(files.content("index.csv").decode())))
    return {
        part: (
            files,
            [
                Recording(row["path"], OFFICIAL.index(row["label"]))
                for row in rows
                if row["split"] == part
            ],
        )
        for part in ("train", "test")
    }
