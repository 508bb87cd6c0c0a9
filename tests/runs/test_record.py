"""Records: whole or not written, read as they were written."""

import errno
import json
import os
import re
import shutil
import sys
from importlib import metadata
from types import SimpleNamespace

import jax
import pytest

from spikejax.runs import record

OLD = {
    "experiment": "digits",
    "config": {"epochs": 2},
    "provenance": {"seed": 0},
    "metrics": {"accuracy": 0.5},
    "history": [{"epoch": 1, "loss": 2.0}],
    "complete": True,
}
NEW = {**OLD, "metrics": {"accuracy": 0.75}}


def no_bytes_free(folder):
    return SimpleNamespace(free=2**19)


@pytest.fixture
def path(tmp_path):
    """A folder with an old record."""
    return record.write(tmp_path / "run" / "record.json", OLD)


def assert_untouched(path):
    assert record.read(path) == OLD
    assert os.listdir(path.parent) == ["record.json"]


def test_read_gives_what_was_written(path):
    assert record.read(path) == OLD
    assert record.write(str(path), NEW) == path
    assert record.read(path) == NEW
    assert os.listdir(path.parent) == ["record.json"]
    assert path.read_text().endswith("}\n")


def test_keys_stand_in_one_order(path):
    text = path.read_text()
    record.write(path, dict(reversed(OLD.items())))
    assert path.read_text() == text
    assert tuple(json.loads(text)) == record.KEYS


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken disk"), KeyboardInterrupt()])
@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_an_error_in_the_middle_leaves_the_old_record(function, error, path, monkeypatch):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(type(error)) as raised:
        record.write(path, NEW)
    assert raised.value is error
    assert_untouched(path)


def test_a_full_disk_is_named_before_writing(path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", no_bytes_free)
    message = (
        rf"no room to write 0\.0 MB to {re.escape(str(path.parent))}: 0\.5 MB are free; .*--out"
    )
    with pytest.raises(OSError, match=message) as raised:
        record.write(path, NEW)
    assert raised.value.errno == errno.ENOSPC
    assert_untouched(path)


def test_a_disk_that_fills_while_writing(path, monkeypatch):
    def fill(number):
        monkeypatch.setattr(shutil, "disk_usage", no_bytes_free)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(
        OSError, match=r"no room to write .*: 0\.5 MB are free; make room"
    ) as raised:
        record.write(path, NEW)
    assert raised.value.errno == errno.ENOSPC
    assert_untouched(path)


@pytest.mark.parametrize(
    "wrong", [{"metrics": {}}, {**OLD, "notes": ""}, {k: OLD[k] for k in list(OLD)[1:]}]
)
def test_wrong_keys(wrong, path):
    with pytest.raises(ValueError, match=r"expected a record with the keys .*found"):
        record.write(path, wrong)
    assert_untouched(path)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite(number, path):
    with pytest.raises(ValueError):
        record.write(path, {**OLD, "history": [{"loss": number}]})
    assert_untouched(path)


def test_there_is_no_record(tmp_path):
    with pytest.raises(FileNotFoundError, match="record.json, found no such file"):
        record.read(tmp_path / "record.json")
    with pytest.raises(FileNotFoundError):
        record.read(tmp_path)


@pytest.mark.parametrize(
    "text, message",
    [
        ('{"experiment": ', "JSON record in .*found broken text"),
        ("", "found broken text"),
        ("[1, 2]", "expected a record with the keys"),
        ('{"experiment": "digits"}', "expected a record with the keys"),
    ],
)
def test_a_file_that_is_no_record(text, message, tmp_path):
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        record.read(path)


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "record.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=re.escape(str(path))):
        record.read(path)


def test_provenance(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/some/where/spikejax", "train", "--seed", "3"])
    facts = record.provenance(seed=3, dataset={"name": "digits"})
    assert facts["seed"] == 3 and facts["dataset"] == {"name": "digits"}
    assert facts["versions"]["jax"] == jax.__version__
    assert facts["versions"]["spikejax"] == metadata.version("spikejax")
    assert set(facts["versions"]) == set(record.PACKAGES)
    assert facts["device"].startswith("cpu: ")
    assert facts["processors"] == os.cpu_count()
    assert facts["command"] == "spikejax train --seed 3"
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["commit"] is None or re.fullmatch(r"[0-9a-f]{12}(\+changes)?", facts["commit"])
    json.dumps(facts, allow_nan=False)


def test_no_commit_outside_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "__file__", str(tmp_path / "record.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert record.provenance()["commit"] is None


def test_no_commit_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert record.provenance()["commit"] is None


def test_ensure_room(tmp_path, monkeypatch):
    record.ensure_room(tmp_path, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=4 * 2**20))
    record.ensure_room(tmp_path, 3 * 2**20)
    with pytest.raises(OSError, match=r"no room to write 3\.5 MB to .*: 4\.0 MB are free"):
        record.ensure_room(tmp_path, 3 * 2**20 + 2**19)
