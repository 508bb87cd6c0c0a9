"""The page on AR-LIF shows what its records say, also those that are not there yet."""

import pytest

from experiments.papers.ar_lif import tables
from experiments.papers.ar_lif.ar_lif_ablation import ROWS
from experiments.papers.ar_lif.stand_ins import NEURONS


def test_the_ablation_stands_beside_the_papers():
    row = {"test_accuracy": 0.9, "test_accuracy_std": 0.01, "mean_rate": 0.2, "energy_uj": 1.5}
    found = {name: {**row, "diverged": int(name == "soft")} for name in ROWS}
    text = tables._table_2({"metrics": {"n_mnist": found, "cifar10_subset": found}})
    assert "| `hard` | 90.0 ± 1.0 % | 0.200 | 1.50 | 73.4 % | 83.8 % |" in text
    assert "| `soft` | 90.0 ± 1.0 % (1 diverged) |" in text
    assert "| `learnable` | 90.0 ± 1.0 % | 0.200 | 1.50 | 77.8 % | 85.7 % |" in text
    assert text.count("| at least 0 | 0 | yes |") == 4 and "ar_lif_ablation.png" in text


def test_rates_are_shown_as_measured_and_as_the_authors_divide_them():
    run = {"steps": 4, "rates": {"one": 0.2}, "authors_rates": {"one": 0.05}, "mean_rate": 0.2}
    sources = ("n_mnist", "cifar10_subset")
    metrics = {f"{s} {n}": {**run, "test_accuracy": 0.5} for s in sources for n in NEURONS}
    text = tables._figure_2({"metrics": metrics})
    assert text.count("| one | 0.200 (0.050) | 0.200 (0.050) | 0.200 (0.050) |") == 2
    assert "| n_mnist, T = 4 | `hard` | `soft` | `ar_lif` |" in text and "| 50.0 % |" in text


def test_what_is_learned_is_in_the_order_of_the_layers():
    layers = {"Spiking_0": {"beta": -0.2, "alpha": 0.8}, "Spiking_1": {"beta": 0.1, "alpha": 0.3}}
    metrics = {f"{source} ar_lif": {"layers": layers} for source in ("n_mnist", "cifar10_subset")}
    text = tables._figure_3({"metrics": metrics})
    assert "| n_mnist | β | -0.20 0.10 |" in text and "| cifar10_subset | α | 0.80 0.30 |" in text
    assert text.count("| yes |") == 4


@pytest.mark.parametrize("name", ["table 1", "table 3", "n-mnist"])
def test_sections_of_what_was_run(name):
    assert "Not measured yet" not in tables.SECTIONS[name]()


def test_a_library_that_failed_says_why():
    labels = {name: {"label": name.upper(), "path": "as it is"} for name in ("ours", "theirs")}
    ran = {"seconds": 0.5, "seconds_median": 0.6, "loss_first": 2.5}
    result = {"config": {"libraries": labels}, "metrics": {"ours": ran, "theirs": {"error": "no"}}}
    text = tables._conv_step(result)
    assert "| OURS | as it is | 500 | 600 | 2.50000 |" in text
    assert "| THEIRS | as it is | no |  |  |" in text
