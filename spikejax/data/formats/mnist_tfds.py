"""MNIST through TensorFlow Datasets, downloaded and prepared without TensorFlow.

TFDS's own builder of MNIST decodes the IDX files and encodes the images by TensorFlow. The subclass
here replaces these two steps by NumPy and Pillow; downloading, verifying, shuffling and writing
array_record files stay TFDS's, and what it writes, TFDS's own builder reads.
"""

import importlib
import io
import sys
import urllib.request
from pathlib import Path

from spikejax.data.core.dataset import CorruptData, MissingData
from spikejax.data.formats.idx import read
from spikejax.data.formats.tfds_images import FORMAT, Prepared, one_line
from spikejax.extras import require

PREPARED = Prepared("mnist", "3.0.1", "MNIST", image=(28, 28, 1), most=60_000)
MOST_BYTES = 10_000_000  # of a downloaded file


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
    directory = PREPARED.directory(data_dir)
    if directory.exists() and not PREPARED.is_readable(data_dir):
        raise CorruptData(
            f"{directory}: expected MNIST as {FORMAT} files, found another format, which only "
            "TensorFlow reads, or damaged files; delete this directory or choose another data directory"
        )
    try:
        builder_class = _builder_class()
        if manual_dir is None:
            print(
                f"downloading MNIST (TensorFlow Datasets: mnist {PREPARED.version}), 11.6 MB, to {data_dir} "
                "and preparing it there, about a minute",
                file=sys.stderr,
                flush=True,
            )
            _reach(builder_class.URL)
        builder = builder_class(data_dir=str(data_dir), file_format=FORMAT)
        settings = tfds.download.DownloadConfig(
            manual_dir=manual_dir and str(manual_dir),
            force_checksums_validation=True,  # of an address without a recorded checksum too
        )
        builder.download_and_prepare(download_config=settings)
    except manager.NonMatchingChecksumError as error:
        raise CorruptData(
            f"expected the files of MNIST with TFDS's checksums, found others: {one_line(error)}; "
            "delete the file and fetch it again"
        ) from error
    except Exception as error:  # the network, the disk, TFDS: any failure ends in the same advice
        raise MissingData(
            f"expected to download MNIST to {data_dir}, found that it failed "
            f"({one_line(error)}); try again later, or fetch the four .gz files by hand into "
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
