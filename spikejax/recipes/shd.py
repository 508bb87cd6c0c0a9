"""TC-LIF's recurrent network on Spiking Heidelberg Digits."""

from spikejax.inputs import Events
from spikejax.networks import MLP
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs.config import Config
from spikejax.training import Adam, Milestones

NEURON = TCLIF.from_beta(-0.5, 0.5, gamma=0.5, threshold=1.5)

RECIPE = Recipe(
    title="SHD, 700-128-128-20, recurrent, 250 steps, 141.8 K parameters",
    source="TC-LIF (AAAI 2024), Tables 1 and 5, and the released code: Adam, batch 64, 100 epochs, half the rate from "
    "epoch 40 and again from epoch 80; coincident spikes add. The code bins by 250 edges from 0 to 1.4 s, so that its "
    "first step is always empty; here that step is left out and one is added at the end",
    config=Config(
        data="shd",
        network=MLP(hidden=(128, 128), classes=None, neuron=NEURON, recurrent=(0, 1)),
        encoder=Events(steps=250, dt=1.4 / 249),
        optimiser=Adam(learning_rate=5e-4, schedule=Milestones(epochs=(40, 80), decay=0.5)),
        epochs=100,
        batch_size=64,
    ),
    neurons={"tc_lif": NEURON},
)
