"""JPEG images inside a ZIP file, decoded when they are asked for."""

import importlib
import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.split import Split
from spikejax.data.core.stored import AGAIN, is_of_the_machine
from spikejax.extras import require

MOST_BYTES = 2**20  # of a member


class ZippedImages:
    """Images of a ZIP file and their labels: a random-access source, as Grain's pipelines take.

    Nothing is kept in memory but names and labels. Threads may share it, and a copy in another process opens the file
    for itself.

    >>> images = ZippedImages(Path("x.zip"), ["a.JPEG", "b.JPEG"], np.array([1, 0]), side=64)
    >>> len(images)
    2
    """

    def __init__(self, path: Path, members: Sequence[str], labels: np.ndarray, *, side: int):
        """Takes the names; the file is opened when the first image is asked for.

        Args:
          path: the ZIP file.
          members: names of the images inside it.
          labels: integers `[N]`.
          side: height and width of every image, in pixels.
        """
        self.path, self.members, self.labels, self.side = path, members, labels, side
        self._file: zipfile.ZipFile | None = None

    def __len__(self) -> int:
        """N."""
        return len(self.members)

    def __getitem__(self, index: int) -> Split:
        """An image uint8 `[side, side, 3]`, RGB, and its label.

        Raises:
          ModuleNotFoundError: Pillow is not installed.
          CorruptData: it is not there, damaged, or of another size.
        """
        return Split(self.image(self.members[index]), np.asarray(self.labels[index], np.int32))

    def image(self, member: str) -> np.ndarray:
        """An image by its name inside the file; see `__getitem__`."""
        content = self.read(member)
        require("PIL")
        image_module = importlib.import_module("PIL.Image")
        try:
            with image_module.open(io.BytesIO(content), formats=("JPEG",)) as image:
                if image.size != (self.side, self.side):  # before it is decoded
                    raise ValueError(f"one of {image.size[0]}x{image.size[1]}")
                return np.array(image.convert("RGB"))  # some are grey
        except Exception as error:  # Pillow raises many types
            if is_of_the_machine(error):
                raise
            unknown = isinstance(error, image_module.UnidentifiedImageError)
            found = "another format" if unknown else error
            raise CorruptData(
                f"{self.path}: expected {member} as a JPEG image of {self.side}x{self.side} pixels, found {found}; "
                f"{AGAIN}"
            ) from error

    def read(self, member: str) -> bytes:
        """The content of a member, an image or a text.

        Raises:
          CorruptData: it is not there, too large, or damaged.
        """
        try:
            if self._file is None:
                self._file = zipfile.ZipFile(self.path)
            if (length := self._file.getinfo(member).file_size) > MOST_BYTES:
                raise CorruptData(
                    f"{self.path}: expected at most {MOST_BYTES} bytes of {member}, found {length}; {AGAIN}"
                )
            return self._file.read(member)
        except (KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            raise CorruptData(
                f"{self.path}: expected {member} in a whole ZIP file, found that it cannot be read ({error}); {AGAIN}"
            ) from error

    def __getstate__(self) -> dict[str, Any]:
        """All but the open file, which another process cannot share."""
        return {**self.__dict__, "_file": None}
