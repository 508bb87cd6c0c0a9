"""`spikejax export`: the trained network of a run in a file."""

import numpy as np
import pytest

from spikejax import load, run
from spikejax.cli.commands import main
from spikejax.networks.core.nir import from_nir
from spikejax.networks.core.weights import read_weights

pytest.importorskip("nir")
X = np.random.default_rng(0).normal(0, 2, (20, 3, 1)).astype(np.float32)
FLAGS = ["--hidden", "4", "4", "--epochs", "1", "--batch-size", "512", "--quiet"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Runs of a hard and of a soft reset."""
    out = tmp_path_factory.mktemp("runs")
    for name, more in {"zero": ["--reset", "zero"], "subtract": []}.items():
        assert (
            main(["train", "digits", "--neuron", "lif", "--out", str(out / name), *FLAGS, *more])
            == 0
        )
    return out


def test_a_graph(trained, capsys):
    assert main(["export", str(trained / "zero"), "--dt", "1e-3"]) == 0
    path = capsys.readouterr().out.strip()
    assert path == str(trained / "zero" / "network.nir")
    found = load(trained / "zero")
    network, variables = from_nir(path)
    expected, _ = run(found.network, found.variables, X)
    np.testing.assert_array_equal(run(network, variables, X)[0], expected)


def test_a_reset_by_subtraction_is_refused_unless_asked_for(trained, tmp_path, capsys):
    run_folder = str(trained / "subtract")
    assert main(["export", run_folder]) == 1
    said = capsys.readouterr().err
    assert "NIR cannot say reset='subtract'" in said and "(--beyond-nir metadata)" in said
    out = tmp_path / "mine.nir"
    assert main(["export", run_folder, "--beyond-nir", "metadata", "--out", str(out)]) == 0
    found = load(trained / "subtract")
    expected, _ = run(found.network, found.variables, X)
    np.testing.assert_array_equal(run(*from_nir(out), X)[0], expected)


@pytest.mark.parametrize("to", ["npz", "safetensors"])
def test_weights(trained, to, capsys):
    assert main(["export", str(trained / "zero"), "--to", to]) == 0
    read = read_weights(capsys.readouterr().out.strip())
    found = load(trained / "zero")
    expected, _ = run(found.network, found.variables, X)
    np.testing.assert_array_equal(run(found.network, read, X)[0], expected)
    assert main(["export", str(trained / "zero"), "--to", to, "--out", "weights.txt"]) == 2
    assert f"ends in .{to}" in capsys.readouterr().err


def test_weights_as_integers(trained, tmp_path, capsys):
    out, run_folder = tmp_path / "small.npz", str(trained / "zero")
    assert main(["export", run_folder, "--to", "npz", "--weights", "int8", "--out", str(out)]) == 0
    layer = read_weights(out)["params"]["linear_1"]
    assert layer["kernel"].dtype == "int8"
    full = load(run_folder).variables["params"]["linear_1"]["kernel"]
    error = np.abs(layer["kernel"] * layer["kernel_scale"] - full)
    assert error.max() <= 0.51 * np.asarray(layer["kernel_scale"]).max()
    assert main(["export", run_folder, "--weights", "int8"]) == 2
    assert "expected --to safetensors or --to npz" in capsys.readouterr().err
