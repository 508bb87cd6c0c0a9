"""Flax Linen layers: those that are generic over every neuron, and those that are models of their own."""

from spikejax.layers.convolution import Conv
from spikejax.layers.currents import current_gradients
from spikejax.layers.delayed_recurrent import DelayedRecurrent
from spikejax.layers.delays import AxonalDelay, DelayedLinear, with_whole_delays
from spikejax.layers.dropout import Dropout
from spikejax.layers.linear import Linear
from spikejax.layers.models import DHLIF, LAYERS, LTC
from spikejax.layers.normalisation import (
    BNTT,
    NORMS,
    TAB,
    TDBN,
    TEBN,
    BatchNorm,
    Norm,
    layer_of,
)
from spikejax.layers.spiking import Recurrent, Spiking
from spikejax.layers.state import carried

__all__ = [
    "AxonalDelay",
    "BNTT",
    "BatchNorm",
    "Conv",
    "DHLIF",
    "DelayedLinear",
    "DelayedRecurrent",
    "Dropout",
    "LAYERS",
    "LTC",
    "Linear",
    "NORMS",
    "Norm",
    "Recurrent",
    "Spiking",
    "TAB",
    "TDBN",
    "TEBN",
    "carried",
    "current_gradients",
    "layer_of",
    "with_whole_delays",
]
