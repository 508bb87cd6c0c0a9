"""MNIST: where it is found, what is said when it is not, its sequences and its cache."""

import gzip
import os

import numpy as np
import pytest

from files import FILE_NAMES, REAL, assert_same, idx_gz, real, sha256
from spikejax import data
from spikejax.data import mnist, psmnist
from spikejax.data.core import cache
from spikejax.data.core.dataset import CorruptData, MissingData, fingerprint
from spikejax.data.formats import idx
from spikejax.data.formats.npz import Layout

# IDX files


def test_idx_read(tmp_path):
    file = tmp_path / "file.gz"
    file.write_bytes(
        gzip.compress(b"\0\0\x08\x02" + b"\0\0\0\x02\0\0\0\x03" + bytes(range(6)), mtime=0)
    )
    array = idx.read(file)
    assert array.dtype == np.uint8 and array.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not gzip", "expected a whole gzip file, found a broken one"),
        (idx_gz(np.zeros((9, 9), np.uint8))[:-9], "expected a whole gzip file, found a broken"),
        (gzip.compress(b"", mtime=0), r"\(00 00 08\) and 4 bytes, found nothing"),
        (
            gzip.compress(b"\0\0\x0d\x01\0\0\0\0", mtime=0),
            r"\(00 00 08\) and 8 bytes, found 00 00 0d",
        ),
        (
            gzip.compress(b"\0\0\x08\x02\0\0", mtime=0),
            "and 12 bytes, found 00 00 08 02 00 00; delete it",
        ),
        (
            gzip.compress(b"\0\0\x08\x01\0\0\0\x05" + bytes(4), mtime=0),
            r"expected 5 values for shape \(5,\), found 4",
        ),
        (
            gzip.compress(b"\0\0\x08\x01\0\0\0\x05" + bytes(6), mtime=0),
            "expected 5 values .*, found 6",
        ),
    ],
)
def test_idx_read_says_what_is_wrong(tmp_path, content, message):
    file = tmp_path / "file.gz"
    file.write_bytes(content)
    with pytest.raises(CorruptData, match=f"{file}: .*{message}"):
        idx.read(file)


# Where MNIST is found


@pytest.mark.parametrize("place", [".", "mnist"])
def test_mnist_from_files_then_from_the_cache(small, place):
    home = small.root / "home"
    (home / place).parent.mkdir(parents=True, exist_ok=True)
    small.directory.rename(home / place) if place == "mnist" else small.directory.rename(home)
    assert_same(mnist.load_images(home), small.arrays)
    assert [file.name for file in small.cache.parent.iterdir()] == ["mnist.npz"]
    assert_same(mnist.load_images(), small.arrays)  # no directory is named: this is the cache


def test_mnist_from_the_environment_variable(small, monkeypatch):
    monkeypatch.setenv("SPIKEJAX_DATA_DIR", str(small.directory))
    assert (f"{small.directory} (four .gz files)", True) in mnist.looked_in()
    assert (str(small.cache), False) in mnist.looked_in()
    assert_same(mnist.load_images(), small.arrays)
    assert (str(small.cache), True) in mnist.looked_in()


def test_sequences(small):
    sequential = data.load("smnist", small.directory)
    permuted = data.load("psmnist", small.directory)
    order = psmnist.permutation()
    for part, images, labels in (
        ("train", small.arrays[0], small.arrays[1]),
        ("test", small.arrays[2], small.arrays[3]),
    ):
        rows, pixels = getattr(sequential, part), getattr(permuted, part)
        assert rows.inputs.shape == pixels.inputs.shape == (len(labels), 784, 1)
        assert rows.inputs[3, 30, 0] == images[3, 1, 2]  # step 30 is row 1, column 2
        np.testing.assert_array_equal(rows.inputs.reshape(-1, 28, 28), images)
        np.testing.assert_array_equal(pixels.inputs[..., 0], rows.inputs[:, order, 0])
        np.testing.assert_array_equal(rows.labels, labels)
        np.testing.assert_array_equal(pixels.labels, labels)
    assert (sequential.name, permuted.name) == ("smnist", "psmnist")
    assert sequential.scale == permuted.scale == 255.0
    assert sequential.checksum != permuted.checksum


def test_permutation_is_fixed():
    order = psmnist.permutation()
    assert order[:8].tolist() == [732, 223, 118, 374, 466, 523, 200, 615]
    assert sha256(order.astype("<i4").tobytes()) == (
        "335505acbe41167361e52ff877d40fa03c77f67393f2bae56dadc2315392c187"
    )


def test_missing_mnist_says_what_to_do(small):
    with pytest.raises(MissingData) as caught:
        data.load("smnist")
    for words in (*FILE_NAMES, "data directory", "SPIKEJAX_DATA_DIR", "a download of 11.6 MB"):
        assert words in str(caught.value)
    assert str(small.cache) in str(caught.value) and str(small.tfds) in str(caught.value)
    assert "only some" not in str(caught.value) and "\n" not in str(caught.value)

    (small.directory / FILE_NAMES[2]).unlink()
    expected = f"{small.directory} has only some of them: {FILE_NAMES[2]} missing"
    with pytest.raises(MissingData, match=expected):
        data.load("smnist", small.directory)


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_damaged_files_are_named(small, damage):
    file = small.directory / FILE_NAMES[0]
    content = bytearray(file.read_bytes())
    if damage == "truncated":
        del content[-100:]
    else:
        content[500] ^= 1
    file.write_bytes(content)
    stored = small.stored["train_images"]
    with pytest.raises(CorruptData) as caught:
        mnist.load_images(small.directory)
    rest = f" of {stored.length} bytes, found {len(content)} bytes"
    if damage == "flipped":
        rest = f", found sha256 {sha256(bytes(content))}"
    expected = f"{file}: expected sha256 {stored.sha256}{rest}; delete it and fetch"
    assert str(caught.value).startswith(expected)
    assert not small.cache.exists()


def test_other_content_is_refused(small, monkeypatch):
    monkeypatch.setattr(mnist, "CHECKSUM", "0" * 64)
    found = fingerprint(*small.arrays)
    with pytest.raises(CorruptData, match=f"expected MNIST with sha256 0+ .* found {found}"):
        mnist.load_images(small.directory)
    assert not small.cache.exists()


# The cache


@pytest.mark.parametrize("damage", ["truncated", "flipped", "other"])
def test_a_corrupt_cache_is_rebuilt_or_named(small, damage):
    mnist.load_images(small.directory)
    whole = small.cache.read_bytes()
    if damage == "truncated":
        small.cache.write_bytes(whole[:1000])
    elif damage == "flipped":
        small.cache.write_bytes(whole[:1000] + bytes((whole[1000] ^ 1,)) + whole[1001:])
    else:
        np.savez(small.cache, train_images=np.zeros(3))
    with pytest.raises(CorruptData, match=f"cache {small.cache}: expected sha256 .*; delete it"):
        mnist.load_images()
    assert_same(mnist.load_images(small.directory), small.arrays)
    assert small.cache.read_bytes() == whole


def test_the_cache_is_whole_or_absent(small, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.warns(UserWarning, match="could not be written: disk full"):
        assert_same(mnist.load_images(small.directory), small.arrays)
    assert list(small.cache.parent.iterdir()) == []


def test_cache_content_is_what_is_verified(tmp_path):
    file = tmp_path / "some" / "where.npz"
    arrays = {"a": np.arange(3), "b": np.eye(2)}
    cache.write_cache(file, arrays)
    expected = {"b": Layout((2, 2), "float64")}
    assert_same(cache.read_cache(file, expected, fingerprint(np.eye(2))), (np.eye(2),))
    wrong = fingerprint(np.zeros(1))
    with pytest.raises(CorruptData, match=f"{wrong} .* found sha256 {fingerprint(np.eye(2))}"):
        cache.read_cache(file, expected, wrong)


# MNIST itself

there = real("mnist/train-images-idx3-ubyte.gz", "train-images-idx3-ubyte.gz")
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@there
def test_real_mnist(places):
    train_images, train_labels, test_images, test_labels = mnist.load_images(REAL)
    assert train_images.shape == (60_000, 28, 28) and test_images.shape == (10_000, 28, 28)
    assert np.bincount(train_labels).tolist() == TRAIN_COUNTS
    assert np.bincount(test_labels).tolist() == TEST_COUNTS
    assert train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # The mean of the training pixels is MNIST's well-known 0.1307.
    assert train_images.sum() == 1_567_298_545 and test_images.sum() == 264_923_200
    assert round(1_567_298_545 / (60_000 * 784 * 255), 4) == 0.1307
    assert_same(mnist.load_images(), (train_images, train_labels, test_images, test_labels))


@there
def test_real_sequences(places):
    sequential, permuted = (data.load(name, REAL) for name in ("smnist", "psmnist"))
    for dataset in (sequential, permuted):
        assert dataset.train.inputs.shape == (60_000, 784, 1)
        assert dataset.test.inputs.shape == (10_000, 784, 1)
        assert dataset.train.inputs.sum() == 1_567_298_545
        assert dataset.train.count + dataset.test.count == data.SOURCES[dataset.name].facts.samples
    assert sequential.checksum == "26d797fb79370a1d0a52f47fa0c4ff4bbee91313c23c76916c97da63b0459d0f"
    assert permuted.checksum == "2004bfee80d14339a097718c90603597d3b193faea408359230e7206c8f97cd0"
