"""HDF5 files that lead elsewhere, state what they do not hold, or unpack into more than they are."""

import numpy as np
import pytest

from spikejax.data import CorruptData
from spikejax.data.formats import events_hdf5
from spikejax.data.formats.events_hdf5 import read
from test_events import write

h5py = pytest.importorskip("h5py")
FLOATS, INTEGERS = h5py.vlen_dtype("<f2"), h5py.vlen_dtype("<u2")


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "a.h5")


def linked(file, folder):
    file["spikes/times"] = h5py.SoftLink("/spikes/units")


def outside(file, folder):
    file["spikes/times"] = h5py.ExternalLink("other.h5", "/spikes/times")


def group_outside(file, folder):
    del file["spikes"]
    file["spikes"] = h5py.ExternalLink("other.h5", "/spikes")


def virtual(file, folder):
    layout = h5py.VirtualLayout((2,), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "labels", (2,))
    del file["labels"]
    file.create_virtual_dataset("labels", layout)


def raw(file, folder):
    (folder / "raw").write_bytes(bytes(2))
    del file["labels"]
    file.create_dataset("labels", (2,), "u1", external=[("raw", 0, 2)])


@pytest.mark.parametrize(
    "change, found",
    [
        (linked, r"a link \(SoftLink\)"),
        (outside, r"a link \(ExternalLink\)"),
        (group_outside, r"a link \(ExternalLink\)"),
        (virtual, "a dataset that lies in other files"),
        (raw, "a dataset that lies in other files"),
    ],
)
def test_a_file_that_leads_elsewhere(path, tmp_path, monkeypatch, change, found):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "other.h5")
    with h5py.File(path, "r+") as file:
        if change in (linked, outside):
            del file["spikes/times"]
        change(file, tmp_path)
    with pytest.raises(CorruptData, match=f"{path}: expected .* in the file itself, found {found}"):
        read(path, channels=700)


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("spikes/times", np.zeros((2, 3)), "times as lists of floats, found no lists"),
        ("spikes/units", (FLOATS, (2,)), "units as lists of integers, found float16"),
        ("spikes/times", (INTEGERS, (2,)), "times as lists of floats, found uint16"),
        ("labels", np.array([0.5, 1]), "labels as integers, found float64"),
        ("labels", np.array([b"a", b"b"]), r"labels as integers, found \|S1"),
        ("labels", ("u1", (2, 10**6)), r"equally many .* 2, 2 and \(2, 1000000\)"),
        ("labels", ("u1", ()), r"equally many .* 2, 2 and \(\)"),
        ("labels", np.array([0, -1]), "labels from 0 to 2147483647, found -1 to 0"),
        ("labels", np.array([0, 2**32 + 3]), "labels from 0 to 2147483647, found 0 to 4294967299"),
        ("labels", "group", "expected labels as a dataset, found a group"),
        ("spikes", "missing", "an HDF5 file with spikes/times, .* cannot be read"),
    ],
)
def test_datasets_of_another_kind(path, name, content, message):
    with h5py.File(path, "r+") as file:
        del file[name]
        if isinstance(content, np.ndarray):
            file[name] = content
        elif isinstance(content, tuple):
            file.create_dataset(name, content[1], content[0])
        elif content == "group":
            file.create_group(name)
    with pytest.raises(CorruptData, match=f"{path}: .*{message}"):
        read(path, channels=700)


@pytest.mark.parametrize("count", [0, 10**12])
def test_as_many_recordings_as_there_can_be(path, count):
    """A dataset may state any shape without a stored value."""
    with h5py.File(path, "w") as file:
        kinds = {"spikes/times": FLOATS, "spikes/units": INTEGERS, "labels": "u1"}
        for name, dtype in kinds.items():
            file.create_dataset(name, (count,), dtype, chunks=(1000,), maxshape=(None,))
    with pytest.raises(CorruptData, match=f"at least one recording .* found {count} in"):
        read(path, channels=700)


def test_lists_that_are_one_and_the_same(tmp_path):
    """Sixteen bytes refer to a list, so that a small file may hold gigabytes."""
    lists = [np.zeros(1000)] + [np.zeros(1)] * 99
    path = write(tmp_path / "a.h5", lists, lists, np.zeros(100))
    with h5py.File(path) as file:
        places = [file[f"spikes/{name}"].id.get_offset() for name in ("times", "units")]
    content = bytearray(path.read_bytes())
    for place in places:
        content[place : place + 1600] = content[place : place + 16] * 100
    path.write_bytes(content)
    with pytest.raises(CorruptData, match=r"lists of at most the \d+ bytes of the file, found"):
        read(path, channels=700)


def test_one_long_recording_among_many(tmp_path):
    lists = [np.zeros(40_000)] + [np.zeros(1)] * 499
    path = write(tmp_path / "a.h5", lists, lists, np.zeros(500))
    with pytest.raises(CorruptData, match="500 recordings and a longest one of 40000 spikes; leav"):
        read(path, channels=700)


def test_compressed_labels(path, monkeypatch):
    with h5py.File(path, "r+") as file:
        del file["labels"]
        file.create_dataset("labels", data=np.array([1, 2]), compression="gzip")
    assert read(path, channels=700).labels.tolist() == [1, 2]
    monkeypatch.setattr(events_hdf5, "MOST_COMPRESSED", 4)
    with pytest.raises(CorruptData, match="at most 4 compressed bytes of /labels, found"):
        read(path, channels=700)


def test_times_that_half_precision_cannot_hold(tmp_path):
    """Microseconds, for example."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for name, dtype, value in (("times", "<f8", 70_000.0), ("units", "<u2", 1)):
            stored = file.create_dataset(f"spikes/{name}", (1,), h5py.vlen_dtype(dtype))
            stored[0] = np.array([value], dtype)
        file["labels"] = np.array([1])
    with pytest.raises(CorruptData, match="finite times from 0 to 65504 s, found 70000.0 to 70000"):
        read(path, channels=700)


def test_labels_of_a_data_set(tmp_path):
    path = write(tmp_path / "a.h5", labels=(2, 10))
    with pytest.raises(CorruptData, match=f"{path}: expected labels from 0 to 9, found 2 to 10"):
        read(path, 700, 10)
