"""Recordings of event cameras in every format that is read: real ones where their files are there."""

import functools
import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.reliability import event_files as made
from spikejax.data import dvs_gesture
from spikejax.data.core import frame_cache
from spikejax.data.core.dataset import MissingData, data_directory
from spikejax.data.core.recordings import Recording, Recordings
from spikejax.data.dvs_gesture import DVSGesture
from spikejax.data.formats import (
    aedat2,
    aedat31,
    atis_bin,
    camera_hdf5,
    events_csv,
    events_mat,
    events_npz,
)
from spikejax.data.formats.archives import archive
from spikejax.data.n_mnist import NMNIST

SIZE = (128, 128, 2)
COUNT = 400  # events of a recording
PACKETS = 2  # of a real AEDAT file
FILE = "recording"
# By name: what reads it, what writes it, and what is noticed; see `data_files.Reader`.
FORMATS: dict[str, tuple[Any, Callable[..., bytes], str]] = {
    "events bin": (atis_bin, made.atis_bin, "nothing"),
    "events aedat 3.1": (aedat31, made.aedat31, "nothing"),
    "events aedat 2": (aedat2, made.aedat2, "nothing"),
    "events mat": (events_mat, made.mat, "damage"),
    "events mat v6": (events_mat, partial(made.mat, columns=6, compress=False), "nothing"),
    "events npz": (events_npz, made.npz, "damage"),
    "events npz structured": (events_npz, partial(made.npz, whole=True), "damage"),
    "events csv": (events_csv, made.csv, "nothing"),
    "events hdf5": (camera_hdf5, made.hdf5, "everything"),
}


@functools.cache
def digit() -> np.ndarray:
    """The first events of a real digit, or random ones."""
    try:
        directory = data_directory()
        if directory is None:
            raise MissingData("no directory")
        return NMNIST().recordings(directory)[0][0][0][:COUNT]
    except MissingData:
        return made.recording(count=COUNT)


@functools.cache
def gesture() -> bytes:
    """The first packets of a real AEDAT file, or made-up ones."""
    try:
        directory = data_directory()
        if directory is None:
            raise MissingData("no directory")
        content = archive(DVSGesture().place(directory)).content("user01_sample.aedat")
    except MissingData:
        return made.aedat31(made.recording(sensor_size=SIZE, count=COUNT))
    end = content.index(aedat31.END) + len(aedat31.END)
    for _ in range(PACKETS):
        end += 28 + 8 * int.from_bytes(content[end + 20 : end + 24], "little")
    return content[:end]


def write(name: str, folder: Path) -> None:
    """Writes a file of a format, and the checksum of one that is read by it."""
    reader, writer, _ = FORMATS[name]
    content = gesture() if reader is aedat31 else writer(digit())
    (folder / FILE).write_bytes(content)


def read(name: str, folder: Path) -> tuple[np.ndarray, ...]:
    """Reads it as a recording of a data set is read."""
    reader, writer, _ = FORMATS[name]
    decode = reader.decode
    if reader is camera_hdf5:
        decode = partial(decode, sha256=hashlib.sha256(writer(digit())).hexdigest())
    events, _ = Recordings(archive(folder), [Recording(FILE, 0)], decode, SIZE)[0]
    return tuple(events[name] for name in "xytp")


def write_digits(folder: Path) -> None:
    """N-MNIST, unpacked: two recordings."""
    for name in ("Train/5/00001.bin", "Test/7/00001.bin"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(made.atis_bin(digit()))


def read_digits(folder: Path) -> tuple[np.ndarray, ...]:
    """Its frames, without a cache."""
    os.environ["XDG_CACHE_HOME"] = os.devnull
    found = NMNIST().load(folder)
    return found.train.inputs, found.train.labels, found.test.inputs, found.test.labels


def write_gestures(folder: Path) -> None:
    """DVS128 Gesture, unpacked: one file with its labels, of training and of test."""
    events = aedat31.decode(gesture(), "", SIZE)
    t = events["t"]
    rows = f"{','.join(dvs_gesture.HEADER)}\n1,{t[0]},{t[200]}\n11,{t[200]},{t[-1]}\n"
    (folder / "user01_lab.aedat").write_bytes(gesture())
    (folder / "user01_lab_labels.csv").write_text(rows)
    for name in dvs_gesture.LISTS:
        (folder / name).write_text("user01_lab.aedat\n")


def read_gestures(folder: Path) -> tuple[np.ndarray, ...]:
    """Its frames, small ones, without a cache."""
    os.environ["XDG_CACHE_HOME"] = os.devnull
    found = DVSGesture(steps=2, resize=16).load(folder)
    return found.train.inputs, found.train.labels, found.test.inputs, found.test.labels


def _frames():
    return {"train": NMNIST().frame(digit())}


def write_frames(folder: Path) -> None:
    """The cache of frames."""
    os.environ["XDG_CACHE_HOME"] = str(folder)
    frame_cache.cached("n_mnist", {"steps": 10}, _frames)


def read_frames(folder: Path) -> dict[str, np.ndarray]:
    """What is cached, or made again."""
    os.environ["XDG_CACHE_HOME"] = str(folder)
    return frame_cache.cached("n_mnist", {"steps": 10}, _frames)
