"""A made-up MNIST in files, and a machine without any data."""

import contextlib
import gzip
import hashlib
import http.server
import os
import struct
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spikejax.data import mnist
from spikejax.data.core.dataset import fingerprint
from spikejax.data.core.stored import Stored
from spikejax.data.formats.npz import Layout

REAL = os.environ.get("SPIKEJAX_DATA_DIR", "")
FILE_NAMES = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def idx_gz(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def real(*names):
    """Marks a test that needs real files, one of which lies at one of these places."""
    found = bool(REAL) and any((Path(REAL) / name).exists() for name in names)
    return pytest.mark.skipif(not found, reason=f"{names[0]} is not there")


@pytest.fixture
def places(tmp_path, monkeypatch):
    """No data anywhere: an empty cache, an empty TFDS directory, no environment variable."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.delenv("SPIKEJAX_DATA_DIR", raising=False)
    return SimpleNamespace(
        root=tmp_path, cache=tmp_path / "cache/spikejax/mnist.npz", tfds=tmp_path / "tfds"
    )


@pytest.fixture
def small(places, monkeypatch):
    """Twelve made-up training and five test images in IDX files, which pass as MNIST."""
    pixels = np.random.default_rng(0).integers(0, 256, (17, 28, 28), np.uint8)
    labels = (np.arange(17) % 10).astype(np.uint8)
    arrays = (pixels[:12], labels[:12], pixels[12:], labels[12:])
    directory = places.root / "files"
    directory.mkdir()
    stored = {}
    for key, name, array in zip(mnist.FILES, FILE_NAMES, arrays, strict=True):
        content = idx_gz(array)
        (directory / name).write_bytes(content)
        stored[key] = Stored(name, len(content), sha256(content))
    monkeypatch.setattr(mnist, "FILES", stored)
    layouts = {key: Layout(x.shape) for key, x in zip(stored, arrays, strict=True)}
    monkeypatch.setattr(mnist, "LAYOUTS", layouts)
    monkeypatch.setattr(mnist, "CHECKSUM", fingerprint(*arrays))
    return SimpleNamespace(directory=directory, arrays=arrays, stored=stored, **vars(places))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """A context in which a folder can be downloaded; it gives the address, which ends in "/"."""

    @contextlib.contextmanager
    def serving(folder):
        def handler(*arguments):
            return Quiet(*arguments, directory=str(folder))

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/"
            finally:
                server.shutdown()

    return serving
