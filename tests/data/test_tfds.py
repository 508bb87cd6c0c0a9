"""MNIST by TensorFlow Datasets, without TensorFlow."""

import json
import sys

import pytest

from files import FILE_NAMES, assert_same
from spikejax import data
from spikejax.data import mnist
from spikejax.data.core.dataset import CorruptData, MissingData
from spikejax.data.formats import mnist_tfds
from spikejax.data.formats.mnist_tfds import PREPARED


@pytest.fixture
def plain_tfds():
    """TFDS, and the promise that TensorFlow is never imported."""
    tfds = pytest.importorskip("tensorflow_datasets")
    assert "tensorflow" not in sys.modules
    yield tfds
    assert "tensorflow" not in sys.modules


def record(small, url, monkeypatch):
    """Makes TFDS expect the made-up files at an address."""
    from tensorflow_datasets.core.download import checksums

    recorded = checksums.get_all_url_infos()  # one dictionary in memory; nothing is written
    for name in FILE_NAMES:
        information = checksums.compute_url_info(small.directory / name)
        monkeypatch.setitem(recorded, f"{url}{name}", information)


@pytest.fixture
def prepared(small, plain_tfds, monkeypatch):
    """The made-up MNIST, prepared by TFDS from files fetched by hand."""
    from tensorflow_datasets.image_classification.mnist import MNIST

    record(small, MNIST.URL, monkeypatch)
    mnist_tfds.prepare(small.tfds, manual_dir=small.directory)
    return PREPARED.directory(small.tfds)


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
    directory = PREPARED.directory(small.tfds)
    directory.mkdir(parents=True)
    (directory / "dataset_info.json").write_text('{"fileFormat": "tfrecord"}')
    assert (f"{directory} (array_record)", False) in mnist.looked_in()
    with pytest.raises(CorruptData, match=f"{directory}: expected .* another format"):
        mnist_tfds.prepare(small.tfds, manual_dir=small.directory)


@tfds_test
def test_download_is_announced_and_used(small, plain_tfds, monkeypatch, capsys, serve):
    from tensorflow_datasets.image_classification.mnist import MNIST

    with serve(small.directory) as url:
        monkeypatch.setattr(MNIST, "URL", url)
        target = small.root / "target"
        with pytest.raises(MissingData, match="Missing checksums url"):
            mnist.load_images(target, download=True)
        with monkeypatch.context() as other:
            other.setattr(mnist_tfds, "MOST_BYTES", 500)
            with pytest.raises(MissingData, match="at most 500 bytes at http.*, found"):
                mnist.load_images(target, download=True)
        record(small, url, monkeypatch)
        assert_same(mnist.load_images(target, download=True), small.arrays)
    first = capsys.readouterr().err.splitlines()[0]
    for words in ("downloading MNIST", "TensorFlow Datasets", "mnist 3.0.1", "11.6 MB", target):
        assert str(words) in first
    assert PREPARED.is_readable(target) and small.cache.exists()


@tfds_test
def test_failed_download_is_one_line(small, plain_tfds, monkeypatch, capsys):
    from tensorflow_datasets.image_classification.mnist import MNIST

    monkeypatch.setattr(MNIST, "URL", "http://127.0.0.1:9/")  # the port where nobody listens
    with pytest.raises(
        MissingData, match="found that it failed .*refused.*give it as the data dir"
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
