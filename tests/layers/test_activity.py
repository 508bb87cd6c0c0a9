"""What layers store of a run: spikes, variables of the state."""

import numpy as np
import pytest

from cases import (
    KEY,
    STEPS,
    compiled,
    every_layer,
    make_currents,
    make_variables,
)
from spikejax.layers import Recurrent, Spiking
from spikejax.neurons import NEURONS
from spikejax.neurons.lif import LIF
from spikejax.neurons.wrappers import Refractory


@every_layer
def test_activity_is_sown_when_asked_for(layer):
    currents = make_currents()
    module = layer(LIF())
    variables = make_variables(module, currents)
    spikes, found = module.apply(variables, currents, mutable=["activity"])
    assert spikes.any()
    np.testing.assert_array_equal(found["activity"]["spikes"], spikes)
    assert set(found["activity"]) == {"spikes"}


@every_layer
def test_variables_of_the_state_are_recorded(layer):
    """Step by step what a run records is the state after each step; elsewhere nothing of it is stored."""
    currents = make_currents()
    module = layer(NEURONS["two_compartment"](), record=("soma", "dendrite"))
    variables = make_variables(module, currents)
    spikes, found = module.apply(variables, currents, mutable=["activity", "state"])
    activity, state, rows = found["activity"], None, []
    assert set(activity) == {"spikes", "soma", "dendrite"}
    apply = compiled(layer(NEURONS["two_compartment"]()))
    for t in range(STEPS):
        _, state = apply(variables, currents[t : t + 1], state)
        rows.append(state.neuron if layer is Recurrent else state)
    for name in ("soma", "dendrite"):
        expected = np.stack([getattr(row, name) for row in rows])
        np.testing.assert_allclose(activity[name], expected, rtol=1e-5, atol=1e-6)
    silent = module.apply(variables, currents)
    np.testing.assert_array_equal(silent, spikes)


def test_a_variable_of_the_neuron_inside_a_wrapper_is_recorded():
    wrapped = Refractory(neuron=LIF())
    module, currents = Spiking(wrapped, record=("membrane", "remaining")), make_currents()
    variables = module.init(KEY, currents)
    _, found = module.apply(variables, currents, mutable=["activity"])
    assert found["activity"]["membrane"].shape == currents.shape
    assert set(np.unique(found["activity"]["remaining"])) == {0.0, 1.0}


@every_layer
def test_an_unknown_variable_to_record(layer):
    with pytest.raises(ValueError, match="no variable 'membrain' to record; expected .*membrane"):
        layer(LIF(), record=("membrain",)).init(KEY, make_currents())
    with pytest.raises(ValueError, match="no state to record"):
        Spiking(NEURONS["psn"](steps=STEPS), record=("membrane",)).init(KEY, make_currents())
