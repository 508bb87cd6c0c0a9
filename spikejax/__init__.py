"""Spiking neural networks in JAX: neurons are pure functions, time is `lax.scan`, layers are Flax Linen.

    neuron    a frozen dataclass: step(state, current) -> (state, spikes)
    unroll    runs a step over time
    Spiking   runs a neuron over time as a Flax layer; Recurrent feeds its spikes back
    run       runs a Flax network over time, in chunks
    Config    what is trained and how: data, network, loss, optimiser
    fit       trains a config; sweep trains a grid of them in one program; load returns a trained network

The models are in `spikejax.neurons`, data sets in `spikejax.data`.
"""

import importlib
from typing import TYPE_CHECKING, Any

from spikejax.dynamics import Time, feedback, unroll
from spikejax.fields import option, param, size
from spikejax.layers import Linear, Recurrent, Spiking
from spikejax.networks import MLP
from spikejax.networks.core.running import run
from spikejax.neurons import NEURONS
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import SURROGATES, spike

if TYPE_CHECKING:
    from spikejax.runs import Config, evaluate, fit, load, sweep

__version__ = "0.1.0"
_RUNS = ("Config", "evaluate", "fit", "load", "sweep")

__all__ = [
    "MLP",
    "NEURONS",
    "SURROGATES",
    "Config",
    "Linear",
    "Neuron",
    "Recurrent",
    "Spiking",
    "Time",
    "evaluate",
    "feedback",
    "fit",
    "load",
    "neuron",
    "option",
    "param",
    "run",
    "size",
    "spike",
    "surrogate_field",
    "sweep",
    "unroll",
]


def __getattr__(name: str) -> Any:
    # Training imports Optax, Orbax and progress bars; research code that only runs neurons does without.
    if name in _RUNS:
        return getattr(importlib.import_module("spikejax.runs"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
