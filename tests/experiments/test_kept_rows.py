"""A table whose rows are runs: what is kept of it, finished or not."""

import experiments.__main__ as command
import toy
from experiments.experiment import Experiment
from spikejax.runs import record, sweep


def table(request):
    """Two rows, one after the other; the time of the second one is over after an epoch."""
    for name, seconds in (("first", None), ("second", 0.0)):
        found = sweep(toy.config(epochs=2), [{}], request.out / name, seeds=(0, 1), seconds=seconds)
        assert found["complete"] is (seconds is None)
    result = record.begin("table", {}, {"seed": 0, "data": None, "incomplete": "no time"})
    return {**result, "metrics": {"rows": 2}}


def kept(tmp_path, monkeypatch, **facts):
    experiment = Experiment("claim", "a second", table, **facts)
    monkeypatch.setattr(command, "EXPERIMENTS", {"table": experiment})
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results")
    assert command.run(command.Run("table", out=tmp_path / "run")) == 124
    return sorted(
        str(path.relative_to(tmp_path / "results")) for path in tmp_path.rglob("results/**/*.json")
    )


def test_the_finished_rows_of_a_table_are_kept(tmp_path, monkeypatch):
    assert kept(tmp_path, monkeypatch, rows_are_runs=True) == ["table.json", "table/first.json"]
    row = record.read(tmp_path / "results" / "table" / "first.json")
    trials = row["metrics"]["trials"].values()
    assert row["complete"] and row["experiment"] == "first" and len(trials) == 2
    mean = sum(trial["test_accuracy"] for trial in trials) / 2
    assert abs(row["metrics"]["test_accuracy"] - mean) < 1e-12
    whole = record.read(tmp_path / "results" / "table.json")
    assert not whole["complete"] and whole["provenance"]["incomplete"] == "no time"


def test_of_other_experiments_nothing_is_kept_before_the_end(tmp_path, monkeypatch):
    assert kept(tmp_path, monkeypatch) == []
