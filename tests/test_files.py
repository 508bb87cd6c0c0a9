"""Files are written whole or not at all."""

import errno
import os
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from spikejax import files


def no_bytes_free(folder):
    return SimpleNamespace(free=2**19)


@pytest.fixture
def path(tmp_path):
    """A folder with an old file."""
    return files.write_text(tmp_path / "run" / "notes.txt", "old")


def assert_untouched(path):
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["notes.txt"]


def test_written_and_written_again(path):
    assert_untouched(path)
    assert files.write_text(str(path), "é") == path
    assert path.read_bytes() == "é".encode()
    assert os.listdir(path.parent) == ["notes.txt"]


def test_arrays(tmp_path):
    arrays = {"a": np.arange(3), "b/c": np.eye(2, dtype=np.float32)}
    path = files.write_arrays(tmp_path / "new" / "arrays.npz", arrays)
    with np.load(path) as found:
        assert set(found.files) == set(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
    with pytest.raises(ValueError):
        files.write_arrays(tmp_path / "objects.npz", {"a": np.array([{}])})
    assert os.listdir(tmp_path) == ["new"]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken disk"), KeyboardInterrupt()])
@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_an_error_in_the_middle_leaves_the_old_file(function, error, path, monkeypatch):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(type(error)) as raised:
        files.write_text(path, "new")
    assert raised.value is error
    assert_untouched(path)


def test_a_full_disk_is_named_before_writing(path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", no_bytes_free)
    where = re.escape(str(path.parent))
    with pytest.raises(OSError, match=rf"no room to write 0\.0 MB to {where}: 0\.5 MB") as raised:
        files.write_text(path, "new")
    assert raised.value.errno == errno.ENOSPC
    assert_untouched(path)


def test_a_disk_that_fills_while_writing(path, monkeypatch):
    def fill(number):
        monkeypatch.setattr(shutil, "disk_usage", no_bytes_free)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OSError, match=r"no room to write .*: 0\.5 MB are free") as raised:
        files.write_text(path, "new")
    assert raised.value.errno == errno.ENOSPC
    assert_untouched(path)


def test_room_is_kept_spare(tmp_path, monkeypatch):
    files.ensure_room(tmp_path, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=4 * 2**20))
    files.ensure_room(tmp_path, 3 * 2**20)
    with pytest.raises(OSError, match=r"no room to write 3\.5 MB to .*: 4\.0 MB are free"):
        files.ensure_room(tmp_path, 3 * 2**20 + 2**19)
