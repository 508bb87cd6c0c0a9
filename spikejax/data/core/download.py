"""Downloading a file whose length and checksum are known: announced first, verified, and there whole or not at all."""

import hashlib
import sys
import urllib.request
from pathlib import Path

from spikejax import files
from spikejax.data.core.dataset import CorruptData, MissingData
from spikejax.data.core.stored import Stored

BLOCK = 2**20
SECONDS = 30  # without any answer


def fetch(address: str, directory: Path, expected: Stored, title: str) -> Path:
    """Downloads a file.

    What is about to be downloaded is printed first. No more is read than the recorded length.

    Args:
      address: where it is.
      directory: where to put it; it is created.
      expected: its name, length and checksum.
      title: what it is, for messages.

    Returns:
      The path of the file.

    Raises:
      MissingData: the download failed.
      CorruptData: what is at the address has another length or checksum; it is not kept.
    """
    path = directory / expected.file
    print(
        f"downloading {title} from {address}, {megabytes(expected)}, to {path}",
        file=sys.stderr,
        flush=True,
    )

    def fill(file):
        digest, length = hashlib.sha256(), 0
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            # One byte more than is expected shows that there are more.
            while block := answer.read(min(BLOCK, expected.length + 1 - length)):
                file.write(block)
                digest.update(block)
                length += len(block)
        if (length, digest.hexdigest()) != (expected.length, expected.sha256):
            more = " or more" if length > expected.length else ""
            raise CorruptData(
                f"{address}: expected sha256 {expected.sha256} of {expected.length} bytes, found sha256 "
                f"{digest.hexdigest()} of {length} bytes{more}; try again later, or fetch {expected.file} elsewhere "
                "and give the directory that contains it as the data directory"
            )

    try:
        return files.write(path, fill, expected.length)
    except CorruptData:
        raise
    except Exception as error:  # the network, the disk: any failure ends in the same advice
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
        raise MissingData(
            f"expected to download {title} to {path}, found that it failed ({reason}); try again later, or fetch "
            f"{expected.file} from {address} by hand and give the directory that contains it as the data directory"
        ) from error


def megabytes(stored: Stored) -> str:
    """The length of a file, for messages.

    >>> megabytes(Stored("x", 170_052_171, ""))
    '170 MB'
    """
    return f"{stored.length / 1e6:.0f} MB"
