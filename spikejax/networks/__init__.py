"""Networks, one architecture per file: ordinary Flax modules from inputs `[T, B, *F]` to outputs `[T, B, C]`."""

import flax.linen as nn

from spikejax.networks.delayed_mlp import DelayedMLP
from spikejax.networks.dh_snn import DHSNN
from spikejax.networks.lstm import LSTM
from spikejax.networks.ltc_snn import LTCSNN
from spikejax.networks.mlp import MLP
from spikejax.networks.relu_srnn import ReLUSRNN
from spikejax.registry import Registry

NETWORKS = Registry(
    "network",
    __name__,
    lambda value: isinstance(value, type) and issubclass(value, nn.Module),
)

__all__ = ["DHSNN", "DelayedMLP", "LSTM", "LTCSNN", "MLP", "NETWORKS", "ReLUSRNN"]
