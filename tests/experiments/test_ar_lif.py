"""AR-LIF's tables and figures: the digits of Table 3, and what the figures' records hold."""

import json
import math

import numpy as np
import pytest

from experiments.experiment import Request
from experiments.papers.ar_lif import ar_lif_ablation
from experiments.papers.ar_lif.ar_lif_fig2_rates import divided_twice, excess
from experiments.papers.ar_lif.ar_lif_fig3_tracking import Tracker, coefficients, moved
from experiments.papers.ar_lif.ar_lif_table3_energy import EXPERIMENT, ROWS, measured
from experiments.papers.ar_lif.stand_ins import NEURONS, configs
from spikejax import data
from spikejax.runs import record


@pytest.fixture(scope="module")
def table():
    return {name: measured(row) for name, row in ROWS.items()}


# FLOPs and MACs in millions: as the authors count, and by the same rules without their slips.
DIGITS = {
    "CIFAR-10, ResNet-18": (1211.509, 1.769, 1110.85, 1.769),
    "CIFAR-100, ResNet-18": (1211.601, 1.769, 1110.94, 1.769),
    "Tiny-ImageNet, VGG-SNN": (4847.108, 763.085, 4850.22, 764.64),
    "CIFAR10-DVS, VGG-SNN": (2724.213, 428.092, 2723.84, 427.91),
    "DVS Gesture, VGG-11": (4872.138, 1078.114, 4872.138, 1078.114),
}


@pytest.mark.parametrize("name", ROWS)
def test_table_3_to_the_digit(name, table):
    counted, rules = table[name]["counted"], table[name]["rules"]
    flops, macs, true_flops, true_macs = DIGITS[name]
    assert counted["flops"] == pytest.approx(flops, abs=0.0006)
    assert counted["macs"] == pytest.approx(macs, abs=0.0006)
    assert rules["flops"] == pytest.approx(true_flops, abs=0.006)
    assert rules["macs"] == pytest.approx(true_macs, abs=0.006)


def test_what_is_expected_of_table_3_holds(table):
    for expectation in EXPERIMENT.expected:
        assert expectation.holds(table), expectation.words


def test_implied_rates(table):
    rates = [row["rate"] for row in table.values()]
    assert rates == pytest.approx([0.173, 0.175, 0.126, 0.061, 0.0175], abs=0.0005)
    assert {row["rate_source"] for row in table.values()} == {"implied by the printed ACs"}


def test_parameters_with_those_of_the_neurons(table):
    found = [row["parameters"] for row in table.values()]
    without = [11_176_906, 11_223_076, 10_864_584, 9_271_498, 9_501_387]
    assert [a - b for a, b in zip(found, without, strict=True)] == [34, 34, 16, 16, 16]


def test_the_correct_counting_differs_where_it_should(table):
    for name, row in table.items():
        correct, rules = row["correct"], row["rules"]
        assert correct["energy_of_all_steps"] == row["steps"] * correct["energy"]
        if name.endswith("ResNet-18"):  # the read-out of means multiplies
            classes = ROWS[name].classes
            assert correct["macs"] - rules["macs"] == pytest.approx(512 * classes / 1e6)
        else:  # pooling of spikes adds
            assert correct["macs"] < rules["macs"] and correct["acs"] > rules["acs"]


def test_the_authors_divide_by_the_steps_twice():
    assert divided_twice({"one": 0.2, "two": 0.1}, 4) == {"one": 0.05, "two": 0.025}
    rates = {"hard": 0.2, "soft": 0.3, "ar_lif": 0.15}
    metrics = {f"n_mnist {name}": {"mean_rate": rate} for name, rate in rates.items()}
    assert excess(metrics, "n_mnist") == pytest.approx(-0.05)


def learned(a, c):
    """Parameters of 11 layers, of which that of index 10 is sorted before that of index 2 by its name."""
    neurons = {f"Spiking_{i}": {"a": np.float32(a + i), "c": np.float32(c)} for i in range(11)}
    return {"params": {"Conv_0": {"kernel": np.zeros(2)}, **dict(sorted(neurons.items()))}}


def test_what_is_tracked():
    found = coefficients(learned(0.0, 0.9)["params"])
    assert list(found) == [f"Spiking_{i}" for i in range(11)]
    assert found["Spiking_1"]["beta"] == pytest.approx(math.tanh(1.0))
    assert found["Spiking_1"]["alpha"] == pytest.approx(0.9)
    metrics = {"n_mnist ar_lif": {"layers": found}}
    assert moved(metrics, "n_mnist", "alpha") == pytest.approx(0.1)


def test_a_resumed_run_goes_on_tracking(tmp_path):
    path = tmp_path / "run.json"
    for epoch in (1, 2):  # each by a tracker of its own
        Tracker(path)([{"epoch": n} for n in range(1, epoch + 1)], learned(epoch, 1.0 / epoch))
    stored = json.loads(path.read_text())
    found = {epoch: layers["Spiking_0"] for epoch, layers in stored.items()}
    expected = {str(n): {"beta": math.tanh(n), "alpha": 1.0 / n} for n in (1, 2)}
    assert found == {epoch: pytest.approx(values) for epoch, values in expected.items()}


def test_rows_whose_trials_diverged(tmp_path, monkeypatch):
    """The energy is that of the first trial that did not; of a row without one nothing was measured."""
    monkeypatch.setattr(ar_lif_ablation, "microjoules", lambda folder, trial, data: float(trial))
    one = {"diverged": False, "test_accuracy": 0.5, "rate_a": 0.1}
    trials = {
        str(n): one | {"diverged": n in (0, 2, 3)} for n in range(2 * len(ar_lif_ablation.ROWS))
    }
    result = {"config": {"seeds": [0, 1]}, "metrics": {"trials": trials}}
    rows = ar_lif_ablation.table(result, tmp_path, data.load("digits"))
    found = {
        name: (row["test_accuracy"], row["energy_uj"], row["diverged"])
        for name, row in rows.items()
    }
    assert found["hard"] == (0.5, 1.0, 1) and found["soft"] == (None, None, 2)
    assert found["both"] == (0.5, 8.0, 0)
    gains = [one.found({"n_mnist": rows}) for one in ar_lif_ablation.EXPERIMENT.expected[:2]]
    assert gains == [-math.inf, math.inf]
    ar_lif_ablation.draw({"n_mnist": rows}, tmp_path / "a.png")
    begun = record.begin("ar_lif_ablation", {}, {"seed": None, "data": {}})
    record.write(tmp_path / "record.json", {**begun, "metrics": rows, "complete": True})


def test_stand_ins_differ_in_their_neurons_alone(tmp_path):
    found = configs(Request(tmp_path), tuple(NEURONS))
    assert list(found) == [
        f"{source} {name}" for name in NEURONS for source in ("n_mnist", "cifar10_subset")
    ]
    hard, soft = found["n_mnist hard"], found["n_mnist soft"]
    assert (hard.network.neuron.reset, soft.network.neuron.reset) == ("zero", "subtract")
    assert hard.network.clone(neuron=soft.network.neuron) == soft.network
    assert hard.optimiser == soft.optimiser and hard.epochs == soft.epochs
