"""A small data set of sequences and a config that trains on it in a second: for tests of runs."""

import dataclasses

import numpy as np

from spikejax.data import Dataset
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.runs import Config
from spikejax.training import Adam, Constant

T, CLASSES, TRAIN, TEST = 10, 3, 32, 16


def arrays(count=TRAIN + TEST):
    """Noise whose mean is that of its class: inputs uint8 `[N, T, 2]`, labels `[N]`."""
    draw = np.random.default_rng(0)
    labels = (np.arange(count) % CLASSES).astype(np.int32)
    inputs = 100 * draw.random((count, T, 2)) + 50 * labels[:, None, None]
    return inputs.astype(np.uint8), labels


def dataset(**facts):
    inputs, labels = arrays()
    first, rest = slice(TRAIN), slice(TRAIN, None)
    parts = [(inputs[part], labels[part]) for part in (first, rest)]
    return Dataset.of_arrays(*parts, **{"name": "toy", "scale": 255.0} | facts)


CONFIG = Config(
    data=dataset(),
    network=MLP((6,), None, LIF(), recurrent=(0,)),
    optimiser=Adam(learning_rate=0.02, schedule=Constant()),
    epochs=2,
    batch_size=8,
)


def config(**changes):
    return dataclasses.replace(CONFIG, **changes)


def plain(history):
    """A history without what differs from run to run."""
    hidden = ("seconds", "peak_memory_mb")
    return [{k: v for k, v in entry.items() if k not in hidden} for entry in history]
