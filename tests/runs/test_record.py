"""Records: read as they were written, and what a result depends on."""

import json
import os
import re
import sys
from importlib import metadata

import jax
import pytest

from spikejax.runs import provenance, record

OLD = {
    "experiment": "digits",
    "config": {"epochs": 2},
    "provenance": {"seed": 0},
    "metrics": {"accuracy": 0.5},
    "history": [{"epoch": 1, "loss": 2.0}],
    "complete": True,
}


@pytest.fixture
def path(tmp_path):
    """A folder with a record."""
    return record.write(tmp_path / "run" / "record.json", OLD)


def test_read_gives_what_was_written(path):
    assert record.read(path) == OLD
    new = {**OLD, "metrics": {"accuracy": 0.75}}
    assert record.write(str(path), new) == path
    assert record.read(path) == new
    assert path.read_text().endswith("}\n")


def test_keys_stand_in_one_order(path):
    text = path.read_text()
    record.write(path, dict(reversed(OLD.items())))
    assert path.read_text() == text
    assert tuple(json.loads(text)) == record.KEYS


@pytest.mark.parametrize(
    "wrong", [{"metrics": {}}, {**OLD, "notes": ""}, {k: OLD[k] for k in list(OLD)[1:]}]
)
def test_wrong_keys(wrong, path):
    with pytest.raises(ValueError, match=r"expected a record with the keys .*found"):
        record.write(path, wrong)
    assert record.read(path) == OLD


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite(number, path):
    with pytest.raises(ValueError):
        record.write(path, {**OLD, "history": [{"loss": number}]})
    assert record.read(path) == OLD


def test_there_is_no_record(tmp_path):
    with pytest.raises(FileNotFoundError, match="record.json, found no such file"):
        record.read(tmp_path / "record.json")
    with pytest.raises(FileNotFoundError):
        record.read(tmp_path)


@pytest.mark.parametrize(
    "content, message",
    [
        (b'{"experiment": ', "JSON record in .*found invalid text"),
        (b"", "found invalid text"),
        (b"\xff\xfe\x00", "found invalid text"),
        (b"[1, 2]", "expected a record with the keys"),
        (b'{"experiment": "digits"}', "expected a record with the keys"),
    ],
)
def test_a_file_that_is_no_record(content, message, tmp_path):
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as raised:
        record.read(path)
    assert str(path) in str(raised.value)


def test_what_is_finished(path):
    folder = path.parent
    assert record.finished(folder) == record.finished(folder, config={"epochs": 2}) == OLD
    assert record.finished(folder, config={"epochs": 3}) is None
    assert record.finished(folder / "nowhere") is None
    record.write(path, {**OLD, "complete": False})
    assert record.finished(folder) is None


def test_a_record_begins_with_what_it_depends_on():
    found = record.begin("train toy", {"epochs": 1}, {"seed": 3})
    assert set(found) == set(record.KEYS) and found["complete"] is False
    assert found["provenance"]["seed"] == 3 and found["provenance"]["versions"]


def test_provenance(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/some/where/spikejax", "train", "--seed", "3"])
    facts = provenance.current_provenance(seed=3, dataset={"name": "digits"})
    assert facts["seed"] == 3 and facts["dataset"] == {"name": "digits"}
    assert facts["versions"]["jax"] == jax.__version__
    assert facts["versions"]["spikejax"] == metadata.version("spikejax")
    assert set(facts["versions"]) == set(provenance.PACKAGES)
    assert facts["device"].startswith("cpu: ")
    assert facts["processors"] == os.cpu_count()
    assert facts["command"] == "spikejax train --seed 3"
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["commit"] is None or re.fullmatch(r"[0-9a-f]{12}(\+changes)?", facts["commit"])
    json.dumps(facts, allow_nan=False)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("--data-dir /data --coordinator=h:1", "--data-dir DIR --coordinator=HOST:PORT"),
        ("--out /scratch/runs/a --seed 3", "--out a --seed 3"),
        ("--out=/scratch/runs/a", "--out=a"),
        ("--out runs/a --grid lr=0.1,0.2", "--out runs/a --grid lr=0.1,0.2"),
    ],
)
def test_where_a_machine_keeps_its_files_is_no_provenance(monkeypatch, given, kept):
    monkeypatch.setattr(sys, "argv", ["/x/spikejax/__main__.py", "train", *given.split()])
    command = provenance.current_provenance()["command"]
    assert command == f"python -m spikejax train {kept}"


def test_no_commit_outside_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.current_provenance()["commit"] is None


def test_no_commit_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert provenance.current_provenance()["commit"] is None
