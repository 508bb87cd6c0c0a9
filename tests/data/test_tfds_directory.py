"""The JSON files of a prepared data set: whatever they hold, the file is named, and no other is imported or read."""

import json
import os
import sys

import pytest

from spikejax import data
from spikejax.data import CorruptData, MissingData, mnist
from spikejax.data.formats.mnist_tfds import PREPARED
from spikejax.data.formats.tfds_directory import check_prepared, read_json

SPLIT = {"name": "train", "shardLengths": ["12"]}
INFORMATION = {"name": "mnist", "fileFormat": "array_record", "splits": [SPLIT]}
LABEL = {"pythonClassName": "tensorflow_datasets.core.features.class_label_feature.ClassLabel"}
FEATURES = {"featuresDict": {"features": {"label": LABEL}}}

DAMAGE = {
    "list": (b"[]", "found list"),
    "null": (b"null", "found NoneType"),
    "number": (b"3", "found int"),
    "nested": (b"[" * 100_000, "cannot be read .*recursion"),
    "not UTF-8": (b'{"a": "\xff"}', "cannot be read .*utf-8"),
    "empty": (b"", "cannot be read"),
    "long number": (b"9" * 5000, "cannot be read"),
    "large": (b" " * 2**21, "expected at most 1048576 bytes, found 2097152"),
}


@pytest.fixture
def directory(places):
    found = PREPARED.directory(places.tfds)
    found.mkdir(parents=True)
    (found / "dataset_info.json").write_text(json.dumps(INFORMATION))
    (found / "features.json").write_text(json.dumps(FEATURES))
    return found


@pytest.mark.parametrize("content, message", DAMAGE.values(), ids=list(DAMAGE))
def test_json_that_is_no_object(directory, content, message):
    path = directory / "dataset_info.json"
    path.write_bytes(content)
    with pytest.raises(CorruptData, match=f"{path}: .*{message}"):
        read_json(path)
    assert (f"{directory} (array_record)", False) in mnist.looked_in()
    with pytest.raises(MissingData, match=f"{directory} holds no MNIST .* delete it"):
        data.load("mnist")


@pytest.mark.parametrize("content, message", DAMAGE.values(), ids=list(DAMAGE))
def test_features_that_are_no_object(directory, content, message):
    pytest.importorskip("tensorflow_datasets")
    path = directory / "features.json"
    path.write_bytes(content)
    with pytest.raises(CorruptData, match=f"{path}: .*{message}"):
        data.load("mnist")


def test_what_tfds_writes(directory):
    check_prepared(directory, "mnist", 12)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"name": "cifar"}, "expected the splits of mnist, found those of 'cifar': "),
        ({"splits": None}, "expected the splits of mnist, found those of 'mnist': None"),
        ({"splits": [3]}, "expected the splits train and test, found 3"),
        ({"splits": [SPLIT | {"name": "../x"}]}, r"train and test, found {'name': '\.\./x'"),
        ({"splits": [SPLIT | {"filepathTemplate": "/etc/{SPLIT}"}]}, "found '/etc/{SPLIT}'"),
        ({"splits": [SPLIT | {"filepath_template": "../x"}]}, r"found '\.\./x'"),
        ({"splits": [SPLIT | {"shardLengths": ["13"]}]}, r"1 to 12 examples .*\['13'\]"),
        ({"splits": [SPLIT | {"shardLengths": 3}]}, "1 to 12 examples .*found 3"),
        ({"splits": [SPLIT | {"shardLengths": ["x"]}]}, r"1 to 12 examples .*\['x'\]"),
    ],
)
def test_splits_that_tfds_does_not_write(directory, changes, message):
    path = directory / "dataset_info.json"
    path.write_text(json.dumps(INFORMATION | changes))
    with pytest.raises(CorruptData, match=f"{path}: .*{message}"):
        check_prepared(directory, "mnist", 12)


@pytest.mark.parametrize("key", ["pythonClassName", "python_class_name", "type"])
def test_no_other_class_is_imported(directory, tmp_path, monkeypatch, key):
    pytest.importorskip("tensorflow_datasets")
    (tmp_path / "foreign_features.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    path = directory / "features.json"
    path.write_text(json.dumps({key: "foreign_features.Label", "content": {}}))
    with pytest.raises(
        CorruptData, match=f"{path}: expected classes of .*'foreign_features.Label'"
    ):
        data.load("mnist")
    path.write_text(json.dumps({"jsonFeature": {"json": "{}"}}))
    with pytest.raises(CorruptData, match="found 'jsonFeature'"):
        check_prepared(directory, "mnist", 12)
    assert "foreign_features" not in sys.modules


@pytest.mark.parametrize("name", ["dataset_info.json", "features.json", "mnist-train.array_record"])
def test_a_fifo_is_not_opened(directory, name):
    path = directory / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(CorruptData, match=f"{path}: expected a regular file, found a FIFO"):
        check_prepared(directory, "mnist", 12)
    assert PREPARED.is_readable(directory.parents[1]) is (name != "dataset_info.json")
