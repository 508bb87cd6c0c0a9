"""Images that TFDS has prepared as array_record files, read without TensorFlow in the order of the original files."""

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import is_of_the_machine
from spikejax.data.formats.tfds_directory import check_prepared, read_json
from spikejax.extras import require

FORMAT = "array_record"  # the one that is read without TensorFlow


@dataclass(frozen=True)
class Prepared:
    """A data set of images as TFDS prepares it.

    Args:
      name: TFDS's name of it.
      version: of TFDS's builder.
      title: its name in messages.
      image: shape `(H, W, C)` of an image.
      most: number of examples of the largest split.
      labels: names of the features that are labels, in the order in which they are wanted.
    """

    name: str
    version: str
    title: str
    image: tuple[int, int, int]
    most: int
    labels: tuple[str, ...] = ("label",)

    def directory(self, data_dir: Path) -> Path:
        """Where it is in a data directory of TFDS; the directory need not exist."""
        return data_dir / self.name / self.version

    def is_readable(self, data_dir: Path) -> bool:
        """Whether it is there as array_record; False if it is absent, damaged or in another format."""
        try:
            information = read_json(self.directory(data_dir) / "dataset_info.json")
        except (OSError, ValueError):
            return False
        return information.get("fileFormat") == FORMAT

    def read(self, data_dir: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Reads the splits "train" and "test", in the order of the original files.

        TFDS stores examples in the order of a hash of their index in those files; sorting the indices by the same hash
        inverts it.

        Args:
          data_dir: a data directory of TFDS for which `is_readable` holds.

        Returns:
          By split, images uint8 `[N, H, W, C]` and labels uint8 `[N, L]`, L being the number of `labels`.

        Raises:
          ModuleNotFoundError: tensorflow-datasets or Pillow is not installed.
          CorruptData: the prepared files cannot be read.
        """
        require("PIL")
        tfds = require("tensorflow_datasets")
        hashing = importlib.import_module("tensorflow_datasets.core.hashing")
        directory = self.directory(data_dir)
        check_prepared(directory, self.name, self.most)
        try:
            builder = tfds.builder_from_directory(directory)
            return {
                split: self._read_split(builder.as_data_source(split), hashing.Hasher(split))
                for split in ("train", "test")
            }
        except Exception as error:  # TFDS and array_record raise many types
            if is_of_the_machine(error):
                raise
            raise CorruptData(
                f"{directory}: expected {self.title} prepared by TFDS, found files that cannot be read "
                f"({one_line(error)}); delete this directory"
            ) from error

    def _read_split(self, examples, hasher):
        count = len(examples)
        if not 1 <= count <= self.most:
            raise ValueError(f"expected 1 to {self.most} examples, found {count}")
        keys = np.array([hasher.hash_key(index) for index in range(count)], object)
        images = np.empty((count, *self.image), np.uint8)
        labels = np.empty((count, len(self.labels)), np.uint8)
        for place, example in zip(np.argsort(keys), examples, strict=True):
            if example["image"].shape != self.image:  # one by one: a PNG may state any size
                raise ValueError(f"expected images {self.image}, found {example['image'].shape}")
            images[place] = example["image"]
            labels[place] = [example[name] for name in self.labels]
        return images, labels


def default_directory() -> Path:
    """TFDS's data directory: the environment variable TFDS_DATA_DIR, or ~/tensorflow_datasets; it need not exist."""
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def directories(directory: Path | None) -> list[Path]:
    """The data directories of TFDS in which prepared data are looked for, given the user's data directory."""
    default = default_directory()
    return [default] if directory in (None, default) else [directory, default]


def one_line(error: Exception) -> str:
    """An error of another library, for a message."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
