"""The experiment on a GPU: parts that fail end alone, what was measured is kept, what was not run is said."""

import math
import warnings
from pathlib import Path

import pytest

from experiments.experiment import Expectation, Experiment, Request
from experiments.gpu import expected, gpu, networks, tables, trials
from experiments.gpu.cells import CELLS, both, operands, recurrent, spiking
from experiments.gpu.sheet import OVER, Sheet, read
from experiments.gpu.timing import build_all, built, race
from experiments.gpu.training import one_cycle
from experiments.peers.libraries import Library
from experiments.peers.process import Failed, Worker
from experiments.tables import rows_of
from spikejax.runs import record

PROVENANCE = {
    "device": "gpu: card",
    "card": "card",
    "driver": "card, 1.2",
    "python": "3",
    "versions": {"jax": "0", "jaxlib": "0"},
    "installed": {"torch": "2"},
    "commit": "abc",
}


@pytest.fixture
def sheet(tmp_path):
    return Sheet(tmp_path / "part.json", 60, True)


def test_a_sheet_keeps_rows_and_words(sheet, tmp_path):
    assert sheet.attempt("a", lambda: {"seconds": 1.0, "error_of": [math.inf, 2.0]})
    assert not sheet.attempt("a", lambda: [][1])
    assert sheet.rows == read(tmp_path / "part.json")
    row = {"seconds": 1.0, "error_of": [None, 2.0], "error": "IndexError: list index out of range"}
    assert sheet.rows == {"a": row}
    late = Sheet(tmp_path / "late.json", 0, True)
    assert not late.attempt("b", lambda: pytest.fail("begun")) and late.rows["b"]["error"] == OVER
    assert read(tmp_path / "absent.json") == {}


def test_rows_of_an_earlier_try_are_kept_and_not_measured_again(tmp_path):
    import jax

    path = tmp_path / "part.json"
    Sheet(path, 60, True).note("a", {"seconds": 1.0})
    again = Sheet(path, 60, True)
    assert not again.attempt("a", lambda: pytest.fail("begun")) and again.lacks("b")
    double = jax.jit(lambda x: 2 * x)
    made = build_all(again, {name: lambda: built(double, 1.0) for name in "ab"})
    assert list(made) == ["b"] and again.rows["a"] == {"seconds": 1.0}


def test_a_warning_is_noted_in_its_row(sheet, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", sheet.warned)

    def warn():
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = sheet.warned
            warnings.warn("runs as a scan", UserWarning, stacklevel=1)
        return {"seconds": 1.0}

    sheet.attempt("a", warn)
    assert sheet.rows["a"] == {"warnings": ["UserWarning: runs as a scan"], "seconds": 1.0}


def test_programs_take_turns_and_one_that_fails_ends_alone(sheet, tmp_path):
    import jax

    turns, found = [], {}

    def fails():
        turns.append("b")
        raise RuntimeError("no memory")

    programs = {"a": lambda: turns.append("a"), "b": fails}
    race(sheet, programs, lambda name, seconds: found.update({name: len(seconds)}), rounds=3)
    assert "".join(turns) == "ab" + "aaaa" and found == {"a": 3}
    assert sheet.rows["b"]["error"] == "RuntimeError: no memory"
    late = Sheet(tmp_path / "late.json", 0, True)
    race(late, programs, lambda name, seconds: pytest.fail("timed"))
    assert [row["error"] for row in late.rows.values()] == [OVER, OVER]
    double = jax.jit(lambda x: 2 * x)
    made = build_all(sheet, {"c": lambda: built(double, 1.0), "d": lambda: built(double)})
    assert list(made) == ["c"] and made["c"].call() == 2.0
    assert "error" in sheet.rows["d"] and made["c"].facts["compile_seconds"] > 0


@pytest.mark.parametrize("name", CELLS)
def test_cells_fire_and_have_gradients(name):
    for layer in (spiking(name), recurrent(name)):
        variables, currents, weights = operands(layer, (20, 4, 6))
        spikes, (of_params, of_currents) = both(layer, "scan")(variables, currents, weights)
        assert 0 < spikes.mean() < 0.5 and abs(of_currents).sum() > 0
        assert set(of_params) == set(variables.get("params", {}))


def test_the_networks_are_those_of_the_tables():
    import jax
    import jax.numpy as jnp

    made = trials.network(quick=False).init(jax.random.key(0), jnp.zeros((1, 1, 1)))
    assert sum(x.size for x in jax.tree.leaves(made["params"])) == 63640
    cycle = [float(one_cycle(progress)) for progress in (0, 0.15, 0.5, 1)]
    assert cycle == pytest.approx([0.1, 1, 0.646, 0.01], abs=0.01) and cycle[1] == 1


def test_what_was_not_run_is_not_as_expected():
    nothing = {"parts": {}}
    experiment = Experiment("", "", lambda request: {}, expected.EXPECTED)
    assert all(row[2:] == ("not run", "not run") for row in rows_of(experiment, nothing))
    assert not any(e.holds(nothing) for e in expected.EXPECTED)
    partly = {"smnist": {"spikejax, kernel": {"seconds": 1.0}, "spyx": {"error": "not installed"}}}
    ratio = Expectation("x", expected.ratio("smnist", "spyx", expected.OURS), low=1)
    assert not ratio.holds(partly)
    partly["smnist"]["spyx"] = {"seconds": 20.0}
    assert ratio.holds(partly) and ratio.found(partly) == 20


def test_the_tables_show_the_record(monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    assert tables.accelerator().count("not run.") == len(gpu.PARTS)
    rows = {
        "spikejax, kernel": {
            "seconds": 0.004,
            "seconds_median": 0.0041,
            "temp_mb": 1528.0,
            "warnings": ["KernelFallback: runs as a scan"],
        },
        "spyx": {"error": "not installed"},
    }
    text = tables.table("smnist", {"state": "failed", "error": "it broke"}, rows)
    assert "| spikejax, kernel (warns, see below) | 4.00 | 4.10 |  | 1,528 |" in text
    assert "| spyx | not installed |" in text and "- KernelFallback: runs as a scan" in text
    assert "it broke" in text
    assert tables.table("shd", {"state": "not run"}, {}).endswith("128: not run.\n")
    assert tables.origin({"provenance": PROVENANCE}).startswith("card, 1.2; Python 3, jax 0")


def test_a_worker_that_dies_before_it_reads_its_job_ends_alone(tmp_path):
    library = Library("dead", str(tmp_path / "dead.py"), "", "")
    Path(library.script).write_text("raise SystemExit('no such package')\n")
    worker = Worker(library, networks.QUICK["shd"], tmp_path / "log.txt", here=True)
    worker._process.wait()
    with worker, pytest.raises(Failed, match="ended with code 1: no such package"):
        worker.start()


@pytest.mark.slow
def test_parts_that_fail_end_alone_and_the_rest_is_continued(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gpu, "GRACE", -0.9)
    monkeypatch.setattr(gpu, "check_device", lambda facts: None)
    here = "parts"
    made = {
        "well": gpu.Part(f"{here}.well", 0.1),
        "badly": gpu.Part(f"{here}.badly", 0.1),
        "dies": gpu.Part(f"{here}.with_the_process", 0.1),
        "hangs": gpu.Part(f"{here}.never", 0.01),
        "cut": gpu.Part(f"{here}.half", 0.1),
        "last": gpu.Part(f"{here}.well", 1.0),
    }
    monkeypatch.setattr(gpu, "PARTS", made)
    request = Request(tmp_path, seconds=200)
    measuring = gpu.Measuring(request)
    for name in list(made)[:5]:
        measuring.part(name)
    measuring.end()
    found = record.read(tmp_path / "record.json")
    assert (
        not found["complete"]
        and found["provenance"]["incomplete"] == "cut ran in part, last not run"
    )
    states = found["metrics"]["parts"]
    assert states["badly"]["error"] == "ValueError: it broke in two lines"
    assert states["dies"]["error"] == "the process ended with code 3"
    assert states["hangs"]["error"].startswith("no answer within")
    kept = [found["metrics"][name]["kept"]["seconds"] for name in ("badly", "dies", "hangs")]
    assert kept == [1, 2, 3]
    assert found["metrics"]["well"]["one"] == {"seconds": 0.5, "lost": None}
    assert found["metrics"]["cut"] == {"kept": {"seconds": 4.0}, "more": {"error": OVER}}
    assert states["cut"]["state"] == "ran in part"
    for name in ("badly", "dies", "hangs"):
        made[name] = gpu.Part(f"{here}.well", 0.1)
    capsys.readouterr()
    done = gpu.run(request)
    told = capsys.readouterr().out
    assert "well: measured before, 2 rows" in told and "cut: begins" in told
    assert "1 rows kept of an earlier try" in told
    assert done["complete"] and done["metrics"]["last"] == found["metrics"]["well"]
    assert done["metrics"]["cut"] == {"kept": {"seconds": 4.0}, "more": {"seconds": 5.0}}
    assert done["metrics"]["dies"]["kept"] == {"seconds": 2.0}
    assert done["metrics"]["dies"]["one"]["seconds"] == 0.5
    assert {state["state"] for state in done["metrics"]["parts"].values()} == {"ran"}
    assert done["provenance"]["run"] == found["provenance"]["run"]
