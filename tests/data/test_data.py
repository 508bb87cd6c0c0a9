"""Data sets: the packaged digits, the readers of MNIST, every error, and what is imported when."""

import gzip
import hashlib
import http.server
import json
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spikejax import data
from spikejax.data import digits, mnist, psmnist, smnist
from spikejax.data.core import cache
from spikejax.data.core.dataset import CorruptData, MissingData, Split, fingerprint
from spikejax.data.formats import idx, mnist_tfds

REAL = os.environ.get("SPIKEJAX_DATA_DIR", "")
HAS_REAL = bool(REAL) and any(
    (Path(REAL) / place / "train-images-idx3-ubyte.gz").exists() for place in ("", "mnist")
)
FILE_NAMES = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def idx_gz(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """No data anywhere: an empty cache, an empty TFDS directory, no environment variable."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.delenv("SPIKEJAX_DATA_DIR", raising=False)
    return SimpleNamespace(
        root=tmp_path, cache=tmp_path / "cache/spikejax/mnist.npz", tfds=tmp_path / "tfds"
    )


@pytest.fixture
def small(places, monkeypatch):
    """Twelve made-up training and five test images in IDX files, which pass as MNIST."""
    pixels = np.random.default_rng(0).integers(0, 256, (17, 28, 28), np.uint8)
    labels = (np.arange(17) % 10).astype(np.uint8)
    arrays = (pixels[:12], labels[:12], pixels[12:], labels[12:])
    directory = places.root / "files"
    directory.mkdir()
    stored = {}
    for key, name, array in zip(mnist.FILES, FILE_NAMES, arrays, strict=True):
        content = idx_gz(array)
        (directory / name).write_bytes(content)
        stored[key] = idx.Stored(name, len(content), sha256(content))
    monkeypatch.setattr(mnist, "FILES", stored)
    monkeypatch.setattr(mnist, "CHECKSUM", fingerprint(*arrays))
    return SimpleNamespace(directory=directory, arrays=arrays, stored=stored, **vars(places))


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


# The registry


def test_sources_are_discovered_and_read_only():
    assert {"digits", "psmnist", "smnist"} <= set(data.SOURCES)
    assert all(name == source.name for name, source in data.SOURCES.items())
    with pytest.raises(TypeError):
        data.SOURCES["other"] = data.SOURCES["digits"]  # type: ignore[index]


def test_a_new_file_is_a_new_data_set(tmp_path, monkeypatch):
    text = "from dataclasses import replace\nfrom spikejax.data import digits\n"
    text += "SOURCE = replace(digits.SOURCE, name={!r})\n"
    (tmp_path / "brand_new.py").write_text(text.format("brand_new"))
    monkeypatch.setattr(data, "__path__", [*data.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "spikejax.data.brand_new", raising=False)
    assert set(data._discover()) - set(data.SOURCES) == {"brand_new"}

    (tmp_path / "brand_new_2.py").write_text(text.format("brand_new"))
    with pytest.raises(ValueError, match="expected one data set 'brand_new', found two"):
        data._discover()
    for name in ("brand_new", "brand_new_2"):
        sys.modules.pop(f"spikejax.data.{name}", None)
        vars(data).pop(name, None)


def test_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError, match="unknown data set 'smnits'; did you mean smnist"):
        data.load("smnits")
    with pytest.raises(
        ValueError, match="unknown data set '!'; expected one of digits, psmnist, smnist"
    ):
        data.load("!")


def test_import_is_light():
    """`spikejax.data` alone (its parent replaced by an empty package) imports nothing heavy."""
    code = f"""
import sys, types
parent = types.ModuleType("spikejax")
parent.__path__ = [{str(Path(data.__file__).parent.parent)!r}]
sys.modules["spikejax"] = parent
import spikejax.data
spikejax.data.load("digits")
heavy = {{"tensorflow_datasets", "tensorflow", "PIL", "jax", "h5py", "flax", "etils"}}
assert "numpy" in sys.modules
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# What a data set is


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        (np.zeros((2, 3), np.uint8), np.zeros(2, np.int32), r"\[N, T, F\], found uint8 .*\(2, 3\)"),
        (np.zeros((2, 3, 1), np.float32), np.zeros(2, np.int32), "found float32"),
        (np.zeros((2, 3, 1), np.uint8), np.zeros(3, np.int32), r"labels int32 \[2\].*\(3,\)"),
        (np.zeros((2, 3, 1), np.uint8), np.zeros(2, np.uint8), "found uint8"),
    ],
)
def test_split_says_what_it_expected(inputs, labels, message):
    with pytest.raises(ValueError, match=message):
        Split(inputs, labels)


def test_fingerprint_is_of_dtype_shape_and_values():
    # sha256 of "int16[2]" and the little-endian bytes of 1 and 256
    expected = sha256(b"int16[2]" + bytes((1, 0, 0, 1)))
    assert fingerprint(np.array([1, 256], ">i2")) == expected
    assert fingerprint(np.array([1, 256], "<i2")) == expected
    assert fingerprint(np.array([[1, 256]], "<i2")) != expected
    assert fingerprint(np.array([1, 0, 256], "<i2")[::2]) == expected


# The packaged digits

ZERO = [
    [0, 0, 5, 13, 9, 1, 0, 0],
    [0, 0, 13, 15, 10, 15, 5, 0],
    [0, 3, 15, 2, 0, 11, 8, 0],
    [0, 4, 12, 0, 0, 8, 8, 0],
    [0, 5, 8, 0, 0, 9, 8, 0],
    [0, 4, 11, 0, 1, 12, 7, 0],
    [0, 2, 14, 5, 10, 12, 0, 0],
    [0, 0, 6, 13, 10, 0, 0, 0],
]


def test_digits_are_the_published_ones():
    images, labels = digits.read()
    assert images.shape == (1797, 8, 8) and images.dtype == np.uint8
    assert images.min() == 0 and images.max() == 16 and images.sum() == 561718
    assert images[0].tolist() == ZERO
    assert labels[:10].tolist() == list(range(10))
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.FILE.stat().st_size < 100_000
    assert "CC BY 4.0" in digits.FILE.with_name("digits.LICENCE.txt").read_text()


def test_digits_split_is_fixed_and_stratified():
    dataset = data.load("digits")
    assert dataset.train.inputs.shape == (1437, 64, 1)
    assert dataset.test.inputs.shape == (360, 64, 1)
    assert (len(dataset.train), len(dataset.test)) == (1437, 360)
    assert (dataset.classes, dataset.scale) == (10, 16.0)
    # 360/1797 of each class, rounded down: 35 36 35 36 36 36 36 35 34 36, in all 355; the other
    # five go to classes 7, 8, 0, 3 and, of the equal fractions of 1 and 5, to 1.
    assert np.bincount(dataset.test.labels).tolist() == [36, 37, 35, 37, 36, 36, 36, 36, 35, 36]
    chosen = digits.draw_stratified(digits.read()[1], 360, digits.SPLIT_SEED)
    assert sha256(chosen.astype("<i4").tobytes()) == (
        "d2c89307af6fff8d524eb1482f980706b407839789943d0e5d71a9ee9fe1d677"
    )
    assert dataset.checksum == "6ce8ea99d8d7da90496f96d39c6d331dcc5247e81ceedaafe9d8e08e7db54f90"
    # one pixel a step, row by row; sample 0 is for training, sample 5 is the first for testing
    assert dataset.train.inputs[0, :, 0].tolist() == sum(ZERO, [])
    assert dataset.test.inputs[0, :, 0].tolist() == digits.read()[0][5].ravel().tolist()
    assert len(dataset.train) + len(dataset.test) == data.SOURCES["digits"].samples
    assert data.SOURCES["digits"].looked_in(None) == [(str(digits.FILE), True)]


def test_digits_file_is_verified(tmp_path):
    broken = tmp_path / "digits.npz"
    with pytest.raises(MissingData, match=f"{broken}, found none; reinstall"):
        digits.read(broken)
    content = digits.FILE.read_bytes()[:-1]
    broken.write_bytes(content)
    message = f"{broken}: expected sha256 {digits.SHA256}, found {sha256(content)}"
    with pytest.raises(CorruptData, match=message):
        digits.read(broken)


# IDX files


def test_idx_read(tmp_path):
    file = tmp_path / "file.gz"
    file.write_bytes(gzip.compress(b"\0\0\x08\x02" + b"\0\0\0\x02\0\0\0\x03" + bytes(range(6))))
    array = idx.read(file)
    assert array.dtype == np.uint8 and array.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not gzip", "expected a whole gzip file, found a broken one"),
        (idx_gz(np.zeros((9, 9), np.uint8))[:-9], "expected a whole gzip file, found a broken"),
        (gzip.compress(b""), r"\(00 00 08\) and 4 bytes, found nothing"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\0"), r"\(00 00 08\) and 8 bytes, found 00 00 0d"),
        (gzip.compress(b"\0\0\x08\x02\0\0"), "and 12 bytes, found 00 00 08 02 00 00; delete it"),
        (
            gzip.compress(b"\0\0\x08\x01\0\0\0\x05" + bytes(4)),
            r"expected 5 values for shape \(5,\), found 4",
        ),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05" + bytes(6)), "expected 5 values .*, found 6"),
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
    for words in (*FILE_NAMES, "--data-dir", "SPIKEJAX_DATA_DIR", "--download", "11.6 MB"):
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
    assert str(caught.value).startswith(
        f"{file}: expected {stored.length} bytes with sha256 {stored.sha256}, "
        f"found {len(content)} bytes with sha256 {sha256(bytes(content))}"
    )
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

    monkeypatch.setattr(cache.os, "replace", fail)
    with pytest.warns(UserWarning, match="could not be written: disk full"):
        assert_same(mnist.load_images(small.directory), small.arrays)
    assert list(small.cache.parent.iterdir()) == []


def test_cache_content_is_what_is_verified(tmp_path):
    file = tmp_path / "some" / "where.npz"
    arrays = {"a": np.arange(3), "b": np.eye(2)}
    cache.write_cache(file, arrays)
    assert_same(cache.read_cache(file, ("b",), fingerprint(np.eye(2))), (np.eye(2),))
    wrong = fingerprint(np.zeros(1))
    with pytest.raises(CorruptData, match=f"{wrong} .* found sha256 {fingerprint(np.eye(2))}"):
        cache.read_cache(file, ("b",), wrong)


# TensorFlow Datasets, without TensorFlow


@pytest.fixture
def plain_tfds():
    """TFDS, and the promise that TensorFlow is never imported."""
    tfds = pytest.importorskip("tensorflow_datasets")
    assert "tensorflow" not in sys.modules
    yield tfds
    assert "tensorflow" not in sys.modules


@pytest.fixture
def prepared(small, plain_tfds, monkeypatch):
    """The made-up MNIST, prepared by TFDS from files fetched by hand."""
    from tensorflow_datasets.core.download import checksums
    from tensorflow_datasets.image_classification.mnist import MNIST

    recorded = checksums.get_all_url_infos()  # one dictionary in memory; nothing is written
    for name in FILE_NAMES:
        information = checksums.compute_url_info(small.directory / name)
        monkeypatch.setitem(recorded, f"{MNIST.URL}{name}", information)
    mnist_tfds.prepare(small.tfds, manual_dir=small.directory)
    return mnist_tfds.prepared_directory(small.tfds)


tfds_test = pytest.mark.filterwarnings("ignore")  # TFDS and its dependencies warn on import


@tfds_test
def test_tfds_prepares_and_reads_in_the_order_of_the_files(small, prepared, plain_tfds):
    information = json.loads((prepared / "dataset_info.json").read_text())
    assert information["fileFormat"] == "array_record" and information["name"] == "mnist"
    examples = list(plain_tfds.builder_from_directory(prepared).as_data_source("train"))
    stored = [int(example["label"]) for example in examples]
    assert sorted(stored) == sorted(small.arrays[1]) and stored != small.arrays[1].tolist()
    assert (f"{prepared} (array_record)", True) in mnist.looked_in()
    assert_same(mnist.load_images(), small.arrays)
    assert small.cache.exists()


@tfds_test
def test_tfds_files_that_cannot_be_read_are_named(small, prepared):
    for file in prepared.glob("*array_record*"):
        file.write_bytes(b"")
    with pytest.raises(CorruptData, match=f"{prepared}: expected MNIST prepared .*; delete this"):
        mnist.load_images()


@tfds_test
def test_tfds_refuses_files_with_another_checksum(small, plain_tfds):
    with pytest.raises(CorruptData, match="TFDS's checksums, found others: .*wrong checksum"):
        mnist_tfds.prepare(small.tfds, manual_dir=small.directory)


@tfds_test
def test_tfds_other_format_is_refused(small, plain_tfds):
    directory = mnist_tfds.prepared_directory(small.tfds)
    directory.mkdir(parents=True)
    (directory / "dataset_info.json").write_text('{"fileFormat": "tfrecord"}')
    assert (f"{directory} (array_record)", False) in mnist.looked_in()
    with pytest.raises(CorruptData, match=f"{directory}: expected .* another format"):
        mnist_tfds.prepare(small.tfds, manual_dir=small.directory)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@tfds_test
def test_download_is_announced_and_used(small, plain_tfds, monkeypatch, capsys):
    from tensorflow_datasets.image_classification.mnist import MNIST

    def handler(*arguments):
        return Quiet(*arguments, directory=str(small.directory))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(MNIST, "URL", f"http://127.0.0.1:{server.server_port}/")
        target = small.root / "target"
        try:
            assert_same(mnist.load_images(target, download=True), small.arrays)
        finally:
            server.shutdown()
    first = capsys.readouterr().err.splitlines()[0]
    for words in ("downloading MNIST", "TensorFlow Datasets", "mnist 3.0.1", "11.6 MB", target):
        assert str(words) in first
    assert mnist_tfds.is_readable(target) and small.cache.exists()


@tfds_test
def test_failed_download_is_one_line(small, plain_tfds, monkeypatch, capsys):
    from tensorflow_datasets.image_classification.mnist import MNIST

    monkeypatch.setattr(MNIST, "URL", "http://127.0.0.1:9/")  # the port where nobody listens
    with pytest.raises(
        MissingData, match="found that it failed .*refused.*--data-dir DIR"
    ) as error:
        data.load("psmnist", download=True)
    assert "\n" not in str(error.value) and str(small.tfds) in str(error.value)
    assert "downloading MNIST" in capsys.readouterr().err


@tfds_test
@pytest.mark.parametrize("package", ["PIL", "tensorflow_datasets", "importlib_resources"])
def test_missing_packages_are_named(small, monkeypatch, capsys, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModuleNotFoundError, match=rf"{package}.*pip install .*spikejax\[all\]"):
        mnist.load_images(download=True)
    assert "downloading" not in capsys.readouterr().err  # nothing is announced that will not happen


# MNIST itself

real = pytest.mark.skipif(not HAS_REAL, reason="real data not present")
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@real
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


@real
def test_real_sequences(places):
    sequential, permuted = smnist.load(REAL), psmnist.load(REAL)
    for dataset in (sequential, permuted):
        assert dataset.train.inputs.shape == (60_000, 784, 1)
        assert dataset.test.inputs.shape == (10_000, 784, 1)
        assert dataset.train.inputs.sum() == 1_567_298_545
        assert len(dataset.train) + len(dataset.test) == data.SOURCES[dataset.name].samples
    assert sequential.checksum == "26d797fb79370a1d0a52f47fa0c4ff4bbee91313c23c76916c97da63b0459d0f"
    assert permuted.checksum == "2004bfee80d14339a097718c90603597d3b193faea408359230e7206c8f97cd0"
