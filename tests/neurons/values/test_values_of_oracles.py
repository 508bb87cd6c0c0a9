"""The neurons against the oracles in float64: states, spikes and surrogate gradients."""

import pytest

from oracle_comparison import differences
from spikejax.neurons import NEURONS
from spikejax.surrogate import ATan
from values_cases import CASES

pytestmark = pytest.mark.usefixtures("float64")


def test_every_model_has_an_oracle():
    assert {case.model for case in CASES.values()} == set(NEURONS)


def check(case, surrogate=None):
    for name, difference in differences(case, surrogate).items():
        limit = 0 if name == "spikes" else 1e-8 if name.startswith("gradient") else 1e-10
        assert difference <= limit, (name, difference)


@pytest.mark.parametrize("name", CASES)
def test_neuron_equals_its_oracle(name):
    """States, spikes and surrogate gradients, by the currents and by every parameter."""
    check(CASES[name])


# The surrogate is the same line for all options of a model: one case per model does.
ANOTHER = {case.model: name for name, case in CASES.items() if hasattr(case.neuron, "surrogate")}


@pytest.mark.parametrize("name", list(ANOTHER.values()))
def test_neuron_equals_its_oracle_with_another_surrogate(name):
    width = getattr(CASES[name].neuron.surrogate, "width", 1.0)
    check(CASES[name], ATan(slope=1.5 / width))
