"""Files as they are stored: only regular ones are read, of the recorded length and checksum."""

import errno
import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from spikejax.data.core.dataset import CorruptData, MissingData

AGAIN = "delete it and fetch it again"
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Stored:
    """What a distributed file must be.

    Args:
      file: its name.
      length: its size in bytes.
      sha256: the SHA-256 of its content, in hexadecimal digits.
    """

    file: str
    length: int
    sha256: str


def size_of(path: Path, most: int | None = None) -> int:
    """The size of a regular file in bytes; links are followed, and nothing is read.

    Opening a FIFO would wait for its writer, and reading a device need not end.

    Args:
      path: the file.
      most: the size of the largest valid file; None if any size is valid.

    Raises:
      MissingData: there is no such file.
      CorruptData: it is not a regular file, or is larger than `most`.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingData(
            f"expected the file {path}, found none; put it there, or name another directory"
        ) from error
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENAMETOOLONG):
            raise  # a problem of the machine
        raise CorruptData(
            f"{path}: expected a regular file, found one that cannot be reached ({error.strerror}); "
            "move it away"
        ) from error
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise CorruptData(f"{path}: expected a regular file, found {kind}; move it away")
    if most is not None and found.st_size > most:
        raise CorruptData(f"{path}: expected at most {most} bytes, found {found.st_size}; {AGAIN}")
    return found.st_size


def verify(path: Path, expected: Stored, remedy: str = AGAIN) -> None:
    """Verifies the length of a file, and then, reading it in blocks, its checksum.

    Args:
      path: the file.
      expected: what it must be.
      remedy: what to do if it is not, for the message.

    Raises:
      MissingData: there is no such file.
      CorruptData: it is something else; the message has both lengths or, if they are equal, both checksums.
    """
    length = size_of(path)
    if length != expected.length:
        raise CorruptData(
            f"{path}: expected sha256 {expected.sha256} of {expected.length} bytes, found {length} bytes; {remedy}"
        )
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected.sha256:
        raise CorruptData(
            f"{path}: expected sha256 {expected.sha256}, found sha256 {found}; {remedy}"
        )


def verify_content(place: str, content: bytes | memoryview, expected: Stored) -> None:
    """Verifies the length and the checksum of what was read out of a file.

    Args:
      place: where it was read, for the message.
      content: what was read.
      expected: what it must be.

    Raises:
      CorruptData: it is something else.
    """
    if len(content) != expected.length:
        raise CorruptData(
            f"{place}: expected {expected.length} bytes of {expected.file}, found {len(content)}; {AGAIN}"
        )
    found = hashlib.sha256(content).hexdigest()
    if found != expected.sha256:
        raise CorruptData(
            f"{place}: expected sha256 {expected.sha256} of {expected.file}, found sha256 {found}; {AGAIN}"
        )


def verify_md5(path: Path, expected: str, remedy: str = AGAIN) -> None:
    """Verifies the MD5 that the authors of a data set publish, reading in blocks; it tells damage, not forgery.

    Args:
      path: the file.
      expected: 32 hexadecimal digits.
      remedy: what to do if it is another one, for the message.

    Raises:
      MissingData: there is no such file.
      CorruptData: it is something else.
    """
    size_of(path)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != expected:
        raise CorruptData(f"{path}: expected md5 {expected}, found md5 {found}; {remedy}")


def is_of_the_machine(error: BaseException) -> bool:
    """Whether reading failed for another reason than the content of a file: the disk, the network, the memory.

    >>> is_of_the_machine(OSError(5, "Input/output error")), is_of_the_machine(OSError("not an HDF5 file"))
    (True, False)
    """
    system = isinstance(error, OSError) and bool(error.errno)
    return system or isinstance(error, MemoryError)
