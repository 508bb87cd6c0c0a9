"""Neurons without a reset, all steps at once, against the oracles in float64: states, spikes and gradients."""

import pytest

from neuron_traces import trace_and_slopes
from oracle_comparison import differences
from spikejax.dynamics.choice import using
from values_cases import CASES

WITHOUT_RESET = [name for name, case in CASES.items() if case.neuron.is_linear]


def test_every_kind_is_compared():
    models = {CASES[name].model for name in WITHOUT_RESET}
    expected = {"leaky_integrator", "lif", "integrate_and_fire", "cuba_lif", "alpha"}
    assert models == expected | {"resonate_and_fire"}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", WITHOUT_RESET)
def test_all_steps_at_once_equal_the_oracle(name):
    trace_and_slopes.clear_cache()  # what is compiled elsewhere is a scan
    with using("parallel"):
        found = differences(CASES[name])
    trace_and_slopes.clear_cache()
    for what, difference in found.items():
        assert difference <= (0 if what == "spikes" else 1e-12), (what, difference)
