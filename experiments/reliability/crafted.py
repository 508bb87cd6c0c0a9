"""Files that are made to deceive a reader: headers, bombs, pickles, metadata of other types, what is no file."""

import gzip
import io
import itertools
import json
import os
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Write = Callable[[Path], object]
BOMB = 2**29  # bytes after unpacking
NUMBERS = (0, 1, 2, 3, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def of(kind: str) -> dict[str, Write]:
    """By name, what replaces a file of a kind."""
    special = {"gzip": _idx, "npz": _npz, "hdf5": _hdf5, "json": _json, "records": _json}
    special["events"] = lambda: iter(())
    return dict(itertools.chain(_places(), special[kind]()))


def _places() -> Iterator[tuple[str, Write]]:
    yield "fifo", os.mkfifo
    yield "link to itself", lambda path: path.symlink_to(path.name)
    yield "link to nothing", lambda path: path.symlink_to("nowhere")
    yield "link to /dev/zero", lambda path: path.symlink_to("/dev/zero")
    yield "link to /dev/null", lambda path: path.symlink_to("/dev/null")
    yield "sparse", _sparse
    yield "unreadable bytes", lambda path: path.write_bytes(bytes(range(256)) * 64)


def _sparse(path):
    with open(path, "wb") as file:
        file.truncate(2**36)


def _idx() -> Iterator[tuple[str, Write]]:
    def zipped(content):
        return lambda path: path.write_bytes(gzip.compress(content))

    for axes in (0, 1, 2, 3, 4, 32, 33, 64, 65, 255):
        for size in NUMBERS:
            header = bytes((0, 0, 8, axes)) + struct.pack(f">{axes}I", *[size] * axes)
            yield f"idx of {axes} axes of {size}", zipped(header + bytes(64))
    for first, second in itertools.product(NUMBERS, repeat=2):
        header = bytes((0, 0, 8, 2)) + struct.pack(">2I", first, second)
        yield f"idx of {first} x {second}", zipped(header)
    for dtype in (0, 7, 9, 11, 13, 14, 255):
        yield (
            f"idx of type {dtype}",
            zipped(bytes((0, 0, dtype, 1)) + struct.pack(">I", 4) + bytes(4)),
        )
    header = bytes((0, 0, 8, 1)) + struct.pack(">I", 4)
    yield "gzip bomb", lambda path: _bomb(path, header)
    yield (
        "two gzip members",
        lambda path: path.write_bytes(gzip.compress(header) + gzip.compress(bytes(4))),
    )


def _bomb(path, header):
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header)  # pyright: ignore[reportArgumentType]
        for _ in range(BOMB // 2**20):
            file.write(bytes(2**20))  # pyright: ignore[reportArgumentType]


def _npz() -> Iterator[tuple[str, Write]]:
    names = ("train_images", "train_labels", "test_images", "test_labels")
    names += ("train_delta", "test_delta", "images", "labels")
    for dtype in ("?", "i8", "f4", "c8", "S3", "U3", "M8[s]", "V4"):
        yield f"npz of {dtype}", _saved(names, np.zeros((3, 2), dtype))
    for shape in ((), (0,), (0, 2**40), (1,) * 32, (2, 0, 3)):
        yield f"npz of shape {shape}", _saved(names, np.zeros(shape, np.uint8))
    yield "npz of objects", _saved(names, np.array([{"a": 1}], object))
    for shape in ((2**40,), (2**62, 2**62), (-1,), (3, -2)):
        yield f"npz that states {shape}", _stated(names, shape)
    yield "zip with a name outside", lambda path: _zip(path, {"../outside.npy": b"x"})
    yield "zip without arrays", lambda path: _zip(path, {"readme.txt": b"x"})
    yield "npz bomb", _stated(names, (BOMB * 4,), zeros=BOMB // 8)
    yield "pickle", lambda path: path.write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")


def _saved(names, array):
    def write(path):
        buffer = io.BytesIO()
        arrays: dict[str, Any] = dict.fromkeys(names, array)
        np.savez(buffer, allow_pickle=True, **arrays)
        path.write_bytes(buffer.getvalue())

    return write


def _stated(names, shape, zeros=8):
    """Arrays of bytes whose header states a shape that is not theirs."""

    def write(path):
        text = repr({"descr": "|u1", "fortran_order": False, "shape": shape}).encode() + b"\n"
        header = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            for name in names:
                with file.open(f"{name}.npy", "w", force_zip64=True) as part:
                    part.write(header)
                    for start in range(0, zeros, 2**20):
                        part.write(bytes(min(2**20, zeros - start)))

    return write


def _zip(path, contents):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in contents.items():
            file.writestr(name, content)


def _hdf5() -> Iterator[tuple[str, Write]]:
    draw = random.Random(0)
    wrong = {
        "no group": {},
        "a group in place of values": {"spikes/times/x": [1.0], "spikes/units": [1], "labels": [0]},
        "scalars": {"spikes/times": 1.0, "spikes/units": 1, "labels": 0},
        "flat": {"spikes/times": [1.0, 2.0], "spikes/units": [1, 2], "labels": [0, 1]},
        "text": {"spikes/times": ["a"], "spikes/units": ["b"], "labels": ["c"]},
        "no samples": {
            "spikes/times": np.zeros((0, 2)),
            "spikes/units": np.zeros((0, 2)),
            "labels": [],
        },
    }
    for number, value in enumerate((np.nan, np.inf, -1.0, 1e300)):
        times = [[0.0, value]]
        wrong[f"time {number}"] = {"spikes/times": times, "spikes/units": [[1, 2]], "labels": [0]}
    for unit in (-1, 20, 2**15, 2**31, 2**40):
        wrong[f"unit {unit}"] = {"spikes/times": [[0.0]], "spikes/units": [[unit]], "labels": [0]}
    for label in (-1, 2**31, 2**40, draw.random()):
        wrong[f"label {label}"] = {
            "spikes/times": [[0.0]],
            "spikes/units": [[1]],
            "labels": [label],
        }
    for name, contents in wrong.items():
        yield f"hdf5 with {name}", lambda path, contents=contents: _hdf5_of(path, contents)
    yield "hdf5 that states a terabyte", _hdf5_huge


def _hdf5_of(path, contents):
    with h5py.File(path, "w") as file:
        for name, value in contents.items():
            file[name] = value


def _hdf5_huge(path):
    with h5py.File(path, "w") as file:
        for name, dtype in (("spikes/times", "f4"), ("spikes/units", "i2"), ("labels", "i4")):
            file.create_dataset(name, (2**20, 2**20), dtype, chunks=(1, 1024))


def _json() -> Iterator[tuple[str, Write]]:
    values = (
        [],
        {},
        None,
        3,
        "text",
        True,
        [{}],
        {"fileFormat": 3},
        {"fileFormat": ["array_record"]},
    )
    for value in values:
        text = json.dumps(value)
        yield f"json {text}", lambda path, text=text: path.write_text(text)
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        for depth in (500, 100_000):
            text = opening * depth + "1" + closing * depth
            yield f"json {depth} deep in {closing}", lambda path, text=text: path.write_text(text)
    yield "json that is cut", lambda path: path.write_text('{"fileFormat": "array_re')
    yield "json of 4,400 digits", lambda path: path.write_text("1" * 4400)
    yield "json NaN", lambda path: path.write_text("NaN")
    yield "json twice", lambda path: path.write_text("{}{}")
    yield "latin-1", lambda path: path.write_bytes(b'{"a": "\xe9"}')
