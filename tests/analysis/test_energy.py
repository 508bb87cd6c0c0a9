"""Energy from operations: the rules of counting, and the energies that TC-LIF's authors print."""

import jax
import jax.numpy as jnp
import pytest

import spikejax
from spikejax import MLP
from spikejax.analysis import (
    Count,
    Operation,
    Technology,
    correct,
    energy_of,
    neuron_updates,
    operations_of,
)
from spikejax.networks.lstm import LSTM
from spikejax.neurons.tc_lif import TCLIF

HIDDEN, RECURRENT = (64, 256, 256), (0, 1)
LIF_RATES, TC_LIF_RATES = (0.219, 0.145, 0.004), (0.294, 0.146, 0.030)


def traced(network, features):
    x = jax.ShapeDtypeStruct((3, 1, features), jnp.float32)
    variables = jax.eval_shape(network.init, jax.random.key(0), x)
    return operations_of(lambda v, x: spikejax.run(network, v, x)[0], variables, x)


def nanojoules(rates, *, multiplications, pixel, readout):
    """TC-LIF's Table 2 for spiking neurons: one time step, the pixel being a spike of the rate `pixel`."""
    inputs = [pixel, rates[0], rates[0], rates[1], rates[1], rates[2]]
    found = traced(MLP(HIDDEN, 10, TCLIF(), recurrent=RECURRENT), 1)
    layers = [op._replace(spikes=True, rate=rate) for op, rate in zip(found, inputs, strict=True)]
    of_neurons = {
        f"updates_{i}": neuron_updates(n, rate, macs=multiplications, acs=multiplications)
        for i, (n, rate) in enumerate(zip(HIDDEN, rates, strict=True))
    }
    return energy_of(layers if readout else layers[:-1], updates=of_neurons).picojoules() / 1000


def test_table_2_of_tc_lif():
    lif = {"rates": LIF_RATES, "multiplications": 1}
    assert nanojoules(**lif, pixel=0, readout=False) == pytest.approx(23.84, abs=0.005)
    assert nanojoules(**lif, pixel=1, readout=False) == pytest.approx(23.90, abs=0.005)
    tc_lif = {"rates": TC_LIF_RATES, "multiplications": 2}
    assert nanojoules(**tc_lif, pixel=0, readout=False) == pytest.approx(28.06, abs=0.005)
    assert nanojoules(**tc_lif, pixel=1, readout=False) == pytest.approx(28.11, abs=0.005)
    assert nanojoules(**tc_lif, pixel=1, readout=True) == pytest.approx(28.18, abs=0.005)


def test_table_2_of_tc_lif_for_an_lstm():
    layers = {}
    for i, (m, n) in enumerate(zip((1, 64, 256), HIDDEN, strict=True)):
        fed_back, given, _ = traced(LSTM(units=n, classes=1), m)
        assert (fed_back.macs, given.macs) == (4 * n * n, 4 * m * n)
        counted = (given, fed_back) if i in RECURRENT else (given,)
        for op in counted:
            layers[f"{i} {op.layer}"] = correct(op)
        layers[f"{i} gates"] = Count(macs=17 * n)
    found = energy_of([], updates=layers)
    assert found.total.macs == 616_256
    assert found.picojoules() / 1000 == pytest.approx(2834.78, abs=0.005)


def test_one_time_step_with_the_pixel_as_what_it_is():
    """The pixel is no spike: counted correctly its 64 products are multiplications."""
    found = traced(MLP(HIDDEN, 10, TCLIF(), recurrent=RECURRENT), 1)
    layers = [op._replace(rate=0.1) for op in found]
    total = energy_of(layers).total
    assert total.macs == 64
    assert total.acs == pytest.approx(0.1 * (64**2 + 64 * 256 + 256**2 + 256**2 + 2560))
    assert total.flops == 2 * (64 + 64**2 + 64 * 256 + 256**2 + 256**2 + 2560)


def test_updates_have_the_flops_of_layers():
    """Two per multiply-accumulate, those that spikes save included, whatever the rate; so both can be added."""
    layer = Operation("linear", "product", 100.0, 10.0, True)
    for rate in (0.0, 0.5, 1.0):
        dense = correct(layer._replace(rate=rate))
        own = neuron_updates(
            50, rate, macs=0, acs=2
        )  # as many additions per spike as the layer has
        assert own == dense == Count(200, 0, 100 * rate)
        total = energy_of([layer._replace(rate=rate)], updates={"own": own}).total
        assert total == Count(400, 0, 200 * rate)
    assert neuron_updates(256, 0.5, macs=2, acs=2) == Count(2 * 256 * 4, 512, 256)


def test_pooling_adds():
    pool = Operation("pool", "pooling", 0.0, 64.0, True, (2, 2), rate=0.25)
    assert correct(pool) == Count(64, 0, 16)
    assert correct(pool._replace(spikes=False)) == Count(64, 0, 64)


def test_energy_by_layer_and_steps():
    layers = [
        Operation("a", "product", 10.0, 5.0, False),
        Operation("b", "product", 100.0, 5.0, True, rate=0.5),
    ]
    found = energy_of(layers, technology=Technology(mac=2.0, ac=0.1))
    assert found.by_layer() == {"a": 20.0, "b": 5.0}
    assert found.picojoules(4) == 4 * found.picojoules() == 100.0


def test_refusals():
    spikes = Operation("hidden", "product", 10.0, 5.0, True)
    with pytest.raises(ValueError, match="expected the rate of the input of hidden, found none"):
        energy_of([spikes])
    known = spikes._replace(rate=0.1)
    with pytest.raises(ValueError, match="expected operations and updates of different names"):
        energy_of([known, known])
    with pytest.raises(ValueError, match="expected operations and updates of different names"):
        energy_of([known], updates={"hidden": Count()})
    with pytest.raises(ValueError, match="different names, found"):
        energy_of([])
