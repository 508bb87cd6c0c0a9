"""AR-LIF's tables and figures: the digits of Table 3, and what the figures' records hold."""

import pytest

from experiments.papers.ar_lif.ar_lif_table3_energy import EXPERIMENT, ROWS, measured


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
