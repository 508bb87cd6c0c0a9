"""The attack in short: a few trials of each part, by the functions of the full one."""

import pytest

from experiments.reliability import command_lines, damage, kills, lines, misbehaviour, readers
from experiments.reliability.children import generator
from experiments.reliability.data_files import READERS
from experiments.reliability.event_data import FORMATS
from experiments.reliability.outcomes import Outcome

# Most formats of events are left to tests/data, where no process is started for each.
LEFT_OUT = {*readers.SLOW, *FORMATS} - {"events bin"}
FAST = [name for name in READERS if name not in LEFT_OUT]


def failures(found):
    return [failure for failure in found["failures"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("attack")


@pytest.mark.parametrize("name", FAST)
def test_damaged_inputs_are_refused(name, folder):
    found = readers.run({"reader": name, "quick": True}, folder)
    # A damaged cache of frames is made again.
    right = "exact" if name == "frame cache" else "refused"
    assert found["trials"] > 20 and found["counts"].get(right, 0) > 10
    assert not failures(found) and 0 < found["peak_memory_mb"] < 1000


def test_a_reader_that_takes_everything_is_found_out(folder, monkeypatch):
    kept = READERS["npz"]
    monkeypatch.setitem(READERS, "npz", kept._replace(read=lambda folder: sorted(folder.iterdir())))
    given = {
        "folder": str(folder),
        "reader": "npz",
        "file": "arrays.npz",
        "kind": "delete",
        "seed": 0,
    }
    readers.run({"reader": "npz", "quick": True}, folder)
    readers._prepared.cache_clear()
    assert readers.trial(given).kind == "unnoticed"
    readers._prepared.cache_clear()


def test_command_lines_come_from_the_parsers():
    flags = {command: lines.flags_of(command) for command in lines.COMMANDS}
    names = {name for flag in flags["train"] for name in flag.names}
    assert {"--learning-rate", "--hidden", "--resume", "--neuron"} <= names
    assert not names & set(lines.LEFT_OUT)
    drawn = [lines.line(generator(0, number), flags, ("run",)) for number in range(200)]
    assert {line[0] for line in drawn} == set(lines.COMMANDS)
    assert drawn == [lines.line(generator(0, number), flags, ("run",)) for number in range(200)]


def test_a_command_that_fails_is_found_out(monkeypatch):
    assert command_lines.outcome_of(["no-such-command"]).kind == "refused"
    assert command_lines.outcome_of(["--version"]).kind == "exact"

    def fails(arguments):
        raise KeyError("x")

    monkeypatch.setattr(command_lines, "main", fails)
    assert command_lines.outcome_of([]).kind == "traceback"
    monkeypatch.setattr(command_lines, "main", lambda arguments: 1)
    assert command_lines.outcome_of([]) == Outcome("traceback", "exit code 1 without a word")


@pytest.mark.slow
def test_killed_runs_are_resumed_exactly(folder):
    for batch in kills.batches(True):
        found = kills.run(batch, folder)
        assert found["stopped"] == found["trials"] and not failures(found)


@pytest.mark.slow
def test_damaged_runs_are_refused_or_exact(folder):
    for batch in damage.batches(True):
        found = damage.run(batch, folder)
        assert found["counts"]["refused"] > 0 and not failures(found)


@pytest.mark.slow
def test_command_lines_never_end_in_a_traceback(folder):
    for batch in command_lines.batches(True):
        assert not failures(command_lines.run(batch, folder))


@pytest.mark.slow
def test_misbehaving_parts_are_refused(folder):
    for batch in misbehaviour.batches(True):
        assert not failures(misbehaviour.run(batch, folder))
