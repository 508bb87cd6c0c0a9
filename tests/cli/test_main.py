"""The commands that say what there is, and how any command ends."""

import json
import os
import subprocess
import sys

import jax
import pytest

from spikejax import __version__
from spikejax.cli.commands import COMMANDS, main
from spikejax.data import SOURCES
from spikejax.neurons import NEURONS, WRAPPERS
from spikejax.recipes import RECIPES


def test_a_layer_is_no_neuron(capsys):
    assert main(["train", "digits", "--neuron", "dh_lif"]) == 2
    assert "found the layer dh_lif; choose a network that has it, --network dh_snn" in (
        capsys.readouterr().err
    )


def test_usage_names_every_command(capsys):
    assert main([]) == main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {name}" in said for name in COMMANDS)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"spikejax {command}" in capsys.readouterr().out


def test_neurons_lists_every_model(capsys):
    assert main(["neurons", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in entries] == list(NEURONS)
    for entry in entries:
        equation = entry["equation"]
        assert "[t]" in equation or "/dt" in equation or "dt)" in equation
        assert entry["reference"] and entry["fields"] and entry["evidence"]
    assert main(["neurons"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name} " in said for name in NEURONS)
    assert main(["neurons", "lif"]) == 0
    assert "H[t] = decay U[t−1] + g I[t]" in capsys.readouterr().out


def test_neurons_lists_the_wrappers_in_a_section_of_their_own(capsys):
    assert main(["neurons"]) == 0
    neurons, _, wrappers = capsys.readouterr().out.partition("\nwrappers, ")
    assert all(f"\n{name} " in wrappers and f"\n{name} " not in neurons for name in WRAPPERS)
    for name, model in WRAPPERS.items():
        assert main(["neurons", name]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{name}, a wrapper") and "Reference: " in said
        assert f"{model.__name__}(neuron=LIF())" in said
    assert main(["neurons", "lif", "refractory", "--json"]) == 0
    _, entry = json.loads(capsys.readouterr().out)
    assert entry["class"] == "Refractory" and entry["fields"]["period"]["default"] == 1
    for flag in ("--markdown", "--plot=portrait.png"):
        assert main(["neurons", "refractory", flag]) == 2
        assert "found the wrapper refractory" in capsys.readouterr().err


def test_what_else_there_is(capsys):
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"]["jax"] == jax.__version__
    assert main(["data", "digits", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["licence"] == "CC BY 4.0" and facts["looked in"][0]["found"] is True
    assert main(["data"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in SOURCES)
    assert main(["recipes"]) == 0
    said = capsys.readouterr().out
    assert all(name in said and recipe.title in said for name, recipe in RECIPES.items())
    assert main(["recipes", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == list(RECIPES)


def test_output_that_nobody_reads_to_the_end():
    command = f"{sys.executable} -m spikejax neurons --json | head -c 10"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stderr == "" and len(done.stdout) == 10


@pytest.mark.slow
def test_a_second_start_compiles_nothing_and_trains_the_same(tmp_path):
    hidden = {name: x for name, x in os.environ.items() if not name.startswith("JAX_")}
    environment = {**hidden, "JAX_PLATFORMS": "cpu", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    flags = [
        "--neuron",
        "lif",
        "--hidden",
        "4",
        "--recurrent",
        "0",
        "--batch-size",
        "512",
        "--epochs",
        "1",
    ]
    command = [sys.executable, "-m", "spikejax", "train", "digits", *flags, "--json", "--out"]
    histories, kept = [], []
    for number in range(2):
        done = subprocess.run(
            [*command, str(tmp_path / str(number))], env=environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        entries = json.loads(done.stdout)["history"]
        costs = ("seconds", "peak_memory_mb")
        histories.append([{k: x for k, x in e.items() if k not in costs} for e in entries])
        folder = tmp_path / "cache" / "spikejax" / "programs"
        kept.append({path: path.stat().st_mtime_ns for path in folder.glob("*/*-cache")})
    assert histories[0] == histories[1] and kept[0] == kept[1]
    names = {path.name.split("-")[0] for path in kept[0]}
    assert {"jit_init", "jit_train_step", "jit_measured"} <= names
