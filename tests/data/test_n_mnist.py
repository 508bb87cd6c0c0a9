"""N-MNIST as it is distributed, unpacked, and the subset: frames in the order of MNIST, whose labels they have."""

import zipfile

import numpy as np
import pytest

from experiments.reliability.event_files import atis_bin, recording
from files import REAL, real
from spikejax import data
from spikejax.data import CorruptData, MissingData, n_mnist
from spikejax.data.core import frame_cache, frames
from spikejax.data.n_mnist import NMNIST

FILES = {"Train/7/00002.bin": 1, "Train/3/00001.bin": 2, "Test/1/00001.bin": 3}


@pytest.fixture
def folder(places):
    for name, seed in FILES.items():
        path = places.root / "files" / "N-MNIST" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(atis_bin(recording(seed)))
    return places.root / "files"


def test_frames_of_an_unpacked_folder(folder):
    (folder / "N-MNIST/Train/7/._00002.bin").write_bytes(b"of another system")
    found = data.load("n_mnist", folder)
    assert found.train.inputs.shape == (2, 10, 34, 34, 2) and found.train.inputs.dtype == np.uint8
    assert found.train.labels.tolist() == [3, 7] and found.test.labels.tolist() == [1]
    expected = frames.by_count(recording(2), (34, 34, 2), 10)
    np.testing.assert_array_equal(found.train.inputs[0], expected)
    assert found.kind == "sequence" and found.scale == 1 and found.classes == 10
    assert found.note.startswith("A SUBSET of N-MNIST: 2 of 60,000 training and 1 of 10,000 test")


def test_what_was_made_is_kept_until_a_file_changes(folder, places, monkeypatch):
    first = data.load("n_mnist", folder, steps=3)
    with monkeypatch.context() as context:
        context.setattr(n_mnist, "decode", None)
        assert data.load("n_mnist", folder, steps=3) == first
        context.setattr(frame_cache, "FORMAT", frame_cache.FORMAT + 1)
        with pytest.raises(TypeError):  # they are made again
            data.load("n_mnist", folder, steps=3)
    other = data.load("n_mnist", folder, steps=3, frames="time")
    assert other != first and other.train.inputs.sum() == first.train.inputs.sum()
    for path in (places.cache.parent).glob("n_mnist-*.npz"):
        path.write_bytes(path.read_bytes()[:-9])
    assert data.load("n_mnist", folder, steps=3) == first
    (folder / "N-MNIST/Test/1/00001.bin").write_bytes(atis_bin(recording(9, count=51)))
    assert data.load("n_mnist", folder, steps=3) != first


def test_zips_are_read_as_they_are_distributed(folder, monkeypatch):
    expected = data.load("n_mnist", folder)
    for part in ("Train", "Test"):
        with zipfile.ZipFile(folder / f"N-MNIST/{part}.zip", "w") as file:
            for name in (x for x in FILES if x.startswith(part)):
                file.write(folder / "N-MNIST" / name, name)
                (folder / "N-MNIST" / name).unlink()
                (folder / "N-MNIST" / name).parent.rmdir()
        (folder / "N-MNIST" / part).rmdir()
    with pytest.raises(CorruptData, match="Train.zip: expected md5 20959b8e.*, found md5 .*; get"):
        data.load("n_mnist", folder)
    monkeypatch.setattr(n_mnist, "verify_md5", lambda *given: None)
    assert data.load("n_mnist", folder) == expected


def test_folders_of_another_project_are_not_taken_for_it(places, tmp_path):
    for part in ("Train", "Test"):
        (tmp_path / part / "cats").mkdir(parents=True)
    with pytest.raises(MissingData, match=r"expected N-MNIST.*give the directory that"):
        data.load("n_mnist", tmp_path)
    for part in ("Train", "Test"):
        (tmp_path / part / "0").mkdir()
    with pytest.raises(CorruptData, match="CLASS/FILE.bin, found none; name another directory"):
        data.load("n_mnist", tmp_path)


def test_recordings_that_are_not_there_or_not_one(folder, tmp_path):
    with pytest.raises(
        MissingData, match=r"expected N-MNIST.*, found none of .*nmnist_subset.*: get Train"
    ):
        data.load("n_mnist", tmp_path / "nowhere")
    path = folder / "N-MNIST/Train/7/00002.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptData, match=f"{path}: expected 5 bytes per event, found 249 bytes"):
        data.load("n_mnist", folder)
    path.parent.rename(folder / "N-MNIST/Train/x")
    with pytest.raises(
        CorruptData, match="expected it in a folder that is its class, 0 to 9, found 'x'"
    ):
        data.load("n_mnist", folder)
    (folder / "nmnist_subset.tar.xz").write_bytes(b"")
    for part in ("Train", "Test"):
        (folder / "N-MNIST" / part).rename(folder / part.lower())
    with pytest.raises(
        CorruptData, match="nmnist_subset.tar.xz: expected sha256 13c29d3c.*found 0"
    ):
        data.load("n_mnist", folder)


@real("nmnist_subset.tar.xz")
def test_the_real_digits(places):
    """The labels are those of the first images of MNIST."""
    train, test = NMNIST().recordings(REAL)
    assert (len(train), len(test)) == (1000, 100)
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(train.labels).tolist() == [97, 116, 99, 93, 105, 92, 94, 117, 87, 100]
    counts = [len(events) for part in (train, test) for events, _ in part]
    assert (min(counts), max(counts)) == (1069, 7152)
    assert max(int(events["t"][-1]) for events, _ in test) < 337_000
