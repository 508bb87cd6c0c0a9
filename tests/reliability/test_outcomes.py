"""What the attack on the library counts: the checkers notice planted faults, and the metrics add them up."""

import random

import pytest

from experiments.reliability import named, reliability
from experiments.reliability.children import Ended
from experiments.reliability.mutations import CONTENTS, Snapshot, damage
from experiments.reliability.outcomes import Outcome, joined, summary
from experiments.reliability.stopping import compared
from experiments.reliability.subjects import differences, of_record


def test_errors_are_named_only_if_they_say_which_file(tmp_path):
    assert named.of_files(ValueError(f"{tmp_path}/a is damaged"), (tmp_path,)).kind == "refused"
    assert named.of_files(ValueError("it is damaged"), (tmp_path,)).kind == "traceback"
    assert named.of_files(KeyError(f"{tmp_path}"), (tmp_path,)).kind == "traceback"


def test_a_resumed_run_that_differs_is_lost_work(tmp_path):
    notes = tmp_path / "notes.txt"
    expected = {"a": "1", "b": "2"}

    def kind(mine=(), **ended):
        return compared(
            Ended(**{"code": 0, "value": expected} | ended), expected, tmp_path, list(mine)
        )[0]

    assert kind() == "exact"
    assert kind(value={"a": "1", "b": "3"}) == kind(value={"a": "1"}) == "lost"
    assert kind(error=("ValueError", "no")) == "lost" and kind(code=-11) == "died"
    assert kind(mine=(notes,)) == "lost"
    (tmp_path / ".record.json.12").write_text("half")
    assert kind() == "left over"


def test_differences_of_records():
    entry = {"epoch": 1, "loss": 0.5, "seconds": 1.0}
    record = {"experiment": "x", "config": {}, "metrics": {}, "history": [entry], "complete": True}
    other = {**record, "history": [{**entry, "seconds": 2.0}]}
    assert differences(of_record(record), of_record(other)) == ""
    other["history"][0]["loss"] = 0.5000001
    assert "history.0.loss: 0.5000001 instead of 0.5" in differences(
        of_record(other), of_record(record)
    )


@pytest.mark.parametrize("kind", CONTENTS)
def test_damage_changes_a_file_and_can_be_undone(kind, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"some content")
    other.write_bytes(b"other content")
    snapshot = Snapshot(tmp_path)
    damage(one, kind, other, random.Random(0))
    assert one.read_bytes() != b"some content"
    snapshot.restore()
    assert one.read_bytes() == b"some content" and other.read_bytes() == b"other content"


def test_metrics_add_up():
    facts = {"seconds": 1.0, "peak_memory_mb": 5.0, "commit": "abc"}
    wrong = [Outcome("lost"), Outcome("unnoticed"), Outcome("died"), Outcome("exact")]
    found = {name: [summary(wrong, stopped=3, **facts)] for name in reliability.PARTS}
    metrics = reliability.metrics_of(found)
    parts = len(reliability.PARTS)
    assert metrics["lost"] == metrics["unnoticed"] == metrics["tracebacks"] == parts
    assert metrics["kills"] == 3 and metrics["damaged_files"] == 8
    assert metrics["parts"]["kills"]["peak_memory_mb"] == 5.0
    assert metrics["parts"]["kills"]["commits"] == ["abc"]
    assert len(joined(found["kills"])["failures"]) == 3
    held = [expectation.holds(metrics) for expectation in reliability.EXPERIMENT.expected[:3]]
    assert held == [False, False, False]
