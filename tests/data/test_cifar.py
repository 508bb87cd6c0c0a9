"""The subset of CIFAR-10: its differences are undone, its checksum is looked at, its real images are the known ones."""

import numpy as np
import pytest

from files import REAL, real, sha256
from spikejax import data
from spikejax.data import MissingData, cifar10_subset
from spikejax.data.cifar10_subset import CIFAR10Subset, images_of
from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import Stored
from spikejax.data.formats.npz import Layout

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), np.uint8)


def stored(images):
    """The differences that `images_of` undoes."""
    planes = images.transpose(0, 3, 1, 2).copy()
    planes[:, 0] -= planes[:, 1]
    planes[:, 2] -= planes[:, 1]
    across = np.diff(planes, axis=3, prepend=np.uint8(0))
    return np.diff(across, axis=2, prepend=np.uint8(0))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A made-up file of five training and two test images, which passes as the subset."""
    labels = np.arange(7, dtype=np.uint8) % 10
    arrays = {"train_delta": stored(IMAGES[:5]), "test_delta": stored(IMAGES[5:])}
    arrays |= {"train_labels": labels[:5], "test_labels": labels[5:]}
    name = cifar10_subset.STORED.file
    np.savez(tmp_path / name, **arrays)
    content = (tmp_path / name).read_bytes()
    monkeypatch.setattr(cifar10_subset, "STORED", Stored(name, len(content), sha256(content)))
    layouts = {name: Layout(arrays[name].shape) for name in cifar10_subset.LAYOUTS}
    monkeypatch.setattr(cifar10_subset, "LAYOUTS", layouts)
    return tmp_path


def test_read_as_stored(folder):
    np.testing.assert_array_equal(images_of(stored(IMAGES)), IMAGES)
    found = data.load("cifar10_subset", folder)
    np.testing.assert_array_equal(found.train.inputs, IMAGES[:5])
    np.testing.assert_array_equal(found.test.labels, [5, 6])
    assert found.kind == "image" and found.scale == 255 and "SUBSET" in found.note
    fewer = CIFAR10Subset(train=3, test=1).load(folder)
    assert (fewer.train.count, fewer.test.count) == (3, 1) and fewer.checksum != found.checksum


def test_files_that_are_not_there_or_not_it(folder, tmp_path):
    with pytest.raises(MissingData, match="expected .*nowhere/cifar10_20k_5k.npz, found no such"):
        data.load("cifar10_subset", tmp_path / "nowhere")
    path = folder / cifar10_subset.STORED.file
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(
        CorruptData, match=r"cifar10_20k_5k.npz: expected sha256 .* of \d+ bytes, found"
    ):
        data.load("cifar10_subset", folder)
    path.write_bytes(content[:-1] + b"!")
    with pytest.raises(CorruptData, match="cifar10_20k_5k.npz: expected sha256"):
        data.load("cifar10_subset", folder)


@real("cifar10_20k_5k.npz")
def test_the_real_images():
    found = data.load("cifar10_subset", REAL)
    assert found.train.inputs.shape == (20_000, 32, 32, 3) and found.test.count == 5_000
    counts = [1989, 1981, 2042, 2011, 2009, 1925, 2038, 2027, 2012, 1966]
    assert np.bincount(found.train.labels).tolist() == counts
    # Near CIFAR-10's published means over all of its training images.
    means = found.train.inputs.mean((0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=2e-3)
