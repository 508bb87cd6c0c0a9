"""Files that are no regular ones are not opened, and one of another length is not read."""

import os
import socket

import pytest

from files import sha256
from spikejax.data import CorruptData, MissingData, mnist
from spikejax.data.core.stored import Stored, size_of, verify
from spikejax.data.formats import idx, npz

SPARSE = 64 * 2**30


def make(kind, path):
    """Something that must not be read; opening a FIFO would wait, reading a device or a sparse file would not end."""
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as own:
            own.bind(str(path))
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(SPARSE)
    return path


@pytest.fixture
def short(tmp_path, monkeypatch):
    """A folder with a short name, which a socket needs."""
    monkeypatch.chdir(tmp_path)
    return type(tmp_path)()


KINDS = {
    "FIFO": "expected a regular file, found a FIFO; move it away",
    "directory": "expected a regular file, found a directory",
    "device": "expected a regular file, found a device",
    "socket": "expected a regular file, found a socket",
    "circle": "expected a regular file, found one that cannot be reached",
    "sparse": f"found {SPARSE}",
}


@pytest.mark.parametrize("kind, message", KINDS.items())
def test_what_is_no_regular_file(short, kind, message):
    path = make(kind, short / "x")
    readers = (
        lambda: verify(path, Stored("x", 9, "0" * 64)),
        lambda: idx.read(path),
        lambda: npz.read(path, {"a": npz.Layout((2,))}),
    )
    for read in readers:
        with pytest.raises(CorruptData, match=f"^x: .*{message}"):
            read()


def test_what_is_not_there(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "x", tmp_path / "file" / "x"):
        with pytest.raises(MissingData, match=f"expected the file {path}, found none; put it"):
            size_of(path)


def test_links_are_followed(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert size_of(tmp_path / "link", most=3) == 3
    verify(tmp_path / "link", Stored("link", 3, sha256(b"abc")))


def test_a_file_that_is_too_large(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abcd")
    with pytest.raises(CorruptData, match=f"{path}: expected at most 3 bytes, found 4; delete"):
        size_of(path, most=3)


@pytest.mark.parametrize("kind", ["FIFO", "device", "sparse", "directory"])
def test_mnist_beside_them(small, kind):
    """One of the four files, and the cache."""
    path = small.directory / "t10k-labels-idx1-ubyte.gz"
    content = path.read_bytes()
    path.unlink()
    make(kind, path)
    with pytest.raises(CorruptData, match=str(path)):
        mnist.load_images(small.directory)
    path.rmdir() if kind == "directory" else path.unlink()
    path.write_bytes(content)
    small.cache.parent.mkdir(parents=True)
    make(kind, small.cache)
    with pytest.raises(CorruptData, match=f"the cache {small.cache}: expected"):
        mnist.load_images()
    if kind != "directory":
        mnist.load_images(small.directory)
        assert len(mnist.load_images()[0]) == 12  # from the cache, which was replaced
