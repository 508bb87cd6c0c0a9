"""Speech Commands: files of the distribution's layout, made here, and a part of the real ones; spectra by hand."""

import io
import wave

import numpy as np
import pytest

from files import REAL, real
from spikejax import data
from spikejax.data import MissingData
from spikejax.data.core import mel
from spikejax.data.core.dataset import CorruptData
from spikejax.data.formats import wav
from spikejax.data.speech_commands import NOISE, OFFICIAL, RELEASED, SpeechCommands

pytest.importorskip("librosa")
RATE = 16_000
KEYWORDS = OFFICIAL[:10]
OTHERS = [f"other{n:02d}" for n in range(25)]


def sound(frequency, seconds=1.0):
    return (8000 * np.sin(2 * np.pi * frequency * np.arange(int(RATE * seconds)) / RATE)).astype(
        np.int16
    )


def content(samples, rate=RATE, channels=1):
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, 2, rate, 0, "NONE", ""))
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The distribution with three recordings of each word, one for each part, a noise of 2 s, and a test set."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root, tests = tmp_path / "speech_commands_v0.02", tmp_path / "speech_commands_test_set_v0.02"
    lists = {"validation": [], "testing": []}
    for i, word in enumerate([*KEYWORDS, *OTHERS]):
        (root / word).mkdir(parents=True)
        for part in ("train", "validation", "testing"):
            name = f"{word}/{part}_nohash_0.wav"
            (root / name).write_bytes(content(sound(200 + 50 * i, 0.5 if i == 0 else 1.0)))
            if part in lists:
                lists[part].append(name)
    for name, lines in lists.items():
        (root / f"{name}_list.txt").write_text("\n".join(lines) + "\n")
    (root / NOISE).mkdir()
    for name in ("hum", "running_tap"):
        (root / NOISE / f"{name}.wav").write_bytes(content(sound(60, 2.5)))
    for i, word in enumerate(OFFICIAL):
        (tests / word).mkdir(parents=True)
        (tests / word / "1.wav").write_bytes(content(sound(300 + 100 * i)))
    return tmp_path


def test_the_official_split_of_12_classes(folder):
    found = SpeechCommands().load(folder)
    assert found.classes == 12 and found.train.inputs.shape[1:] == (101, 40)
    # Three starts of the noise, half a second apart.
    assert [part.count for part in (found.train, found.validation, found.test)] == [38, 38, 12]
    counts = np.bincount(found.train.labels, minlength=12)
    assert counts.tolist() == [*[1] * 10, 3, 25]
    np.testing.assert_array_equal(np.bincount(found.validation.labels, minlength=12), counts)
    assert sorted(found.test.labels) == list(range(12))
    again = SpeechCommands().load(folder)
    assert again == found


def test_all_35_words(folder):
    found = SpeechCommands(words="35").load(folder)
    assert found.classes == 35
    for part in (found.train, found.validation, found.test):
        assert sorted(part.labels) == list(range(35))


def test_the_released_split(folder):
    found = SpeechCommands(split="released").load(folder)
    assert found.validation is None and (found.train.count, found.test.count) == (37, 35)
    counts = np.bincount(found.train.labels, minlength=12)
    assert counts[RELEASED.index("_silence_")] == 2 and counts[RELEASED.index("_unknown_")] == 25
    assert RELEASED.index("yes") == 2 and RELEASED.index("go") == 11
    with pytest.raises(ValueError, match="expected words='12' for the released split"):
        SpeechCommands(words="35", split="released").load(folder)


def test_what_is_missing_or_damaged_is_named(folder, tmp_path):
    with pytest.raises(
        MissingData, match="speech_commands_v0.02 and .*test_set_v0.02, found none; .*2.4 GB"
    ):
        SpeechCommands().load(tmp_path / "elsewhere")
    root = folder / "speech_commands_v0.02"
    (root / "yes" / "train_nohash_0.wav").write_bytes(content(sound(100))[:-10])
    with pytest.raises(
        CorruptData, match="yes/train_nohash_0.wav: expected the 16000 samples that it"
    ):
        SpeechCommands().load(folder)
    (root / "testing_list.txt").write_text("yes/nobody.wav\n")
    with pytest.raises(
        CorruptData, match="testing_list.txt: expected files that are there, found yes/nobody"
    ):
        SpeechCommands().load(folder)


@pytest.mark.parametrize(
    "made, message",
    [
        (b"", "expected a WAV file, found one that cannot be read"),
        (b"RIFF????WAVE", "expected a WAV file, found one that cannot be read"),
        (
            content(sound(100), rate=8000),
            "one channel of 16 bits at 16000 Hz, found 1 of 16 bits at 8000",
        ),
        (content(sound(100), channels=2), "found 2 of 16 bits"),
        (content(np.zeros(0)), "and at least one, found 0"),
    ],
    ids=["empty", "header", "rate", "stereo", "silent"],
)
def test_files_that_are_no_recordings(made, message):
    with pytest.raises(CorruptData, match=f"a.wav: .*{message}"):
        wav.decode(made, "a.wav", RATE)


def test_a_spectrum_has_its_peak_at_the_frequency_of_the_sound():
    found = [mel.spectra(sound(frequency)) for frequency in (300, 1000, 3000)]
    peaks = [int(one.mean(0).argmax()) for one in found]
    assert peaks[0] < peaks[1] < peaks[2]
    for one in found:
        assert one.shape == (101, 40)
        assert abs(one.mean()) < 1e-4 and abs(one.std() - 1) < 1e-4


def test_what_is_missing_of_a_second():
    short = sound(1000, 0.5)
    silent, loud = mel.spectra(short), mel.spectra(short, repeat_loudest=True)
    # Below everything that sounds, or at the level of the loudest.
    assert silent[60:].max() == pytest.approx(silent.min())
    assert loud[60:].min() == pytest.approx(loud.max())
    assert mel.spectra(np.zeros(RATE, np.int16)).std() == 0


@real("gsc_v2_test_subset.tar.xz")
def test_the_real_subset(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = data.load("speech_commands", REAL)
    assert (found.train.count, found.test.count) == (960, 240) and "A SUBSET" in found.note
    assert np.bincount(found.train.labels).tolist() == [80] * 12
    assert np.isfinite(found.train.inputs.astype(float)).all()
