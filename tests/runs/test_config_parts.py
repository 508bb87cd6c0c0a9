"""The parts of a config: found and filled in wherever they are, and refused where they cannot be."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import pytest

import toy
from spikejax import paths
from spikejax.layers import Spiking
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.neurons.psn import PSN
from spikejax.runs import fit, load
from spikejax.runs.config import complete
from spikejax.runs.programs import group_points


def test_layers_in_a_list_are_filled_in_and_found():
    network = nn.Sequential([nn.Dense(4), Spiking(PSN()), nn.relu, Spiking(LIF()), nn.Dense(3)])
    whole = complete(toy.config(network=network), toy.dataset())
    assert whole.network.layers[1].neuron.steps == toy.T
    other = paths.replace(toy.config(network=network), {"decay": 0.3})
    assert other.network.layers[3].neuron.decay == 0.3


def test_a_network_with_a_list_is_loaded_equal(tmp_path):
    network = nn.Sequential([nn.Dense(4), Spiking(LIF()), nn.relu, nn.Dense(10)])
    fit(toy.config(data="digits", network=network, epochs=1, batch_size=512), tmp_path / "run")
    assert load(tmp_path / "run").network == network


@pytest.mark.parametrize("kind", [np.float32, jnp.float32, jnp.array, float])
def test_points_of_a_sweep_may_be_numbers_of_numpy_and_jax(kind):
    config = toy.config(network=MLP((6,), None, LIF(), gain=kind(1.0)))
    points = [
        {"gain": kind(x), "neuron.decay": kind(x), "learning_rate": kind(x)} for x in (0.5, 1.0)
    ]
    (program,) = group_points(config, points)
    assert program.numbers == [0, 1] and len(program.values[0]) == 3
    assert all(type(x) is float for values in program.values for x in values.values())
