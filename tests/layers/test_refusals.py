"""What layers refuse, and in which words."""

import re

import numpy as np
import pytest

from cases import (
    BATCH,
    FEATURES,
    KEY,
    every_layer,
    make_currents,
)
from spikejax.fields import param
from spikejax.layers import DHLIF, DelayedRecurrent, Recurrent, Spiking
from spikejax.neurons import NEURONS
from spikejax.neurons.core.contract import neuron
from spikejax.neurons.core.parameters import named_parameters
from spikejax.neurons.lif import LIF, LIFState


@every_layer
@pytest.mark.parametrize(
    "currents, message",
    [
        (np.ones((64, 784), np.float32), r"found shape \(64, 784\).*x\[:, None\].*Repeat"),
        (np.ones((5, 2, 4), np.int32), r"floating-point currents, found int32; cast"),
        (np.ones((5, 2, 4), bool), r"floating-point currents, found bool"),
    ],
)
def test_unfit_currents(layer, currents, message):
    with pytest.raises(ValueError, match=message):
        layer(LIF()).init(KEY, currents)


@every_layer
def test_a_layer_is_no_neuron(layer):
    with pytest.raises(
        ValueError, match=f"the Flax module DHLIF; .* the place of {layer.__name__}"
    ):
        layer(DHLIF(4)).init(KEY, make_currents())


@every_layer
def test_unknown_name_to_learn(layer):
    message = r"LIF has no parameter 'beta' to learn; expected one of \['decay', 'surrogate_width', 'threshold'\]"
    with pytest.raises(ValueError, match=message):
        layer(LIF(), learn=("beta",)).init(KEY, make_currents())


@every_layer
@pytest.mark.parametrize("names", ["decay", None, (1,)])
@pytest.mark.parametrize("field", ["learn", "record"])
def test_names_that_are_no_tuple(field, names, layer):
    if field == "learn" and names is None:
        return
    hint = rf"; give {field}=\('decay',\)" if names == "decay" else ""
    found = rf"expected {field} as a tuple of names, found {re.escape(repr(names))}{hint}"
    with pytest.raises(ValueError, match=found):
        layer(LIF(), **{field: names}).init(KEY, make_currents())


@every_layer
@pytest.mark.parametrize("learn", [(), ("decay",)])
@pytest.mark.parametrize("more", [(FEATURES + 1,), (BATCH, FEATURES), (1, FEATURES)])
def test_a_parameter_that_is_not_one_per_neuron(more, learn, layer):
    """One per sample would tie the layer to a batch size."""
    found = (
        rf"decay of LIF as .* \[\*F\] = \[{FEATURES}\].*found shape {re.escape(str(list(more)))}"
    )
    for decay in (np.full(more, 0.5), lambda key, shape, dtype: np.full(more, 0.5, dtype)):
        with pytest.raises(ValueError, match=found):
            layer(LIF(decay=decay), learn=learn).init(KEY, make_currents())
    for shape in ((), (1,), (FEATURES,)):
        layer(LIF(decay=np.full(shape, 0.5)), learn=learn).init(KEY, make_currents())


@pytest.mark.parametrize("name", ["psn", "masked_psn"])
def test_a_neuron_of_whole_sequences_is_not_fed_back(name):
    for layer in (Recurrent(NEURONS[name]()), DelayedRecurrent(NEURONS[name](), 3)):
        with pytest.raises(ValueError, match="whole sequence at once.*recurrent=\\(\\)"):
            layer.init(KEY, make_currents())


def test_no_number_is_called_like_a_synapse():
    """A recurrent layer has a kernel, a bias and maybe delays beside the parameters of its neuron."""
    for model in NEURONS.values():
        assert not {"kernel", "bias", "delay", "delay_width"} & set(named_parameters(model()))


def test_an_option_cannot_be_learned():
    with pytest.raises(ValueError, match="no parameter 'reset' to learn"):
        Spiking(LIF(), learn=("reset",)).init(KEY, make_currents())


# --- What is given in place of a neuron, and neurons that misbehave --------------------------------


@every_layer
@pytest.mark.parametrize(
    "given, message",
    [
        ("lif", r"neuron must be a neuron, found 'lif'; give neurons.make\('lif'\)"),
        (LIF, r"give an instance, LIF\(\)"),
        (0.9, "must be a neuron, found 0.9; decorate its class with @neuron"),
    ],
)
def test_what_is_no_neuron(given, message, layer):
    with pytest.raises(ValueError, match=message):
        layer(given).init(KEY, make_currents())


@neuron(LIFState)
class Boolean:
    """A neuron that emits booleans."""

    level: float = param(default=0.5, doc="threshold")

    def step(self, state, current):
        membrane = state.membrane + current
        return LIFState(membrane), membrane > self.level


@neuron(LIFState)
class Shrunk:
    """A neuron that loses the batch axis."""

    level: float = param(default=0.5, doc="threshold")

    def step(self, state, current):
        membrane = state.membrane + current
        return LIFState(membrane), (membrane > self.level).astype(current.dtype).sum(0)


@pytest.mark.parametrize("model, found", [(Boolean, "bool"), (Shrunk, r"float32\[4\]")])
def test_an_output_that_is_not_like_the_currents(model, found):
    with pytest.raises(ValueError, match=rf"to emit spikes like its currents.*found {found}"):
        Spiking(model()).init(KEY, make_currents())
