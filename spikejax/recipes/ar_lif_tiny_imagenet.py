"""AR-LIF's VGG-13 on Tiny ImageNet."""

import numpy as np

from spikejax.inputs import Flip, Repeat, TrivialAugmentWide
from spikejax.layers import BatchNorm
from spikejax.networks.vgg import VGG13
from spikejax.neurons.ar_lif import ARLIF
from spikejax.objectives import TET
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs.config import Config
from spikejax.training import SGD, Cosine

MEAN = np.array([0.4802, 0.4481, 0.3975], np.float32)
DEVIATION = np.array([0.2302, 0.2265, 0.2262], np.float32)

RECIPE = Recipe(
    title="Tiny ImageNet, VGG-13, 4 steps, 14.4 M parameters",
    source="AR-LIF (arXiv 2507.20746), Table 1, and the released code: SGD, batch 128, 200 epochs, TET whose λ of 0.2 "
    "weighs the squared distance from one-hot labels (in the paper's Eq. 9 λ is 0.8); the paper also has VGG-SNN, of 4 "
    "and 6 steps",
    config=Config(
        data="tiny_imagenet",
        network=VGG13(None, ARLIF(), norm=BatchNorm(statistics="step")),
        encoder=Repeat(steps=4, mean=MEAN, deviation=DEVIATION),
        augment=(Flip(), TrivialAugmentWide()),
        loss=TET(strength=0.2, target=1.0, kept_near="one_hot"),
        optimiser=SGD(learning_rate=0.1, momentum=0.9, weight_decay=5e-4, schedule=Cosine()),
        epochs=200,
        batch_size=128,
    ),
)
