"""Gestures, CIFAR10-DVS and N-Caltech101 as they are distributed: their files, labels and splits."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from experiments.reliability import event_files as made
from files import REAL, real
from spikejax import data
from spikejax.data import CorruptData, MissingData, cifar10_dvs, n_caltech101
from spikejax.data.core.class_folders import last_tenth
from spikejax.data.core.recordings import Recording, Recordings
from spikejax.data.dvs_gesture import DVSGesture, spans
from spikejax.data.formats import archives
from spikejax.data.formats.archives import archive
from spikejax.data.formats.atis_bin import decode
from spikejax.data.n_mnist import NMNIST

SIZE = (128, 128, 2)
EVENTS = made.recording(sensor_size=SIZE, count=300)
HEADER = "class,startTime_usec,endTime_usec\n"


@pytest.fixture
def gestures(places):
    folder = places.root / "files" / "DvsGesture"
    folder.mkdir(parents=True)
    t = EVENTS["t"]
    for name in ("user01_lab", "user02_led"):
        (folder / f"{name}.aedat").write_bytes(made.aedat31(EVENTS))
        rows = f"3,{t[10]},{t[100]}\n11,{t[90]},{t[200]}\n"
        (folder / f"{name}_labels.csv").write_text(HEADER + rows)
    (folder / "trials_to_train.txt").write_text("user01_lab.aedat\n\n")
    (folder / "trials_to_test.txt").write_text("user02_led.aedat\n")
    return places.root / "files"


def test_gestures_are_cut_where_the_csv_says(gestures):
    """From the start up to the end, also where two of them overlap."""
    train, test = DVSGesture().recordings(gestures)
    assert [len(events) for events, _ in train] == [90, 110]
    np.testing.assert_array_equal(train[1][0], EVENTS[90:200])
    assert train.labels.tolist() == test.labels.tolist() == [2, 10]
    found = data.load("dvs_gesture", gestures)
    assert found.train.inputs.shape == (2, 20, 128, 128, 2) and found.classes == 11
    assert "A SUBSET of DVS128 Gesture: 2 of 1,176 training and 2 of 288 test" in found.note


def test_gestures_whose_files_do_not_fit(gestures):
    labels = gestures / "DvsGesture/user01_lab_labels.csv"
    for text, message in (
        ("class,start\n", "expected the columns .*, found 'class,start'"),
        (HEADER + "3,10,9\n", "a start and a later end in line 2, found '3,10,9'"),
        (HEADER + "12,1,9\n", "expected a class from 1 to 11"),
        (HEADER + "1,1,9" + "9" * 5000, "expected a class from 1 to 11"),
        (HEADER, "expected recordings, found none"),
        (HEADER + "1,900000000,900000001\n", "events from 900000000 to 900000001 us, found none"),
        ("\xff", "expected text, found .*decode"),
    ):
        labels.write_text(text, encoding="latin-1")
        with pytest.raises(CorruptData, match=message):
            data.load("dvs_gesture", gestures)
    labels.unlink()
    with pytest.raises(CorruptData, match="found no user01_lab_labels.csv"):
        data.load("dvs_gesture", gestures)
    lists = gestures / "DvsGesture/trials_to_test.txt"
    lists.unlink()
    lists.mkdir()
    labels.write_text(HEADER + "1,1,9")
    with pytest.raises(MissingData, match="expected the file .*trials_to_test.txt, found none"):
        data.load("dvs_gesture", gestures)
    lists.rmdir()
    with pytest.raises(MissingData, match="expected DVS128 Gesture.*, found none of .*/DvsGesture"):
        data.load("dvs_gesture", gestures)


def test_a_csv_of_labels():
    assert spans(HEADER + "1,5,6\n\n11,6,7\n", "a") == [(0, (5, 6)), (10, (6, 7))]


@pytest.fixture
def images(places, monkeypatch):
    """Ten recordings of each class in AEDAT files, the last one in a MATLAB file."""
    root = places.root / "files/CIFAR10DVS"
    for label, name in enumerate(cifar10_dvs.MD5):
        (root / name).mkdir(parents=True)
        for number in range(10):
            events = made.recording(10 * label + number, sensor_size=SIZE)
            path = root / name / f"cifar10_{name}_{95 + number}.aedat"
            path.write_bytes(made.aedat2(events))
    path.unlink()
    path.with_suffix(".mat").write_bytes(made.mat(events))
    return places.root / "files"


def test_the_splits_of_cifar10_dvs(images, monkeypatch):
    found = data.load("cifar10_dvs", images, steps=2, resize=48)
    assert found.train.inputs.shape == (90, 2, 48, 48, 2) and found.test.count == 10
    assert np.bincount(found.test.labels).tolist() == [1] * 10
    assert "A SUBSET of 100 recordings: CIFAR10-DVS, tested on the last tenth" in found.note
    train, test = cifar10_dvs.CIFAR10DVS().recordings(images)
    # By file name, 99 comes after 104.
    assert test.recordings[0].file == "airplane/cifar10_airplane_99.aedat"
    np.testing.assert_array_equal(train[0][0], made.recording(5, sensor_size=SIZE))
    train, test = cifar10_dvs.CIFAR10DVS(split="first").recordings(images)
    assert (len(train), len(test)) == (50, 50) and test.recordings[0].file.endswith("_95.aedat")
    np.testing.assert_array_equal(train[-1][0], made.recording(99, sensor_size=SIZE))
    monkeypatch.setattr(cifar10_dvs, "verify_md5", lambda *given: None)
    folder = images / "CIFAR10DVS/airplane"
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as file:
        for path in sorted(folder.iterdir()):
            file.write(path, f"airplane/{path.name}")
            path.unlink()
    folder.rmdir()
    again = data.load("cifar10_dvs", images, steps=2, resize=48)
    assert again == found


def test_a_zip_that_is_not_the_published_one(images):
    (images / "CIFAR10DVS/truck").rename(images / "trucks")
    with pytest.raises(MissingData, match="expected CIFAR10-DVS.*, found none of"):
        data.load("cifar10_dvs", images)
    (images / "CIFAR10DVS/truck.zip").write_bytes(b"a zip")
    with pytest.raises(CorruptData, match="truck.zip: expected md5 89f3922f.*, found md5"):
        data.load("cifar10_dvs", images)


def test_n_caltech101(places, monkeypatch):
    root = places.root / "files/Caltech101"
    for label, name in enumerate(("ant", "bee")):
        (root / name).mkdir(parents=True)
        for number in range(3):
            events = made.recording(10 * label + number, sensor_size=(240, 180, 2))
            (root / name / f"image_000{number}.bin").write_bytes(made.atis_bin(events))
    with pytest.raises(CorruptData, match="expected 101 folders, one per class, found 2"):
        data.load("n_caltech101", places.root / "files")
    monkeypatch.setattr(n_caltech101, "CLASSES", 2)
    train, test = n_caltech101.NCaltech101(resize=60).recordings(places.root / "files")
    # Nine tenths of three, rounded up, leave none.
    assert train.labels.tolist() == [0, 1, 0, 1, 0, 1] and not len(test)
    assert n_caltech101.NCaltech101(resize=60).frames_of(train).shape == (6, 10, 60, 60, 2)
    assert n_caltech101.NCaltech101(resize=60).frames_of(test).shape == (0, 10, 60, 60, 2)


def test_the_last_tenth_is_taken_of_each_class():
    files = [Recording(str(n), 0 if n < 15 else 1) for n in range(40)]
    train, test = last_tenth(files)
    assert [one.file for one in test] == ["14", "38", "39"] and len(train) == 37


# --- Recordings as a source -----------------------------------------------------------------------


@pytest.fixture
def source(tmp_path):
    for number in range(4):
        content = made.atis_bin(made.recording(number))
        (tmp_path / f"{number}.bin").write_bytes(content)
    files = [Recording(f"{number}.bin", number % 2) for number in range(4)]
    return Recordings(archive(tmp_path), files, decode, (34, 34, 2))


def test_recordings_are_a_source_of_grain(source):
    grain = pytest.importorskip("grain")
    frames = grain.MapDataset.source(source).seed(0).shuffle()
    frames = frames.map(lambda one: (NMNIST(steps=5).frame(one[0]), one[1])).batch(2)
    batches = list(frames)
    assert [x.shape for x, _ in batches] == [(2, 5, 34, 34, 2)] * 2
    assert sum(int(x.sum()) for x, _ in batches) == 200
    assert sorted(np.concatenate([y for _, y in batches]).tolist()) == [0, 0, 1, 1]


def test_recordings_by_number(source):
    assert len(source) == 4 and source.labels.tolist() == [0, 1, 0, 1]
    events, label = source[-1]
    np.testing.assert_array_equal(events, made.recording(3))
    assert label == 1 and source.dtype.names == ("x", "y", "t", "p") and len(list(source)) == 4
    with pytest.raises(IndexError):
        source[4]


def test_a_zip_is_opened_once(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in "abc":
            file.writestr(name, name)
    opened, real_file = [], zipfile.ZipFile
    monkeypatch.setattr(zipfile, "ZipFile", lambda path: opened.append(path) or real_file(path))
    found = archive(tmp_path / "a.zip")
    assert [found.content(name) for name in found.sizes] == [b"a", b"b", b"c"]
    copied = pickle.loads(pickle.dumps(found))
    assert len(opened) == 1 and copied.content("b") == b"b" and len(opened) == 2


def test_archives_that_cannot_be_read(tmp_path, monkeypatch):
    for name in ("a.zip", "a.tar.xz", "a.tar.gz", "a.tar"):
        (tmp_path / name).write_bytes(b"no archive at all")
        with pytest.raises(CorruptData, match=f"{name}: expected a whole archive, found one that"):
            _ = archive(tmp_path / name).sizes
    monkeypatch.setattr(archives, "MOST_BYTES", 4)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/big").write_bytes(bytes(5))
    with pytest.raises(CorruptData, match="big: expected at most 4 bytes, found 5"):
        archive(tmp_path / "folder").content("big")


@real("dvs_gesture_10_aedat.tar.xz")
def test_the_real_excerpt(places):
    found = data.load("dvs_gesture", REAL, steps=4, resize=32, polarity="merged")
    assert found.train.inputs.shape == (10, 4, 32, 32, 1) and "says nothing" in found.note
    counts = found.train.inputs[..., 0].astype(float).sum(1)
    # A right hand waves on the left of the picture, and a left hand on the right.
    assert counts[1, :, :16].sum() > 2 * counts[1, :, 16:].sum()
    assert counts[2, :, 16:].sum() > 2 * counts[2, :, :16].sum()


def test_a_note_of_the_cache_that_is_no_file(places, monkeypatch):
    """It is made again, and a pipe is not waited for."""
    for number in (1, 2):
        path = places.root / f"files/N-MNIST/{'Train' if number == 1 else 'Test'}/5/{number}.bin"
        path.parent.mkdir(parents=True)
        path.write_bytes(made.atis_bin(made.recording(number)))
    first = data.load("n_mnist", places.root / "files")
    (note,) = places.cache.parent.glob("n_mnist-*.json")
    for change in (os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.touch):
        note.unlink()
        change(note)
        assert data.load("n_mnist", places.root / "files") == first
        assert note.is_file() and not note.is_symlink()
