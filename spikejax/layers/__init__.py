"""Flax Linen layers that are generic over every neuron."""

from spikejax.layers.convolution import Conv
from spikejax.layers.linear import Linear
from spikejax.layers.spiking import Recurrent, Spiking
from spikejax.layers.state import carried

__all__ = ["Conv", "Linear", "Recurrent", "Spiking", "carried"]
