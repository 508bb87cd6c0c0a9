"""`spikejax sweep`: a grid over anything, in one command."""

import json
import os
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

from spikejax.cli.commands import main
from spikejax.runs import record

SMALL = ["--hidden", "8", "--recurrent", "0", "--batch-size", "256"]
FLAGS = ["digits", "--neuron", "tc_lif", *SMALL, "--epochs", "2"]
FLAGS += ["--grid", "beta1=-0.2,-0.6", "--grid", "threshold=0.6,1.0"]


def test_the_command(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["sweep", *FLAGS, "--seeds", "0,1", "--out", str(out)]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "beta1  threshold  test accuracy, mean ± std  seeds  diverged" in said.out
    assert "8 trials, ranked by test accuracy" in said.out
    assert "optimistically biased; --validation 0.1" in said.out
    assert "epoch 2 of 2" in said.err
    result = record.read(out / "record.json")
    assert result["complete"] and len(result["metrics"]["trials"]) == 8
    lines = (out / "trials.csv").read_text().splitlines()
    columns = "trial,program,network.neuron.beta1,network.neuron.threshold,seed,epoch,accuracy,loss"
    assert lines[0].startswith(columns)
    assert len(lines) == 1 + 8 * 2 and lines[-1].startswith("7,0,-0.6,1.0,1,2,")
    for name in ("heat_map.png", "learning_curves.png"):
        assert (out / name).stat().st_size > 5000
    with np.load(out / "groups_0" / "trials_00000.npz") as trained:
        assert trained["params/linear_0/kernel"].shape == (8, 1, 8)
        thresholds = trained["constants/neuron_0/threshold"].tolist()
        assert thresholds == pytest.approx([0.6, 0.6, 1, 1] * 2)
        assert trained["trial"].tolist() == list(range(8))
    assert main([*command, "--resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == result
    assert main(["sweep", *FLAGS, "--out", str(out), "--resume"]) == 1
    assert "was run with different settings" in capsys.readouterr().err
    assert main(["eval", str(out), "--trial", "3"]) == 0
    assert "after 10 steps" in capsys.readouterr().out


def test_neurons_parts_and_sizes_side_by_side(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["sweep", "digits", "--neuron", "lif", "klif", *SMALL, "--epochs", "1"]
    command += ["--zip", "surrogate=atan", "--zip", "batch-size=512"]
    assert main([*command, "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert "neuron" in table and "atan" in table and "512" in table
    rows = record.read(out / "record.json")["history"]
    assert [row["network.neuron"]["type"] for row in rows] == ["neuron lif", "neuron klif"]
    for row in rows:
        assert row["network.neuron.surrogate"]["type"] == "surrogate atan"
        assert row["batch_size"] == 512


def test_points_at_random(tmp_path, capsys):
    command = ["sweep", *FLAGS[:-4], "--grid", "learning-rate=1e-4..1e-2:log", "--random", "3"]
    assert main([*command, "--epochs", "1", "--out", str(tmp_path / "run")]) == 0
    rates = {
        row["optimiser.learning_rate"]
        for row in record.read(tmp_path / "run" / "record.json")["history"]
    }
    assert len(rates) == 3 and all(1e-4 <= rate <= 1e-2 for rate in rates)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], "expected axes with --grid PATH=A,B,... or --zip, each once, found none"),
        (["--grid", "beta1=-0.5", "--zip", "beta1=-0.2"], "found network.neuron.beta1 twice"),
        (["--grid", "learning_rate=1e-3..1e-2"], "is a range, which needs --random N"),
        (["--zip", "beta1=-0.5,-0.2", "--zip", "beta2=0.5"], "zipped axes of one length"),
        (["--grid", "learning_rate=-1"], "Adam.learning_rate must lie in [0, inf], found -1.0"),
        (["--grid", "beta1=-0.5", "--seeds", "x"], "expected seeds like 0..3"),
        (["--grid", "beta1=-0.5", "--group", "0"], "expected --group of at least 1, found 0"),
        (["--grid", "epochs=1.5"], "expected integers for epochs, found 1.5"),
        (["--grid", "beta1=-0.5", "--chunk", "100"], "expected a chunk from 1 to T=64 steps"),
        (["--grid", "beta1=-0.5", "--process", "1"], "expected a coordinator HOST:PORT"),
        (["--zip", "beta1=-0.5", "--random", "2"], "--zip and --random exclude each other"),
    ],
)
def test_flags_that_cannot_be(flags, expected, tmp_path, capsys):
    assert main(["sweep", "digits", *flags, "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err
    assert expected in said and said.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ("beta1=fast", "expected numbers for beta1, found 'fast'"),
        ("surrogate=1,2", "unknown surrogate '1.0'"),
        ("slope=1,2", "unknown setting 'slope'"),
    ],
)
def test_axes_that_are_not_there(axis, expected, tmp_path, capsys):
    assert main(["sweep", "digits", "--grid", axis, "--out", str(tmp_path / "run")]) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_sweep_continues(tmp_path):
    """Killed with -9 in the middle; what was finished is read, the rest trained."""
    flags = [*FLAGS, "--group", "2", "--json"]
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    command = [sys.executable, "-m", "spikejax", "sweep", *flags, "--out", str(cut)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **quiet) as process:
        while not list(cut.glob("groups_0/trials_00000.json")):
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.02)
        process.kill()
    killed = record.read(cut / "record.json")["complete"]
    for out in (cut, whole):
        assert main(["sweep", *flags, "--out", str(out), "--resume"]) == 0
    first, second = (record.read(out / "record.json") for out in (cut, whole))
    assert first["complete"] and first["history"] == second["history"]
    assert killed or len(first["provenance"]["resumed"]) == 1
