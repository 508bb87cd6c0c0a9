"""Spoken digits as spikes of 700 channels: a recurrent network of TC-LIF neurons."""

from spikejax.inputs import Events
from spikejax.networks import MLP
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs.config import Config
from spikejax.training import Adam, OneCycle

RECIPE = Recipe(
    title="spoken digits as spikes (not SHD), 140-128-128-10, recurrent, 100 steps",
    source="this library; binning as in the released code of TC-LIF (AAAI 2024) for SHD",
    config=Config(
        data="fsd_shd",
        network=MLP(hidden=(128, 128), classes=None, neuron=TCLIF(), recurrent=(0, 1)),
        encoder=Events(steps=100, dt=0.01, pool=5),
        optimiser=Adam(learning_rate=3e-3, schedule=OneCycle(), clip=1.0),
        epochs=30,
        batch_size=64,
        validation=0.1,
    ),
)
