"""TC-LIF's recurrent network on Google Speech Commands."""

from spikejax.data.speech_commands import SpeechCommands
from spikejax.networks import MLP
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs.config import Config
from spikejax.training import Adam, Milestones

NEURON = TCLIF.from_beta(-0.8, 0.8, gamma=0.7, threshold=1.25)

RECIPE = Recipe(
    title="Speech Commands, 12 classes, 40-300-300-12, recurrent, 101 steps, 196.5 K parameters",
    source="TC-LIF (AAAI 2024), Tables 1 and 5, and the released code, whose split and numbering of classes these are: "
    "Adam, batch 128, dropout 0.3, a tenth of the rate from epochs 30, 60, 90 and 120; the paper has 100 epochs and "
    "the last three of these",
    config=Config(
        data=SpeechCommands(split="released"),
        network=MLP(hidden=(300, 300), classes=None, neuron=NEURON, recurrent=(0,), dropout=0.3),
        optimiser=Adam(learning_rate=1e-3, schedule=Milestones(epochs=(30, 60, 90, 120))),
        epochs=200,
        batch_size=128,
    ),
    neurons={"tc_lif": NEURON},
)
