"""Spiking neural networks in JAX: neurons are pure functions, time is `lax.scan`, layers are Flax Linen.

    neuron    a frozen dataclass: step(state, current) -> (state, spikes)
    unroll    runs a step over time
    Spiking   runs a neuron over time as a Flax layer; Recurrent feeds its spikes back
    run       runs a network over time, in chunks

Training is in `spikejax.train`, data sets in `spikejax.data`, the models in `spikejax.neurons`.
"""

from spikejax.dynamics.layer import feedback, unroll
from spikejax.dynamics.network import run
from spikejax.layers import Linear, Recurrent, Spiking
from spikejax.networks import MLP
from spikejax.neurons import NEURONS
from spikejax.neurons.core.contract import neuron, option, param, surrogate_field
from spikejax.surrogate import SURROGATES, spike

__all__ = [
    "MLP",
    "NEURONS",
    "SURROGATES",
    "Linear",
    "Recurrent",
    "Spiking",
    "feedback",
    "neuron",
    "option",
    "param",
    "run",
    "spike",
    "surrogate_field",
    "unroll",
]
