"""AR-LIF's networks at full size: the cells of Table 1, the study for a GPU, and what is compiled."""

import json

import jax
import pytest

from experiments.compiled import ar_lif_compiled
from experiments.compiled.program_text import kernels_of_layers
from experiments.experiment import Request
from experiments.papers.ar_lif import ar_lif_ablation, table1
from experiments.papers.ar_lif.ar_lif_table1 import (
    EXPERIMENT,
    NEURONS,
    PAPER,
    cell_of,
    config_of,
    missing,
    neuron_of,
    parameters,
    trained,
)
from experiments.papers.ar_lif.noise import FORMS, noise
from spikejax import paths
from spikejax.data import SOURCES


def test_every_cell_has_a_neuron():
    dvs = {name: neuron_of("ar_lif_cifar10_dvs", name) for name in NEURONS}
    assert not dvs["ar_lif"].carry and dvs["ar_lif"].strict
    for name, reset in (("hard", "zero"), ("soft", "subtract")):
        assert (dvs[name].decay, dvs[name].reset) == (0.2, reset)
        assert dvs[name].surrogate == dvs["ar_lif"].surrogate and dvs[name].strict
    assert set(PAPER) == set(FORMS)
    assert all(set(row) <= set(NEURONS) for row in PAPER.values())
    (ramp,) = config_of("ar_lif_cifar10", "masked_psn").scheduled
    assert (ramp.start, ramp.end, ramp.epochs) == (0.0, 1.0, 50)


def test_neurons_add_their_own_parameters():
    """To a VGG-SNN of 8 layers: two each of AR-LIF, none of LIF, and those of T = 4 steps of a PSN."""
    found = {name: parameters("ar_lif_cifar10_dvs", name) for name in ("ar_lif", "soft", "psn")}
    assert found == {"soft": 9_271_498, "ar_lif": 9_271_514, "psn": 9_271_498 + 8 * (16 + 4)}


def test_data_that_are_not_there_or_not_all_there(tmp_path, monkeypatch):
    assert missing("ar_lif_cifar10", str(tmp_path)) == "its data were not found"
    part = noise("ar_lif_cifar10", 2)
    monkeypatch.setattr(SOURCES["cifar10"], "load", lambda self, data_dir: part)
    assert missing("ar_lif_cifar10", str(tmp_path)) == "4 of its 60,000 samples were found"


@pytest.mark.slow
def test_a_cell_is_trained_as_far_as_the_time_goes(tmp_path):
    small = {"network.width": 1, "epochs": 2, "batch_size": 2}
    data = noise("ar_lif_cifar10_dvs", 4)
    config = paths.replace(config_of("ar_lif_cifar10_dvs", "soft"), {"data": data, **small})
    without_time = Request(tmp_path, seconds=0.0)
    none = {"state": "not run: no time", "cut": True}
    assert trained(without_time, "a cell", config) == none
    whole = trained(Request(tmp_path), "a cell", config)
    assert (whole["state"], whole["cut"], whole["epochs"]) == ("trained", False, 2)
    assert whole["best_test_accuracy"] >= whole["test_accuracy"]
    assert trained(without_time, "a cell", config) == whole


def test_the_table_says_what_was_not_run():
    row = {
        "parameters": 11_200_000,
        "epochs_wanted": 400,
        "state": "not run: its data were not found",
    }
    metrics = {
        cell_of(recipe, name): {
            **row,
            "paper": [one._asdict() for one in PAPER[recipe].get(name, ())],
        }
        for recipe in FORMS
        for name in NEURONS
    }
    text = table1.cells({"metrics": json.loads(json.dumps(metrics))})
    assert text.count("not run: its data were not found") == len(FORMS) * len(NEURONS)
    assert "ResNet-18, T = 4: 96.1 %, T = 6: 96.3 %, T = 8: 96.7 %" in text
    metrics[cell_of("ar_lif_cifar10", "ar_lif")] |= {
        "state": "trained",
        "best_test_accuracy": 0.955,
    }
    found = [expectation.found(metrics) for expectation in EXPERIMENT.expected]
    assert found[1] == pytest.approx(0.6) and all(x != x for x in found[2:])


def test_resnet_18_is_for_accelerators(tmp_path, monkeypatch):
    request = Request(tmp_path, seconds=900.0)
    assert list(ar_lif_ablation.studies(request)) == ["n_mnist", "cifar10_subset"]
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    first, *others = ar_lif_ablation.studies(request).items()
    name, (config, seeds) = first
    assert name == "resnet_18" and seeds == (0,) and len(others) == 2
    assert (config.epochs, config.network.dtype, config.network.width) == (4, "bfloat16", 64)
    assert ar_lif_ablation.resnet_18(None).epochs == ar_lif_ablation.resnet_18(1e5).epochs == 30
    assert ar_lif_ablation.resnet_18(1.0).epochs == 1


def test_kernels_of_layers_of_a_convolutional_network():
    text = """
ENTRY %main () -> f32[] {
  %a = f32[] fusion(), calls=%fused, metadata={op_name="jit(f)/jvp(VGGSNN)/Spiking_3/add"}
}
"""
    assert kernels_of_layers(text) == {"Spiking_3 forward": 1}


def test_two_steps_on_a_cpu():
    found = ar_lif_compiled.on_cpu("ar_lif_cifar10_dvs", quick=True)
    assert found["batch"] == 2 and len(found["losses"]) == 2


def test_fused_kernels_are_counted_per_pass():
    """Of a recomputed program there are three passes."""
    row = {"fits": True, "spiking_layers": 17}
    stored, recomputed = ({**row, "recompute": again} for again in (False, True))
    rows = {"a": {**stored, "fused_kernels": 34}, "b": {**recomputed, "fused_kernels": 51}}
    assert ar_lif_compiled.furthest_from_one(rows) == 1
    rows["c"] = {**stored, "fused_kernels": 17}
    assert ar_lif_compiled.furthest_from_one(rows) == 0.5
