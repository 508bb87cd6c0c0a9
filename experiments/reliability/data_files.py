"""Small data files of every format that is read, and how each is read: a made-up data set per reader."""

import functools
import gzip
import hashlib
import importlib
import os
import struct
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from experiments.reliability import event_data
from spikejax import files
from spikejax.data import digits, mnist
from spikejax.data.core.cache import read_cache, write_cache
from spikejax.data.core.dataset import fingerprint
from spikejax.data.core.stored import Stored
from spikejax.data.formats import idx, mnist_tfds, npz
from spikejax.data.fsd_shd import FSDSHD
from spikejax.runs import record

CHANNELS = 20


class Reader(NamedTuple):
    """A format and how it is read.

    Attributes:
      write: writes its files into a folder that is there.
      read: reads them.
      notices: "everything" where it knows the checksum of the one right content, "damage" where the format has a
        checksum of what it holds, "nothing" where values may change without being noticed.
      kind: "gzip", "npz", "hdf5", "json", "records" or "events", for what else is tried on its files.
    """

    write: Callable[[Path], None]
    read: Callable[[Path], Any]
    notices: str
    kind: str


def idx_content(array: np.ndarray) -> bytes:
    """An IDX file before compression."""
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def _pixels():
    return np.random.default_rng(0).integers(0, 256, (17, 28, 28), np.uint8)


def _write_idx(folder):
    (folder / "images.gz").write_bytes(gzip.compress(idx_content(_pixels()[:3, :5]), mtime=0))


def _mnist_arrays():
    pixels, labels = _pixels(), (np.arange(17) % 10).astype(np.uint8)
    return pixels[:12], labels[:12], pixels[12:], labels[12:]


def _as_mnist():
    """Makes the made-up files pass as MNIST in this process, which has no cache."""
    stored, arrays = {}, _mnist_arrays()
    for (key, real), array in zip(mnist.FILES.items(), arrays, strict=True):
        content = gzip.compress(idx_content(array), mtime=0)
        stored[key] = Stored(real.file, len(content), hashlib.sha256(content).hexdigest())
    mnist.FILES = stored
    mnist.LAYOUTS = _layouts()
    mnist.CHECKSUM = fingerprint(*arrays)
    os.environ |= {"XDG_CACHE_HOME": os.devnull, "TFDS_DATA_DIR": os.devnull}


def _layouts():
    arrays = zip(mnist.FILES, _mnist_arrays(), strict=True)
    return {name: npz.Layout(array.shape) for name, array in arrays}


def _write_mnist(folder):
    for stored, array in zip(mnist.FILES.values(), _mnist_arrays(), strict=True):
        (folder / stored.file).write_bytes(gzip.compress(idx_content(array), mtime=0))


def _read_mnist(folder):
    _as_mnist()
    return mnist.load_images(folder)


def _write_cache(folder):
    write_cache(folder / "mnist.npz", dict(zip(mnist.FILES, _mnist_arrays(), strict=True)))


def _read_cache(folder):
    return read_cache(folder / "mnist.npz", _layouts(), fingerprint(*_mnist_arrays()))


def write_events(path: Path, seed: int = 0) -> None:
    """An HDF5 file of four recordings."""
    draw = np.random.default_rng(seed)
    lengths = (5, 3, 8, 1)
    with h5py.File(path, "w") as file:
        for name, dtype in (("times", np.float16), ("units", np.uint16)):
            kind = h5py.vlen_dtype(dtype)
            values = file.create_dataset(f"spikes/{name}", (4,), kind)
            for number, length in enumerate(lengths):
                values[number] = (CHANNELS * draw.random(length)).astype(dtype)
        file["labels"] = np.arange(4, dtype=np.uint16)


def _write_fsd(folder):
    for seed, file in enumerate(FSDSHD.files.values()):
        write_events(folder / file, seed)


@functools.cache
def _as_fsd():
    """What the made-up recordings must be; HDF5 files of one content are equal."""
    stored = {}
    with tempfile.TemporaryDirectory() as made:
        _write_fsd(Path(made))
        for part, file in FSDSHD.files.items():
            content = (Path(made) / file).read_bytes()
            stored[part] = Stored(file, len(content), hashlib.sha256(content).hexdigest())
    return stored


def _read_fsd(folder):
    FSDSHD.stored = _as_fsd()
    found = FSDSHD().load(folder)
    return found.train.inputs, found.train.labels, found.test.inputs, found.test.labels


def _arrays():
    return {"images": _pixels()[:4], "labels": np.arange(4, dtype=np.int32)}


def _write_npz(folder):
    files.write_arrays(folder / "arrays.npz", _arrays())


def _read_npz(folder):
    layouts = {name: npz.Layout(x.shape, x.dtype.name) for name, x in _arrays().items()}
    return npz.read(folder / "arrays.npz", layouts)


def _write_digits(folder):
    (folder / "digits.npz").write_bytes(digits.FILE.read_bytes())


def _write_record(folder):
    facts = {"seed": 0, "data": None}
    record.write(
        folder / "record.json", {**record.begin("x", {"a": [1, 2]}, facts), "complete": True}
    )


def _read_record(folder):
    found = record.read(folder / "record.json")
    return {
        name: found[name] for name in ("experiment", "config", "metrics", "history", "complete")
    }


def _write_prepared(folder):
    """MNIST as TFDS prepares it, from files that pass for those of MNIST."""
    _as_mnist()
    checksums = importlib.import_module("tensorflow_datasets.core.download.checksums")
    built = importlib.import_module("tensorflow_datasets.image_classification.mnist")
    by_hand = folder.parent / "by_hand"
    by_hand.mkdir(exist_ok=True)
    _write_mnist(by_hand)
    recorded = checksums.get_all_url_infos()  # one dictionary in memory
    for stored in mnist.FILES.values():
        information = checksums.compute_url_info(by_hand / stored.file)
        recorded[f"{built.MNIST.URL}{stored.file}"] = information
    mnist_tfds.prepare(folder, manual_dir=by_hand)


def _read_prepared(folder):
    _as_mnist()
    os.environ["TFDS_DATA_DIR"] = str(folder)
    return mnist.load_images()


READERS = {
    "idx": Reader(_write_idx, lambda folder: idx.read(folder / "images.gz"), "damage", "gzip"),
    "mnist files": Reader(_write_mnist, _read_mnist, "everything", "gzip"),
    "mnist prepared": Reader(_write_prepared, _read_prepared, "everything", "records"),
    "cache": Reader(_write_cache, _read_cache, "everything", "npz"),
    "npz": Reader(_write_npz, _read_npz, "damage", "npz"),
    "fsd_shd": Reader(_write_fsd, _read_fsd, "everything", "hdf5"),
    "digits": Reader(
        _write_digits, lambda folder: digits.read(folder / "digits.npz"), "everything", "npz"
    ),
    "record": Reader(_write_record, _read_record, "damage", "json"),
    "n_mnist": Reader(event_data.write_digits, event_data.read_digits, "nothing", "events"),
    "dvs_gesture": Reader(event_data.write_gestures, event_data.read_gestures, "nothing", "events"),
    "frame cache": Reader(event_data.write_frames, event_data.read_frames, "everything", "events"),
    **{
        name: Reader(partial(event_data.write, name), partial(event_data.read, name), noticed, kind)
        for name, (_, _, noticed) in event_data.FORMATS.items()
        for kind in ["npz" if "npz" in name else "hdf5" if "hdf5" in name else "events"]
    },
}
