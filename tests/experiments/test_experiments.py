"""Every experiment runs in its quick form and writes a valid record; the pages' tables are those of the records."""

import json
import subprocess
import sys

import pytest

from experiments.__main__ import main
from experiments.experiment import RESULTS, Expectation, Request
from experiments.registry import EXPERIMENTS
from experiments.render import PAGES, ROOT, render
from experiments.tables import rows_of
from spikejax.runs import record

KEPT = sorted(RESULTS.glob("*.json"))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_states_its_claim(name):
    experiment = EXPERIMENTS[name]
    text = sys.modules[experiment.run.__module__].__doc__
    for part in (f"Command: python -m experiments run {name}", "Expected:", "Time:"):
        assert part in text
    assert experiment.claim and experiment.time and experiment.expected


def quick(name, tmp_path):
    experiment = EXPERIMENTS[name]
    result = {**experiment.run(Request(tmp_path, quick=True)), "experiment": name}
    record.write(tmp_path / "record.json", result)
    assert result["complete"] is True and result["metrics"]
    assert experiment.figure is None or (tmp_path / experiment.figure).is_file()


SLOW = (
    "ar_lif_ablation",
    "ar_lif_compiled",
    "ar_lif_fig2_rates",
    "ar_lif_fig3_tracking",
    "ar_lif_table1",
    "bench",
    "conv_step",
    "digits",
    "fsd_shd",
    "fsd_shd_delays",
    "gpu",
    "memory_vs_steps",
    "neuron_table",
    "nmnist_ar_lif",
    "quantised_weights",
    "reliability",
    "spoken_digits",
    "sweep_speed",
    "tc_lif_fig3_gradients",
    "tc_lif_fig4_curves",
    "tc_lif_fig5_landscape",
    "tc_lif_table1",
    "tc_lif_table2_energy",
)


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name not in SLOW])
def test_an_experiment_runs_quickly(name, tmp_path):
    quick(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_an_experiment_that_takes_longer_runs_quickly(name, tmp_path):
    quick(name, tmp_path)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_record_belongs_to_an_experiment(path):
    result = record.read(path)
    assert result["experiment"] == path.stem and path.stem in EXPERIMENTS
    assert result["provenance"]["versions"]["jax"] and result["provenance"]["commit"]
    # Read as JSON without NaN, and every expectation has a value.
    json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} in {path}"))
    assert len(rows_of(EXPERIMENTS[path.stem], result["metrics"])) > 0


# What the records show today, best against best; the page says which expectations do not hold.
MUST_HOLD = (
    "nmnist_ar_lif",
    "quantised_weights",
    "aot",
    "ar_lif_fig3_tracking",
    "ar_lif_table3_energy",
    "beta_grid",
    "chunking",
    "digits",
    "memory_vs_steps",
    "smnist_first_epochs",
    "tc_lif_fig2_beta_grid",
    "tc_lif_fig3_gradients",
    "tc_lif_table2_energy",
    "tc_lif_theory",
)


@pytest.mark.parametrize("name", MUST_HOLD)
def test_what_is_claimed_was_measured(name):
    rows = rows_of(EXPERIMENTS[name], record.read(RESULTS / f"{name}.json")["metrics"])
    measured = [row for row in rows if row[-1] != "not run"]
    assert measured and all(row[-1] == "yes" for row in measured), measured


def test_an_expectation_has_its_tolerance():
    near = Expectation("x", lambda metrics: metrics["x"], low=0.9, high=1.1)
    assert near.holds({"x": 1.0}) and not near.holds({"x": 1.2}) and not near.holds({"x": 0.8})
    assert near.bounds == "0.9 to 1.1"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_page_shows_the_records(page):
    text = page.read_text(encoding="utf-8")
    assert render(page) == text
    for name in PAGES[page]:
        start = text.index(f"<!-- {name} -->")
        assert text.index(f"<!-- /{name} -->") - start > 100


def test_the_command_lists_and_refuses(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["experiments", "list"])
    assert main() == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in EXPERIMENTS)
    refused = subprocess.run(
        [sys.executable, "-m", "experiments", "run", "digit"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert refused.returncode == 1 and "did you mean digits" in refused.stderr
