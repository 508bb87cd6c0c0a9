"""Every experiment runs in its quick form and writes a valid record; the README's tables are those of the records."""

import json
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from experiments.registry import RESULTS, discover
from experiments.render import PAGES, README, render
from spikejax.dynamics.layer import unroll
from spikejax.runs import record

EXPERIMENTS = discover()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_states_its_claim(name):
    experiment = EXPERIMENTS[name]
    text = sys.modules[experiment.run.__module__].__doc__
    for part in (f"Command: python -m experiments run {name}", "Expected:", "Time:"):
        assert part in text
    assert experiment.claim and experiment.time


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_runs_quickly(name, tmp_path):
    experiment = EXPERIMENTS[name]
    result = experiment.run(tmp_path, True, None)
    record.write(tmp_path / "record.json", result)
    assert result["experiment"] == name and result["complete"] is True and result["metrics"]
    assert experiment.figure is None or (tmp_path / experiment.figure).is_file()


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_kept_record_belongs_to_an_experiment(path):
    result = record.read(path)
    assert result["experiment"] == path.stem and path.stem in EXPERIMENTS
    assert result["provenance"]["versions"]["jax"] and result["provenance"]["commit"]


def test_what_is_claimed_was_measured():
    digits = record.read(RESULTS / "digits.json")["metrics"]
    assert digits["tc_lif"]["test_accuracy"] >= 0.95 > digits["lif"]["test_accuracy"]
    chunking = record.read(RESULTS / "chunking.json")["metrics"]
    others = [chunking["K1"], chunking["K784"]]
    assert 6 * chunking["K28"]["temp_mb"] <= min(values["temp_mb"] for values in others)
    assert chunking["K28"]["seconds"] <= 1.2 * min(values["seconds"] for values in others)


def test_what_the_benchmark_shows():
    """The expectations that hold; the page lists those that do not."""
    bench = record.read(RESULTS / "bench.json")["metrics"]
    ours, spyx = bench["smnist/spikejax"], bench["smnist/spyx"]
    assert spyx["seconds"] >= 1.3 * ours["seconds"]
    assert ours["peak_memory_mb"] <= 0.5 * spyx["peak_memory_mb"]
    memory = record.read(RESULTS / "memory_vs_steps.json")["metrics"]
    assert memory["spikejax T=8192"]["temp_mb"] <= 1.5 * memory["spikejax T=1024"]["temp_mb"]
    compiled = record.read(RESULTS / "aot.json")["metrics"]
    rows = {name: row for name, row in compiled.items() if "collectives" in row}
    assert all(row["collectives"] == 0 for name, row in rows.items() if " sweep " in name)
    assert all(row["collectives"] == 1 for name, row in rows.items() if "2x2 step" in name)
    grid = record.read(RESULTS / "beta_grid.json")["metrics"]
    assert grid["best"]["test_accuracy"] >= grid["worst"]["test_accuracy"] + 0.1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_page_shows_the_records(page):
    text = page.read_text(encoding="utf-8")
    assert render(page) == text
    for name in PAGES[page]:
        start = text.index(f"<!-- {name} -->")
        assert text.index(f"<!-- /{name} -->") - start > 100


def test_the_readme_example_runs():
    text = README.read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert all(float(abs(gradient).max()) > 0 for gradient in jax.tree.leaves(names["gradients"]))
    assert names["state"][0].soma.shape == (32, 64)


def test_the_readme_sweep_runs():
    text = README.read_text(encoding="utf-8")
    names = {}
    exec(compile(text.split("```python\n")[2].split("```")[0], "README.md", "exec"), names)
    last = [row["loss"] for row in names["rows"] if row["epoch"] == 10]
    assert len(last) == 6 and all(a > b for a, b in zip(last, last[2:], strict=False))


def test_the_readme_neuron_runs():
    text = README.read_text(encoding="utf-8")
    made, names = {}, {}
    preset, own = (block.split("```")[0] for block in text.split("```python\n")[3:])
    exec(compile(preset, "README.md", "exec"), made)
    assert made["neuron"].reset_timing == "next"
    exec(compile(own, "README.md", "exec"), names)
    adaptive, current = names["Adaptive"](), jax.numpy.full((2,), 1.2)
    _, spikes = unroll(adaptive.step, adaptive.init_state(current), jax.numpy.stack([current] * 6))
    # By hand: 1.2 fires and leaves 0.2; then 1.38 meets 1.5, 2.442 meets 1.45, ...
    assert spikes[:, 0].tolist() == [1, 0, 1, 1, 0, 1]


def test_the_command_lists_and_refuses():
    run = [sys.executable, "-m", "experiments"]
    listed = subprocess.run(
        [*run, "list"], capture_output=True, text=True, check=True, cwd=Path(README).parent
    )
    assert all(name in listed.stdout for name in EXPERIMENTS)
    refused = subprocess.run(
        [*run, "run", "digit"], capture_output=True, text=True, cwd=Path(README).parent
    )
    assert refused.returncode == 1 and "did you mean digits" in refused.stderr


def test_results_are_json_without_nan():
    for path in RESULTS.glob("*.json"):
        json.loads(
            path.read_text(),
            parse_constant=lambda name, path=path: pytest.fail(f"{name} in {path}"),
        )
