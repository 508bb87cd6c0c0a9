"""What experiments expect of made-up metrics: as expected, not, not measured, and of trainings that diverged."""

import pytest

from experiments.experiment import Experiment
from experiments.papers.ar_lif import ar_lif_ablation, ar_lif_fig2_rates, ar_lif_fig3_tracking
from experiments.papers.tc_lif import (
    fsd_shd,
    tc_lif_fig2_beta_grid,
    tc_lif_fig3_gradients,
    tc_lif_fig4_curves,
    tc_lif_fig5_landscape,
    tc_lif_table1,
    tc_lif_table7_norms,
)
from experiments.tables import accuracy, rows_of


def holds(experiment: Experiment, metrics, words: str) -> str:
    """What the page says of the expectation that begins with these words."""
    (found,) = (row[-1] for row in rows_of(experiment, metrics) if row[0].startswith(words))
    return found


def rows(accuracies):
    return {name: {"test_accuracy": x} for name, x in accuracies.items()}


@pytest.mark.parametrize(
    "soft, hard, said",
    [(0.6, 0.5, "yes"), (0.5, 0.6, "**no**"), (None, 0.6, "**no**"), (0.5, None, "yes")],
)
def test_the_ablation(soft, hard, said):
    metrics = {name: rows({"soft": soft, "hard": hard, "learnable": 0.1}) for name in ("n_mnist",)}
    metrics["cifar10_subset"] = rows({"soft": 0.5, "hard": 0.5, "learnable": 0.1})
    assert holds(ar_lif_ablation.EXPERIMENT, metrics, "n_mnist: test accuracy of soft") == said


@pytest.mark.parametrize("rate, said", [(0.1, "yes"), (0.3, "**no**")])
def test_the_firing_rates(rate, said):
    runs = {"hard": 0.2, "soft": 0.25, "ar_lif": rate}
    metrics = {
        f"{source} {name}": {"mean_rate": x}
        for source in ("n_mnist", "cifar10_subset")
        for name, x in runs.items()
    }
    assert holds(ar_lif_fig2_rates.EXPERIMENT, metrics, "n_mnist") == said


@pytest.mark.parametrize("beta, said", [(-0.1, "yes"), (0.01, "**no**")])
def test_what_is_learned(beta, said):
    layers = {"Spiking_0": {"beta": 0.0, "alpha": 1.0}, "Spiking_1": {"beta": beta, "alpha": 1.0}}
    metrics = {f"{source} ar_lif": {"layers": layers} for source in ("n_mnist", "cifar10_subset")}
    words = "n_mnist: largest distance of a layer's β"
    assert holds(ar_lif_fig3_tracking.EXPERIMENT, metrics, words) == said


def grid(second, first):
    """Models of the four quadrants; the fourth is halfway."""
    by_signs = {(-1, 1): second, (1, 1): first, (-1, -1): first, (1, -1): (0.3, 0.3)}
    return [
        {"beta1": 0.5 * signs[0], "beta2": 0.5 * signs[1], "test_accuracy": x}
        for signs, values in by_signs.items()
        for x in values
    ]


@pytest.mark.parametrize(
    "second, first, mean, worst",
    [
        ((0.9, 0.8), (0.1, 0.2), "yes", "yes"),
        ((0.9, None), (0.1, 0.2), "yes", "**no**"),
        ((0.2, 0.2), (0.1, None), "**no**", "yes"),
    ],
)
def test_the_quadrants(second, first, mean, worst):
    metrics = {"digits": {"programs": 1, "models": grid(second, first)}}
    experiment = tc_lif_fig2_beta_grid.EXPERIMENT
    assert holds(experiment, metrics, "digits: mean accuracy") == mean
    assert holds(experiment, metrics, "digits: worst") == worst
    assert holds(experiment, metrics, "digits: compiled programs") == "yes"
    assert holds(experiment, metrics, "smnist: worst") == "not run"


@pytest.mark.parametrize("share, said", [(0.7, "yes"), (0.6, "**no**")])
def test_the_gradients(share, said):
    shares = {"lif": 0.5, "alif": 0.65, "tc_lif": share}
    metrics = {
        f"digits {name}": {"trained": {"first_half_first_layers": x}} for name, x in shares.items()
    }
    assert holds(tc_lif_fig3_gradients.EXPERIMENT, metrics, "digits") == said
    assert holds(tc_lif_fig3_gradients.EXPERIMENT, metrics, "psmnist") == "not run"


@pytest.mark.parametrize(
    "own, other, ratio, said",
    [(5, 10, "0.5", "yes"), (10, 5, "2", "**no**"), (0, 5, "inf", "**no**"), (5, 0, "0", "yes")],
)
def test_the_learning_curves(own, other, ratio, said):
    needed = {name: other for name in tc_lif_fig4_curves.COMPARED} | {"tc_lif": own}
    metrics = {
        f"digits {kind} {name}": {"epochs_to_90": x}
        for kind in tc_lif_fig4_curves.NETWORKS
        for name, x in needed.items()
    }
    found = rows_of(tc_lif_fig4_curves.EXPERIMENT, metrics)
    assert {row[2:] for row in found if row[0].startswith("digits")} == {(ratio, said)}
    assert {row[2] for row in found if not row[0].startswith("digits")} == {"not run"}


@pytest.mark.parametrize("own, said", [(0.5, "yes"), (2.0, "**no**")])
def test_the_landscape(own, said):
    metrics = {"digits lif": {"roughness": 1.0}, "digits tc_lif": {"roughness": own}}
    assert holds(tc_lif_fig5_landscape.EXPERIMENT, metrics, "digits") == said
    assert holds(tc_lif_fig5_landscape.EXPERIMENT, metrics, "smnist") == "not run"


@pytest.mark.parametrize(
    "row, said",
    [
        ({}, "not run"),
        ({"test_accuracy": None}, "**no**"),
        ({"test_accuracy": 0.98}, "**no**"),
        ({"test_accuracy": 0.989}, "yes"),
    ],
)
def test_table_1(row, said):
    printed = {"thousands": 63.6, "accuracy": 98.79}
    metrics = {"smnist_tc_lif_rec_40-200-64": {"parameters": 63_640, "printed": printed, **row}}
    experiment = tc_lif_table1.EXPERIMENT
    assert holds(experiment, metrics, "smnist_tc_lif_rec_40-200-64") == said
    assert holds(experiment, metrics, "parameters") == "yes"


def test_table_7():
    row = {"before": [-0.4, 0.4], "norm_before": 1.576, "printed_before": 1.576}
    for found, said in ((0.985, "yes"), (None, "**no**")):
        metrics = {"smnist": [{**row, "test_accuracy": found}]}
        assert holds(tc_lif_table7_norms.EXPERIMENT, metrics, "S-MNIST") == said
    assert holds(tc_lif_table7_norms.EXPERIMENT, {"digits": [row]}, "S-MNIST") == "not run"


@pytest.mark.parametrize(
    "own, other, reached, ahead",
    [(0.9, 0.8, "yes", "yes"), (0.8, 0.9, "**no**", "**no**"), (None, None, "**no**", "yes")],
)
def test_fsd_shd(own, other, reached, ahead):
    accuracies = {f"{name} recurrent": other for name in fsd_shd.NEURONS} | {
        "tc_lif recurrent": own
    }
    metrics = rows(accuracies)
    assert holds(fsd_shd.EXPERIMENT, metrics, "test accuracy of TC-LIF") == reached
    assert holds(fsd_shd.EXPERIMENT, metrics, "TC-LIF minus the best") == ahead


def test_what_diverged_is_said():
    assert accuracy(None, None) == "diverged"
