"""Layers that are models of their own: their steps contain products, so no neuron alone can be one of them."""

import flax.linen as nn

from spikejax.layers.models.dh_lif import DHLIF
from spikejax.layers.models.ltc import LTC
from spikejax.registry import Registry

LAYERS = Registry(
    "layer", __name__, lambda value: isinstance(value, type) and issubclass(value, nn.Module)
)

__all__ = ["DHLIF", "LAYERS", "LTC"]
