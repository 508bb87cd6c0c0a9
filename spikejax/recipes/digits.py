"""Sequential 8x8 digits: a small recurrent network that trains in a minute."""

from spikejax.networks import MLP
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.core.recipe import Recipe, Timing
from spikejax.runs.config import Config
from spikejax.training import Adam, OneCycle

RECIPE = Recipe(
    title="sequential 8x8 digits, 1-64-128-10, both hidden layers recurrent",
    source="this library",
    config=Config(
        data="digits",
        network=MLP(hidden=(64, 128), classes=None, neuron=TCLIF(), recurrent=(0, 1)),
        # Without a bound on the gradient, LIF's training is unstable.
        optimiser=Adam(learning_rate=5e-3, schedule=OneCycle(), clip=1.0),
        epochs=40,
        batch_size=64,
    ),
    # Five seeds of 40 epochs in one program, two at a time.
    timing=Timing(seconds=84.8, epochs=200, record="digits"),
)
