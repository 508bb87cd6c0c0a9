"""TC-LIF's recurrent network on sequential MNIST."""

from spikejax.networks import MLP
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.core.recipe import Recipe, Timing
from spikejax.runs.config import Config
from spikejax.training import Adam, Milestones

NEURON = TCLIF.from_beta(-0.8, 0.4, gamma=0.5, threshold=1.0)

RECIPE = Recipe(
    title="sequential MNIST, 1-40-200-64-10, recurrent, 63.6 K parameters",
    source="TC-LIF (AAAI 2024), Tables 1 and 5, and the released code: Adam, batch 256, 200 epochs, a tenth of the "
    "rate from epoch 60 and again from epoch 80",
    config=Config(
        data="smnist",
        network=MLP(hidden=(40, 200, 64), classes=None, neuron=NEURON, recurrent=(0, 1)),
        optimiser=Adam(learning_rate=5e-4, schedule=Milestones(epochs=(60, 80))),
        epochs=200,
        batch_size=256,
    ),
    neurons={"tc_lif": NEURON},
    timing=Timing(seconds=2343, epochs=3, record="smnist_first_epochs"),
)
