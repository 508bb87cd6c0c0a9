"""Loggers: a row per epoch, none lost and none twice, however often the training ends and goes on."""

import csv
import struct

import pytest
from tensorboardX.proto.event_pb2 import Event

import toy
from spikejax.runs import fit, record
from spikejax.training import CSVLogger, TensorBoardLogger, TrackerLogger

ENTRIES = [
    {"epoch": 1, "loss": 0.5, "seconds": 0.1, "firing_rate": {"a": 0.25, "b": 0.0}},
    {"epoch": 2, "loss": 1 / 3, "seconds": 0.2, "test_loss": 1e-9},
]


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events(folder):
    """The events of each file of TensorBoard, older files first."""
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        data, own = path.read_bytes(), []
        while data:  # length, checksum of it, event, checksum of that
            (length,) = struct.unpack("<Q", data[:8])
            own.append(Event.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
        found.append(own)
    return found


def scalars(own):
    """(step, name) and the value of each scalar of a file."""
    values = ((event.step, value) for event in own for value in event.summary.value)
    return {(step, value.tag): value.simple_value for step, value in values}


class Kept:
    """A tracker that keeps what it is given."""

    def __init__(self):
        self.calls = []

    def log(self, data, *, step):
        self.calls.append((step, data))


def test_a_table_holds_every_digit(tmp_path):
    logger = CSVLogger(tmp_path / "new" / "history.csv")
    logger(ENTRIES[:1], {})
    logger(ENTRIES, {})
    first, second = rows(logger.path)
    assert list(first) == [
        "epoch",
        "loss",
        "seconds",
        *("firing_rate/a", "firing_rate/b"),
        "test_loss",
    ]
    assert first["epoch"] == "1" and first["firing_rate/a"] == "0.25" and first["test_loss"] == ""
    assert float(second["loss"]) == 1 / 3 and float(second["test_loss"]) == 1e-9


def test_a_tracker_gets_each_epoch_once():
    kept = Kept()
    logger = TrackerLogger(kept)
    logger(ENTRIES[:1], {})
    logger(ENTRIES, {})
    assert [step for step, _ in kept.calls] == [1, 2]
    assert kept.calls[0][1] == {
        "loss": 0.5,
        "seconds": 0.1,
        "firing_rate/a": 0.25,
        "firing_rate/b": 0.0,
    }
    again = Kept()
    TrackerLogger(again)(ENTRIES, {})  # another process, resumed after the first epoch
    assert again.calls == kept.calls
    with pytest.raises(
        TypeError, match=r"expected a tracker with log\(values, step=...\), found 3"
    ):
        TrackerLogger(3)


def test_a_logger_serves_one_training_after_another():
    kept = Kept()
    logger = TrackerLogger(kept)
    others = [{**entry, "loss": 2.0} for entry in ENTRIES]
    for history in (ENTRIES[:1], ENTRIES, others[:1], others):
        logger(history, {})
    losses = [data["loss"] for _, data in kept.calls]
    assert losses == [0.5, 1 / 3, 2.0, 2.0] and [step for step, _ in kept.calls] == [1, 2, 1, 2]


def test_a_finished_training_is_logged_when_it_is_asked_for_again(tmp_path):
    trained = fit(toy.config(), tmp_path / "run", progress=False)
    logger = CSVLogger(tmp_path / "history.csv")
    fit(toy.config(), tmp_path / "run", resume=True, callbacks=(logger,), progress=False)
    found = [row["loss"] for row in rows(logger.path)]
    assert found == [str(entry["loss"]) for entry in trained.record["history"]]


def test_files_of_tensorboard(tmp_path):
    logger = TensorBoardLogger(tmp_path)
    logger(ENTRIES[:1], {})
    logger(ENTRIES, {})
    (own,) = events(tmp_path)
    found = scalars(own)
    assert found[1, "firing_rate/a"] == 0.25 and found[2, "loss"] == pytest.approx(1 / 3)
    assert len(found) == 7


def test_a_resumed_file_of_tensorboard_replaces_the_one_before(tmp_path):
    TensorBoardLogger(tmp_path)(ENTRIES[:1], {})
    (first,) = tmp_path.iterdir()
    first.rename(tmp_path / "events.out.tfevents.1")  # of an earlier process, at an earlier time
    TensorBoardLogger(tmp_path)(ENTRIES, {})
    _, own = events(tmp_path)
    (start,) = (event for event in own if event.HasField("session_log"))
    assert start.step == 1 and start.session_log.status == start.session_log.START
    assert len(scalars(own)) == 7


class Killed(Exception):
    """Ends a training where a killed process would."""


@pytest.mark.parametrize("when", [1, 2])
def test_killed_between_saving_and_logging(when, tmp_path):
    """Resumed, the table has every epoch once, also when it was the last one that was not logged."""

    def kill(history, variables):
        if len(history) == when:
            raise Killed

    out, logger = tmp_path / "run", CSVLogger(tmp_path / "run" / "history.csv")
    with pytest.raises(Killed):
        fit(toy.CONFIG, out, callbacks=(kill, logger), progress=False)
    assert logger.path.exists() is (when == 2)
    kept = Kept()
    callbacks = (logger, TrackerLogger(kept))
    trained = fit(toy.CONFIG, out, callbacks=callbacks, resume=True, progress=False)
    found = rows(logger.path)
    assert [row["epoch"] for row in found] == ["1", "2"] == [str(step) for step, _ in kept.calls]
    for row, entry in zip(found, trained.record["history"], strict=True):
        assert float(row["loss"]) == entry["loss"]
        assert float(row["firing_rate/neuron_0"]) == entry["firing_rate"]["neuron_0"]
    assert record.read(out / "record.json")["complete"]


def test_stopped_in_an_epoch(tmp_path):
    """After each of the eight steps; an unfinished epoch has no row."""
    logger, complete, counts = CSVLogger(tmp_path / "history.csv"), False, []
    while not complete:
        how = {"callbacks": (logger,), "resume": True, "seconds": 0.0, "progress": False}
        complete = fit(toy.CONFIG, tmp_path / "run", **how).record["complete"]
        counts.append(len(rows(logger.path)) if logger.path.exists() else 0)
    assert counts == [0, 0, 0, 1, 1, 1, 1, 2]
