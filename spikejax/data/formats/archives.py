"""Files by name in a folder, a zip or a tar: data sets are read as they are distributed, without unpacking them."""

import tarfile
import zipfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from spikejax.data.core.dataset import CorruptData, MissingData
from spikejax.data.core.stored import AGAIN, is_of_the_machine, size_of

MOST_BYTES = 2**30  # of one file, and of a whole tar, which is kept in memory


class Archive:
    """Files by name.

    A zip or a tar can unpack into a thousand times its size, and decoders can hang: give only one whose checksum has
    been verified.
    """

    def __init__(self, path: Path):
        """Takes the folder, or the file that ends in .zip or in .tar and a compression; reads nothing."""
        self.path = path

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """The size of each file, by its name with slashes, sorted."""
        return dict(sorted(self._sizes().items()))

    def content(self, name: str) -> bytes:
        """The content of a file.

        Raises:
          MissingData: there is no such file.
          CorruptData: it cannot be read, or is larger than `MOST_BYTES`.
        """
        if name not in self.sizes:
            raise MissingData(f"expected the file {self.path / name}, found none; {AGAIN}")
        if self.sizes[name] > MOST_BYTES:
            raise CorruptData(
                f"{self.path / name}: expected at most {MOST_BYTES} bytes, found {self.sizes[name]}; {AGAIN}"
            )
        return self._content(name)

    def _sizes(self):
        return {
            path.relative_to(self.path).as_posix(): size_of(path)
            for path in self.path.rglob("*")
            if not path.is_dir()
        }

    def _content(self, name):
        path = self.path / name
        size_of(path, MOST_BYTES)
        return path.read_bytes()


class _Zip(Archive):
    """Opened once, since opening it reads the names of all members, tens of thousands; threads may share it."""

    def _sizes(self):
        with _Named(self.path):
            return {
                one.filename: one.file_size for one in self._file.infolist() if not one.is_dir()
            }

    def _content(self, name):
        with _Named(self.path):
            return self._file.read(name)

    @cached_property
    def _file(self):
        return zipfile.ZipFile(self.path)

    def __getstate__(self) -> dict[str, Any]:
        """All but the open file, which another process cannot share."""
        return {name: value for name, value in self.__dict__.items() if name != "_file"}


class _Tar(Archive):
    """Read from its beginning to its end once, since what is compressed as a whole has no other order."""

    def _sizes(self):
        return {name: len(content) for name, content in self._contents.items()}

    def _content(self, name):
        return self._contents[name]

    @cached_property
    def _contents(self):
        found, left = {}, MOST_BYTES
        with _Named(self.path), tarfile.open(self.path) as file:
            for member in file:
                left -= member.size
                if left < 0:
                    raise CorruptData(
                        f"{self.path}: expected at most {MOST_BYTES} bytes after unpacking, found more; unpack it and "
                        "give the folder"
                    )
                opened = file.extractfile(member) if member.isreg() else None
                if opened is not None:
                    found[member.name.removeprefix("./")] = opened.read()
        return found


class Joined(Archive):
    """Several archives as one: the files of each are in a folder of its name, whether it has that folder or not."""

    def __init__(self, path: Path, parts: Mapping[str, Archive]):
        """Takes the folder that they lie in, for messages, and the archives by name."""
        super().__init__(path)
        self.parts = parts

    def _sizes(self):
        return {name: part.sizes[inside] for name, (part, inside) in self._places.items()}

    def _content(self, name):
        part, inside = self._places[name]
        return part.content(inside)

    @cached_property
    def _places(self):
        return {
            f"{name}/{inside.removeprefix(f'{name}/')}": (part, inside)
            for name, part in self.parts.items()
            for inside in part.sizes
        }


class _Named:
    """Turns what the decoders raise, many types, into an error of the library that names the file."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Exception) and not isinstance(error, CorruptData):
            if not is_of_the_machine(error):
                raise CorruptData(
                    f"{self.path}: expected a whole archive, found one that cannot be read ({error}); {AGAIN}"
                ) from error


def archive(path: Path) -> Archive:
    """The files of a folder, a zip or a tar.

    >>> type(archive(Path("a/b"))) is Archive
    True
    """
    if path.is_dir():
        return Archive(path)
    kinds = {".zip": _Zip, ".xz": _Tar, ".gz": _Tar, ".tar": _Tar}
    return kinds.get(path.suffix.lower(), Archive)(path)
