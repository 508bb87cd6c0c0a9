"""IDX files whose headers state what cannot be, and small gzip files that unpack into large ones."""

import gzip
import resource
import struct

import numpy as np
import pytest

from spikejax.data import CorruptData
from spikejax.data.formats import idx

HUGE = 2**32 - 1


def header(*shape):
    return bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape)


@pytest.mark.parametrize(
    "content, message",
    [
        (header(0, HUGE, HUGE, HUGE), "at most 64 axes and 1073741824 values, found shape"),
        (header(*[1] * 65) + b"1", "at most 64 axes and .* values, found 65 axes"),
        (header(*[HUGE] * 255), "found 255 axes"),
        (header(2**16, 2**16), r"found shape \(65536, 65536\)"),
        (header(2, 3) + bytes(7), r"expected 6 values for shape \(2, 3\), found 7 or more"),
        (header(2, 3) + bytes(2**20), "found 7 or more"),
    ],
    ids=["a zero and huge axes", "axes", "most axes", "product", "one more", "many more"],
)
def test_headers_that_cannot_be(tmp_path, content, message):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(CorruptData, match=f"{path}: .*{message}"):
        idx.read(path)


def test_no_values_and_many_axes(tmp_path):
    path = tmp_path / "x.gz"
    for shape in ((0, 28, 28), (1,) * 64):
        path.write_bytes(gzip.compress(header(*shape) + bytes(0 in shape or 1)[: 0 not in shape]))
        assert idx.read(path).shape == shape


def test_a_small_file_is_not_unpacked_beyond_its_header(tmp_path):
    """Half a gigabyte of zeros, of which ten are read."""
    path = tmp_path / "x.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header(10))
        for _ in range(128):
            file.write(bytes(2**22))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CorruptData, match="at most 65556 bytes|found 11 or more"):
        idx.read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_padding_is_not_searched(tmp_path):
    """gzip skips zeros behind its end one by one."""
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(header(3) + bytes(3)))
    with path.open("r+b") as file:
        file.truncate(2**29)
    with pytest.raises(CorruptData, match=r"at most 65542 bytes for shape \(3,\), found 536870912"):
        idx.read(path)


def test_random_damage_is_always_named(tmp_path):
    draw = np.random.default_rng(0)
    whole = gzip.compress(header(4, 5) + bytes(range(20)), mtime=0)
    path = tmp_path / "x.gz"
    for _ in range(200):
        content = bytearray(whole)
        content[draw.integers(len(content))] = draw.integers(256)
        path.write_bytes(content[: draw.integers(1, len(content) + 1)])
        try:
            assert idx.read(path).tolist() == np.arange(20).reshape(4, 5).tolist()
        except CorruptData as error:
            assert str(path) in str(error)
