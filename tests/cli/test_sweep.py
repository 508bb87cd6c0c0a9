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
from spikejax.cli.sweep import SweepFlags, swept
from spikejax.cli.train import TrainFlags, parse_configs
from spikejax.inputs import Crop, Flip
from spikejax.networks import LSTM
from spikejax.neurons import NEURONS
from spikejax.recipes import RECIPES, recipe_for
from spikejax.runs import record
from spikejax.surrogate import ATan, Triangle
from spikejax.training import Cosine, Milestones
from spikejax.training.optimisers import AdamW

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
        assert row["config.batch_size"] == 512


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
        (["--grid", "hidden=1.5"], "expected integers for hidden, found 1.5"),
        (["--grid", "schedule=milestones"], "Milestones has no default for epochs; give --optimis"),
        (["--network", "lstm", "--grid", "network=mlp"], "MLP has no default for hidden, neuron"),
        (["--grid", "neuron=refractory"], "found the wrapper refractory; compose it in Python"),
        (["--neuron", "lif", "klif", "--grid", "neuron=lif"], "after --neuron or on an axis"),
        (["--learn", "c1", "--grid", "learn=c2"], "expected what is learned after --learn or on"),
        (
            ["--grid", "network=lstm,mlp", "--grid", "hidden=8"],
            "expected network.hidden at every point, found none in LSTM",
        ),
    ],
)
def test_flags_that_cannot_be(flags, expected, tmp_path, capsys):
    # The chunk is compared with the data, after the arguments were read.
    code = 1 if "--chunk" in flags else 2
    assert main(["sweep", "digits", *flags, "--out", str(tmp_path / "run")]) == code
    said = capsys.readouterr().err
    assert expected in said and said.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ("beta1=fast", "expected numbers for beta1, found 'fast'"),
        ("hidden=wide", "expected integers for hidden, found 'wide'"),
        ("surrogate=1,2", "unknown surrogate '1.0'"),
        ("slope=1,2", "unknown setting 'slope'"),
    ],
)
def test_axes_that_are_not_there(axis, expected, tmp_path, capsys):
    assert main(["sweep", "digits", "--grid", axis, "--out", str(tmp_path / "run")]) == 2
    assert expected in capsys.readouterr().err


def points_of(text):
    """The base config, and the points of a sweep as they are trained."""
    arguments = text.split()
    _, configs, flags = parse_configs(arguments, "sweep", SweepFlags)
    return swept(configs, flags, recipe_for(arguments[0]))


def values(text):
    """What a sweep over one axis sets."""
    return [value for point in points_of(text)[1] for value in point.values()]


def test_a_neuron_on_an_axis_is_the_neuron_of_a_flag():
    _, flagged, _ = parse_configs("psmnist --neuron tc_lif lif".split(), "train", TrainFlags)
    wanted = [config.network.neuron for config in flagged.values()]
    assert values("psmnist --grid neuron=tc_lif,lif") == wanted
    assert values("psmnist --neuron lif --grid neuron=tc_lif,lif") == wanted
    first, _ = values("psmnist --gamma 0.75 --grid neuron=tc_lif,lif")
    assert first.gamma == 0.75


def test_parts_on_an_axis_keep_what_is_there():
    adam, adamw = values("digits --grid optimiser=adam,adamw")
    assert adam == RECIPES["digits"].config.optimiser and adamw == AdamW()
    lstm, mlp = values("digits --grid network=lstm,mlp")
    assert lstm == LSTM() and mlp == RECIPES["digits"].config.network
    text = "digits --schedule milestones --schedule.epochs 3 --grid schedule=milestones,cosine"
    assert values(text) == [Milestones(epochs=(3,)), Cosine()]
    _, points = points_of("digits --neuron lif klif --grid surrogate=triangle,atan")
    kept = [point["network.neuron.surrogate"] for point in points]
    assert kept == [Triangle(), ATan(), Triangle(), NEURONS["klif"]().surrogate]


@pytest.mark.parametrize(
    ("axis", "wanted"),
    [
        ("hidden=64,64+128", [(64,), (64, 128)]),
        ("recurrent=(),0+1", [(), (0, 1)]),
        ("learn=c1,c1+c2,(),None", [("c1",), ("c1", "c2"), (), None]),
        ("augment=flip,flip+crop,()", [(Flip(),), (Flip(), Crop()), ()]),
        ("chunk=8,auto,None", [8, "auto", None]),
        ("truncate=true,false", [True, False]),
        ("order=paper,code", ["paper", "code"]),
        ("average=0.9,None", [0.9, None]),
        ("validation=0,0.5", [0.0, 0.5]),
    ],
)
def test_values_on_an_axis_are_those_of_a_flag(axis, wanted):
    found = values(f"digits --grid {axis}")
    assert found == wanted and list(map(type, found)) == list(map(type, wanted))


def test_what_is_learned_by_neuron():
    for axes in ("--neuron lif tc_lif", "--grid neuron=lif,tc_lif"):
        text = f"digits {axes} --learn decay c1 --grid gain=0.5"
        learned = [point["network.learn"] for point in points_of(text)[1]]
        assert learned == [("decay",), ("c1",)]
    config, points = points_of("digits --neuron lif tc_lif --learn threshold --grid gain=0.5")
    assert config.network.learn == ("threshold",) and "network.learn" not in points[0]


@pytest.mark.slow
def test_layers_and_learned_parameters_side_by_side(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["sweep", "digits", "--neuron", "lif", "tc_lif", "--learn", "decay", "c1"]
    command += ["--recurrent", "--batch-size", "512", "--epochs", "1", "--grid", "hidden=4,4+5"]
    assert main([*command, "--out", str(out)]) == 0
    assert "(4, 5)" in capsys.readouterr().out
    rows = record.read(out / "record.json")["history"]
    assert [row["network.hidden"] for row in rows] == [[4], [4, 5]] * 2
    assert [row["network.learn"] for row in rows] == [["decay"]] * 2 + [["c1"]] * 2


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
