"""Archives of arrays: nothing is unpacked that is not what is expected, and nothing is unpickled or extracted."""

import io
import resource
import zipfile

import numpy as np
import pytest

from spikejax.data import CorruptData
from spikejax.data.formats import npz

EXPECTED = {"a": npz.Layout((2, 3)), "b": npz.Layout((2,), "float64")}
A, B = np.arange(6, dtype=np.uint8).reshape(2, 3), np.ones(2)


class Bomb:
    def __reduce__(self):
        return print, ("unpickled",)


def archive(path, compression=zipfile.ZIP_STORED, **members):
    """A zip of members as bytes or arrays."""
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            if not isinstance(content, bytes):
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, content, version=(1, 0), allow_pickle=True)
                content = buffer.getvalue()
            file.writestr(f"{name}.npy", content)
    return path


def stating(shape, values=b"", dtype="|u1", version=1):
    """A member whose header states a shape."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes((version, 0)) + length + text + values


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_arrays_are_read_and_others_left_alone(tmp_path, monkeypatch, how):
    monkeypatch.chdir(tmp_path)
    others = {"../../outside": A, "/outside": A, "words": np.array([Bomb()], object)}
    a, b = npz.read(archive(tmp_path / "x.npz", how, a=A, b=B, **others), EXPECTED)
    np.testing.assert_array_equal(a, A)
    np.testing.assert_array_equal(b, B)
    a[0] = 9  # as of numpy.load, one's own
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]
    assert not (tmp_path.parent / "outside.npy").exists()


@pytest.mark.parametrize(
    "members, message",
    [
        ({"a": A}, r"expected the arrays a, b, found a file that cannot be read .*b\.npy"),
        (
            {"a": A.T, "b": B},
            r"expected a as uint8 of shape \(2, 3\) .*found uint8 of shape \(3, 2",
        ),
        ({"a": np.asfortranarray(A), "b": B}, r"found uint8 of shape \(2, 3\) by columns"),
        ({"a": A.astype(int), "b": B}, r"found int64 of shape \(2, 3\)"),
        ({"a": np.full((2, 3), Bomb()), "b": B}, r"found object of shape \(2, 3\)"),
        ({"a": stating((2**40, 2**20)), "b": B}, "found uint8 of shape .1099511627776, 1048576"),
        ({"a": stating((2, 3), bytes(5)), "b": B}, "expected 6 bytes of a, found 5;"),
        ({"a": stating((2, 3), bytes(7)), "b": B}, "expected 6 bytes of a, found 7 or more;"),
        ({"a": stating((2, 3), bytes(6), version=2), "b": B}, r"a is of version \(2, 0\)"),
        ({"a": stating("(" * 3000, bytes(6)), "b": B}, "cannot be read"),
        ({"a": b"", "b": B}, "cannot be read"),
    ],
    ids=["missing", "shape", "columns", "dtype", "object", "huge", "few", "many"]
    + ["version", "nested", "empty"],
)
def test_arrays_that_are_not_expected(tmp_path, members, message, capsys):
    path = archive(tmp_path / "x.npz", **members)
    with pytest.raises(CorruptData, match=f"{path}: .*{message}"):
        npz.read(path, EXPECTED)
    assert capsys.readouterr().out == ""  # nothing was unpickled


def test_a_bomb_is_not_unpacked(tmp_path):
    """A quarter of a gigabyte of zeros behind six values."""
    path = archive(tmp_path / "x.npz", zipfile.ZIP_DEFLATED, a=stating((2, 3), bytes(2**28)), b=B)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CorruptData, match="expected 6 bytes of a, found 7 or more"):
        npz.read(path, EXPECTED)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_an_encrypted_or_damaged_one(tmp_path):
    whole = archive(tmp_path / "x.npz", a=A, b=B).read_bytes()
    path = tmp_path / "y.npz"
    draw = np.random.default_rng(0)
    for _ in range(200):
        content = bytearray(whole)
        content[draw.integers(len(content))] = draw.integers(256)
        path.write_bytes(content[: draw.integers(1, len(content) + 1)])
        try:
            npz.read(path, EXPECTED)
        except CorruptData as error:
            assert str(path) in str(error)
