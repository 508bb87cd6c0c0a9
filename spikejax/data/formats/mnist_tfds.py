"""MNIST through TensorFlow Datasets, without TensorFlow: read what is prepared, or prepare it.

TFDS's own builder of MNIST decodes the IDX files and encodes the images by TensorFlow. The subclass
here replaces these two steps by NumPy and Pillow; downloading, verifying, shuffling and writing
array_record files stay TFDS's, and what it writes, TFDS's own builder reads.
"""

import importlib
import io
import os
import sys
import urllib.request
from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import CorruptData, MissingData
from spikejax.data.core.stored import is_of_the_machine
from spikejax.data.formats.idx import read
from spikejax.data.formats.tfds_directory import check_prepared, read_json
from spikejax.extras import require

VERSION = "3.0.1"
MOST_EXAMPLES = 60_000
MOST_BYTES = 10_000_000  # of a downloaded file
IMAGE = (28, 28, 1)
_FORMAT = "array_record"


def default_directory() -> Path:
    """TFDS's data directory: the environment variable TFDS_DATA_DIR, or ~/tensorflow_datasets.

    Returns:
      The directory, which need not exist.
    """
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def prepared_directory(data_dir: Path) -> Path:
    """Where in a TFDS data directory the prepared MNIST is.

    Args:
      data_dir: a data directory of TFDS.

    Returns:
      The directory, which need not exist.
    """
    return data_dir / "mnist" / VERSION


def is_readable(data_dir: Path) -> bool:
    """Whether MNIST is prepared there in the format that is read without TensorFlow.

    Args:
      data_dir: a data directory of TFDS.

    Returns:
      True if it is there as array_record; False if it is absent, damaged or in another format.
    """
    information = prepared_directory(data_dir) / "dataset_info.json"
    try:
        return read_json(information).get("fileFormat") == _FORMAT
    except (OSError, ValueError):
        return False


def read_prepared(data_dir: Path) -> tuple[np.ndarray, ...]:
    """Reads a prepared MNIST and puts it back into the order of MNIST's own files.

    TFDS stores examples in the order of a hash of their index in the files; sorting the indices by
    the same hash inverts it.

    Args:
      data_dir: a data directory of TFDS for which `is_readable` holds.

    Returns:
      Training images uint8 `[N, 28, 28]`, training labels uint8 `[N]`, and the same for test.

    Raises:
      ModuleNotFoundError: tensorflow-datasets or Pillow is not installed.
      CorruptData: the prepared files cannot be read.
    """
    require("PIL")
    tfds = require("tensorflow_datasets")
    hashing = importlib.import_module("tensorflow_datasets.core.hashing")
    directory = prepared_directory(data_dir)
    check_prepared(directory, "mnist", MOST_EXAMPLES)
    arrays = []
    try:
        builder = tfds.builder_from_directory(directory)
        for split in ("train", "test"):
            examples = builder.as_data_source(split)
            count = len(examples)
            if not 1 <= count <= MOST_EXAMPLES:
                raise ValueError(f"expected 1 to {MOST_EXAMPLES} examples, found {count}")
            key = hashing.Hasher(split).hash_key
            position = np.argsort(np.array([key(index) for index in range(count)], object))
            images = np.empty((count, *IMAGE[:2]), np.uint8)
            labels = np.empty(count, np.uint8)
            for place, example in zip(position, examples, strict=True):
                if example["image"].shape != IMAGE:  # checked one by one: a PNG may state any size
                    raise ValueError(f"expected images {IMAGE}, found {example['image'].shape}")
                images[place], labels[place] = example["image"][..., 0], example["label"]
            arrays += [images, labels]
    except Exception as error:  # TFDS and array_record raise many types
        if is_of_the_machine(error):
            raise
        raise CorruptData(
            f"{directory}: expected MNIST prepared by TFDS, found files that cannot be read "
            f"({_one_line(error)}); delete this directory"
        ) from error
    return tuple(arrays)


def prepare(data_dir: Path, manual_dir: Path | None = None) -> None:
    """Downloads MNIST by TFDS and prepares it as array_record files, without TensorFlow.

    What is about to be downloaded is printed first.

    Args:
      data_dir: a data directory of TFDS; it is created.
      manual_dir: a directory of files fetched by hand, which TFDS verifies and uses instead of
          downloading.

    Raises:
      ModuleNotFoundError: tensorflow-datasets, Pillow or another package is not installed.
      CorruptData: the checksum of a file is not the one TFDS recorded for it.
      MissingData: the download or the preparation failed.
    """
    require("PIL")
    require("importlib_resources")  # TFDS needs it and does not declare it
    tfds = require("tensorflow_datasets")
    manager = importlib.import_module("tensorflow_datasets.core.download.download_manager")
    directory = prepared_directory(data_dir)
    if directory.exists() and not is_readable(data_dir):
        raise CorruptData(
            f"{directory}: expected MNIST as {_FORMAT} files, found another format, which only "
            "TensorFlow reads, or damaged files; delete this directory or choose another data directory"
        )
    try:
        builder_class = _builder_class()
        if manual_dir is None:
            print(
                f"downloading MNIST (TensorFlow Datasets: mnist {VERSION}), 11.6 MB, to {data_dir} "
                "and preparing it there, about a minute",
                file=sys.stderr,
                flush=True,
            )
            _reach(builder_class.URL)
        builder = builder_class(data_dir=str(data_dir), file_format=_FORMAT)
        settings = tfds.download.DownloadConfig(
            manual_dir=manual_dir and str(manual_dir),
            force_checksums_validation=True,  # of an address without a recorded checksum too
        )
        builder.download_and_prepare(download_config=settings)
    except manager.NonMatchingChecksumError as error:
        raise CorruptData(
            f"expected the files of MNIST with TFDS's checksums, found others: {_one_line(error)}; "
            "delete the file and fetch it again"
        ) from error
    except Exception as error:  # the network, the disk, TFDS: any failure ends in the same advice
        raise MissingData(
            f"expected to download MNIST to {data_dir}, found that it failed "
            f"({_one_line(error)}); try again later, or fetch the four .gz files by hand into "
            "a folder and give it as the data directory"
        ) from error


def _builder_class() -> type:
    """Declares the subclass of TFDS's builder; a function, because the base class is imported late."""
    original = importlib.import_module("tensorflow_datasets.image_classification.mnist").MNIST
    image_module = importlib.import_module("PIL.Image")
    registered = importlib.import_module("tensorflow_datasets.core.registered")

    with registered.skip_registration():  # TFDS's own "mnist" stays the registered one

        class PlainMNIST(original):
            name = "mnist"

            def _split_generators(self, dl_manager):
                files = dl_manager.download(_addresses(self.URL))
                return {split: self._generate_examples(*files[split]) for split in files}

            def _generate_examples(self, images_file, labels_file):
                images, labels = read(Path(images_file)), read(Path(labels_file))
                for index, (image, label) in enumerate(zip(images, labels, strict=True)):
                    png = io.BytesIO()
                    image_module.fromarray(image).save(png, format="png")
                    png.seek(0)  # TFDS takes an open file as an image that is already encoded
                    yield index, {"image": png, "label": int(label)}

    return PlainMNIST


def _addresses(url: str) -> dict[str, list[str]]:
    """Images and labels of each split."""
    parts, kinds = {"train": "train", "test": "t10k"}, ("images-idx3", "labels-idx1")
    return {
        split: [f"{url}{part}-{kind}-ubyte.gz" for kind in kinds] for split, part in parts.items()
    }


def _reach(url: str) -> None:
    """Fails at once if there is no connection, for TFDS would retry for minutes first, or if a file is too large."""
    for address in sum(_addresses(url).values(), []):
        request = urllib.request.Request(address, method="HEAD")
        with urllib.request.urlopen(request, timeout=20) as answer:
            length = int(answer.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            raise ValueError(f"expected at most {MOST_BYTES} bytes at {address}, found {length}")


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
