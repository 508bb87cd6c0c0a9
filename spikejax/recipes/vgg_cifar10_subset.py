"""VGG-SNN with temporal efficient training on a part of CIFAR-10."""

from spikejax.inputs import Crop, Flip, Repeat
from spikejax.networks.vgg import VGGSNN
from spikejax.neurons.lif import LIF
from spikejax.objectives import TET
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs.config import Config
from spikejax.training import Adam, Cosine

RECIPE = Recipe(
    title="a subset of CIFAR-10 (20,000 images), VGG-SNN, 4 steps",
    source="network, loss and neuron of Deng et al. (2022), temporal efficient training; the rest is this library's",
    config=Config(
        data="cifar10_subset",
        network=VGGSNN(classes=None, neuron=LIF(decay=0.5, reset="zero")),
        encoder=Repeat(steps=4),
        augment=(Flip(), Crop(padding=4)),
        loss=TET(strength=0.05, target=1.0),
        optimiser=Adam(learning_rate=1e-3, schedule=Cosine()),
        epochs=100,
        batch_size=50,
    ),
)
