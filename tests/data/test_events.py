"""Spike trains in HDF5 files: read as they were written, padded, and refused where they cannot be."""

import hashlib

import jax
import numpy as np
import pytest

from files import REAL, real
from spikejax import data
from spikejax.data import MissingData, fsd_shd
from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import Stored
from spikejax.data.formats.events_hdf5 import read
from spikejax.inputs import Events, grain_batches

h5py = pytest.importorskip("h5py")
TIMES = ([0.0, 0.25, 0.5], [0.125])
UNITS = ([3, 0, 699], [5])


def write(path, times=TIMES, units=UNITS, labels=(2, 7)):
    with h5py.File(path, "w") as file:
        for name, parts, dtype in (("times", times, "<f2"), ("units", units, "<u2")):
            stored = file.create_dataset(f"spikes/{name}", (len(parts),), h5py.vlen_dtype(dtype))
            for i, part in enumerate(parts):
                stored[i] = np.asarray(part, dtype)
        file["labels"] = np.asarray(labels, np.uint8)
    return path


def test_read_as_written(tmp_path):
    found = read(write(tmp_path / "a.h5"), channels=700)
    assert found.times.tolist() == [[0.0, 0.25, 0.5], [0.125, 0.0, 0.0]]
    assert found.units.tolist() == [[3, 0, 699], [5, -1, -1]]
    assert found.labels.tolist() == [2, 7] and found.labels.dtype == np.int32


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"units": ([3, 0, 700], [5])},
            "recording 0: expected units from 0 to 699, found 0 to 700",
        ),
        ({"times": ([0.0, -1.0, 0.5], [0.1])}, "recording 0: expected finite times from 0 to"),
        ({"times": (TIMES[0], [np.nan])}, "recording 1: expected finite times"),
        (
            {"times": (TIMES[0], [])},
            "recording 1: expected a unit for each time, found 0 times and",
        ),
        ({"times": (TIMES[0], []), "units": (UNITS[0], [])}, "recording 1: expected spikes, found"),
        ({"labels": (1,)}, "equally many times, units and labels, found 2, 2 and 1"),
    ],
    ids=["unit", "negative", "nan", "lengths", "empty", "labels"],
)
def test_recordings_that_cannot_be(changes, message, tmp_path):
    with pytest.raises(CorruptData, match=message) as raised:
        read(write(tmp_path / "a.h5", **changes), channels=700)
    assert str(tmp_path / "a.h5") in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"no HDF5", "truncated", "foreign"])
def test_files_that_cannot_be_read(content, tmp_path):
    path = write(tmp_path / "a.h5")
    if content == "truncated":
        content = path.read_bytes()[:-200]
    if content == "foreign":
        with h5py.File(path, "w") as file:
            file["other"] = 1
    else:
        path.write_bytes(content)
    with pytest.raises(CorruptData, match="a.h5: expected an HDF5 file with spikes/times"):
        read(path, channels=700)


def stored_of(path):
    content = path.read_bytes()
    return Stored(path.name, len(content), hashlib.sha256(content).hexdigest())


def test_a_data_set_of_them(tmp_path, monkeypatch):
    train = write(tmp_path / "fsd_shd_train.h5")
    with pytest.raises(MissingData, match="expected fsd_shd_test.h5 in .*found none; give the dir"):
        data.load("fsd_shd", tmp_path)
    test = write(tmp_path / "fsd_shd_test.h5", TIMES[:1], UNITS[:1], (4,))
    with pytest.raises(CorruptData, match="fsd_shd_train.h5: expected sha256 1e16ed1a.* bytes"):
        data.load("fsd_shd", tmp_path)
    known = {"train": stored_of(train), "test": stored_of(test)}
    monkeypatch.setattr(fsd_shd.FSDSHD, "stored", known)
    found = data.load("fsd_shd", tmp_path)
    assert (found.train.count, found.test.count, found.kind) == (2, 1, "events")
    assert "NOT SHD" in found.note and found.shape == (700,)
    frames = Events(steps=6, dt=0.1, shape=(700,)).encode(found.train.inputs)
    assert frames.shape == (6, 2, 700) and float(frames.sum()) == 4
    assert float(frames[2, 0, 0]) == 1 and float(frames[5, 0, 699]) == 1
    source = data.SOURCES["fsd_shd"]()
    assert [there for _, there in source.looked_in(tmp_path)] == [True, True]
    content = bytearray(test.read_bytes())
    content[len(content) // 2] ^= 1
    test.write_bytes(content)
    with pytest.raises(CorruptData, match="fsd_shd_test.h5: expected sha256"):
        data.load("fsd_shd", tmp_path)


@pytest.mark.parametrize("name", ["shd", "ssc"])
def test_data_sets_with_the_names_of_the_distribution(name, tmp_path):
    source = data.SOURCES[name]()
    with pytest.raises(
        MissingData,
        match=f"expected {name}_train.h5 .*; the library downloads nothing: get {name}_",
    ):
        source.load(tmp_path)
    (tmp_path / name).mkdir()
    for i, file in enumerate(source.files.values()):
        # Some in a folder of the set's name, as unpacked, some beside it.
        write(
            (tmp_path / name if i else tmp_path) / file,
            TIMES[: 2 - i % 2],
            UNITS[: 2 - i % 2],
            (4, 3)[: 2 - i % 2],
        )
    found = source.load(tmp_path)
    assert (found.name, found.classes, found.train.count, found.test.count) == (
        name,
        {"shd": 20, "ssc": 35}[name],
        2,
        {"shd": 1, "ssc": 2}[name],
    )
    assert (found.validation is not None) == (name == "ssc")
    assert [there for _, there in source.looked_in(tmp_path)] == [True] * len(source.files)
    with pytest.raises(ValueError, match="expected a part of"):
        source.stream("dev", tmp_path)


def test_a_stream_pads_each_recording_as_the_data_set_does(tmp_path):
    for file in data.SOURCES["shd"].files.values():
        write(tmp_path / file)
    source = data.SOURCES["shd"]()
    whole, stream = source.load(tmp_path).train, source.stream("train", tmp_path)
    assert len(stream) == whole.count == 2
    for i in range(2):
        for name in ("times", "units"):
            np.testing.assert_array_equal(stream[i].inputs[name], whole.inputs[name][i])
            assert stream[i].inputs[name].dtype == whole.inputs[name].dtype
        assert stream[i].labels == whole.labels[i]
    batch = next(iter(grain_batches(stream, 2).epoch(jax.random.key(0), 0, 0, None)))
    assert Events(steps=6, dt=0.1, shape=(700,)).encode(batch.inputs).shape == (6, 2, 700)


def test_speakers(tmp_path):
    path = write(tmp_path / "shd_train.h5")
    write(tmp_path / "shd_test.h5")
    source = data.SOURCES["shd"]()
    assert source.trains("train", tmp_path).speakers is None
    with h5py.File(path, "a") as file:
        file["extra/speaker"] = np.array([3, 1], np.uint16)
    assert source.trains("train", tmp_path).speakers.tolist() == [3, 1]
    with h5py.File(path, "a") as file:
        del file["extra/speaker"]
        file["extra/speaker"] = np.array([3.0])
    with pytest.raises(CorruptData, match="expected extra/speaker as 2 integers, found float64"):
        source.trains("train", tmp_path)
    # What is not asked for is not read.
    assert source.load(tmp_path).train.count == len(source.stream("train", tmp_path)) == 2
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["extra/nobody"] = np.zeros(2, int)
    with h5py.File(path, "a") as file:
        del file["extra"]
        file["extra"] = h5py.ExternalLink("other.h5", "extra")
    with pytest.raises(
        CorruptData, match="expected extra/speaker in the file itself, found a link"
    ):
        source.trains("train", tmp_path)


@real("fsd_shd_train.h5")
def test_the_real_recordings():
    found = data.load("fsd_shd", REAL)
    facts = data.SOURCES["fsd_shd"].facts
    assert found.train.count + found.test.count == facts.samples
    assert set(found.train.labels) == set(found.test.labels) == set(range(10))
    units = found.train.inputs["units"]
    assert units.max() < 700 and (units >= 0).sum(1).min() > 100
    frames = Events(steps=100, dt=0.01, shape=(700,)).encode(
        {name: x[:2] for name, x in found.train.inputs.items()}
    )
    for i in range(2):
        times = found.train.inputs["times"][i][units[i] >= 0].astype(np.float32)
        assert float(frames[:, i].sum()) == (times < 1.0).sum()
