"""Flax Linen networks: pure functions (variables, x[K, B, F], state) -> (outputs[K, B, C], state)."""

from spikejax.networks.lstm import LSTM
from spikejax.networks.mlp import MLP
from spikejax.networks.relu_srnn import ReLUSRNN

__all__ = ["LSTM", "MLP", "ReLUSRNN"]
