"""A small VGG-SNN of AR-LIF neurons on N-MNIST."""

from spikejax.data.n_mnist import NMNIST
from spikejax.inputs import Crop
from spikejax.networks.vgg import VGGSNN
from spikejax.neurons.ar_lif import ARLIF
from spikejax.objectives import TET
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs.config import Config
from spikejax.training import Adam, Cosine

RECIPE = Recipe(
    title="N-MNIST as 5 frames of 16x16, VGG-SNN a quarter as wide, 0.6 M parameters",
    source="this library, for a subset of 1,000 recordings; neuron and loss of AR-LIF (arXiv 2507.20746)",
    config=Config(
        data=NMNIST(steps=5, crop=32, resize=16),
        network=VGGSNN(None, ARLIF(), width=16),
        augment=(Crop(padding=1),),
        loss=TET(strength=0.05, target=1.0),
        optimiser=Adam(learning_rate=6e-3, schedule=Cosine()),
        epochs=20,
        batch_size=25,
    ),
)
