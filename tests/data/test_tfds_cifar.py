"""CIFAR as TFDS prepares it, read without TensorFlow."""

import importlib
import io
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from spikejax import data
from spikejax.data import CorruptData, MissingData

CLASSES = {"cifar10": "Cifar10", "cifar100": "Cifar100"}
pytestmark = pytest.mark.filterwarnings("ignore")  # TFDS and its dependencies warn on import


@pytest.fixture
def prepared(official):
    """The made-up images, prepared by TFDS's own builder with the TensorFlow parts of it replaced."""
    pytest.importorskip("tensorflow_datasets")
    image_module = pytest.importorskip("PIL.Image")
    cifar = importlib.import_module("tensorflow_datasets.image_classification.cifar")
    registered = importlib.import_module("tensorflow_datasets.core.registered")
    original = getattr(cifar, CLASSES[official.name])

    with registered.skip_registration():

        class Plain(original):
            name = official.name

            def _split_generators(self, dl_manager):
                parts = {"train": official.train, "test": official.test}
                return {
                    split: self._generate_examples(split, part) for split, part in parts.items()
                }

            def _generate_examples(self, split_prefix, filepaths):
                keys = self._cifar_info.label_keys
                for index, (image, labels) in enumerate(zip(*filepaths, strict=True)):
                    png = io.BytesIO()
                    image_module.fromarray(image).save(png, format="png")
                    png.seek(0)
                    named = dict(zip(keys, map(int, labels), strict=True))
                    yield index, {"id": f"{split_prefix}_{index:05d}", "image": png, **named}

    builder = Plain(data_dir=str(official.places.tfds), file_format="array_record")
    builder.download_and_prepare()
    official.path.unlink()
    yield builder
    assert "tensorflow" not in sys.modules


def test_in_the_order_of_the_files(official, prepared):
    examples = list(prepared.as_data_source("train"))
    assert [e["image"].tobytes() for e in examples] != [x.tobytes() for x in official.train[0]]
    place = f"{prepared.data_dir} (array_record)"
    assert (place, True) in data.SOURCES[official.name]().looked_in()
    found = data.load(official.name)
    for split, (images, labels) in ((found.train, official.train), (found.test, official.test)):
        np.testing.assert_array_equal(split.inputs, images)
        np.testing.assert_array_equal(split.labels, labels[:, -1])
    assert official.cache.exists()


def test_other_examples_are_refused(official, prepared):
    """They are compared with the checksums of the members of the archive."""
    official.train[0][0, 0, 0, 0] ^= 1
    shutil.rmtree(prepared.data_dir)
    again = type(prepared)(data_dir=str(official.places.tfds), file_format="array_record")
    again.download_and_prepare()
    with pytest.raises(CorruptData, match=f"{prepared.data_dir}: expected sha256"):
        data.load(official.name)
    assert not official.cache.exists()


def test_another_format_is_named(official, prepared):
    information = Path(prepared.data_dir) / "dataset_info.json"
    information.write_text(information.read_text().replace("array_record", "tfrecord"))
    with pytest.raises(MissingData, match=f"{prepared.data_dir} holds no CIFAR-.* without Tens"):
        data.load(official.name)
