"""The parts of a config: found and filled in wherever they are, and refused where they cannot be."""

import flax.linen as nn

import toy
from spikejax import paths
from spikejax.layers import Spiking
from spikejax.neurons.lif import LIF
from spikejax.neurons.psn import PSN
from spikejax.runs import fit, load
from spikejax.runs.config import complete


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
