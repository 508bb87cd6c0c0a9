"""AR-LIF's ResNet-18 on CIFAR-10."""

import numpy as np

from spikejax.inputs import Flip, MixupOrCutMix, RandAugment, RandomErasing, Repeat
from spikejax.layers import BatchNorm
from spikejax.networks.resnet_18 import ResNet18
from spikejax.neurons.ar_lif import ARLIF
from spikejax.objectives import TET
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs.config import Config
from spikejax.training import SGD, Cosine

MEAN = np.array([0.4914, 0.4822, 0.4465], np.float32)
DEVIATION = np.array([0.2023, 0.1994, 0.2010], np.float32)

RECIPE = Recipe(
    title="CIFAR-10, ResNet-18, 4 steps, 11.2 M parameters",
    source="AR-LIF (arXiv 2507.20746), Table 1, and the released code: SGD, batch 128, 400 epochs, TET whose λ of 0.05 "
    "weighs the squared error (in the paper's Eq. 9 λ is 0.95), float16 for products (here `dtype`), the rate changed "
    "once an epoch (here every step); the paper also has 6 and 8 steps",
    config=Config(
        data="cifar10",
        network=ResNet18(None, ARLIF(), norm=BatchNorm(statistics="step")),
        encoder=Repeat(steps=4, mean=MEAN, deviation=DEVIATION),
        augment=(
            Flip(),
            RandAugment(interpolation="bilinear"),
            # After normalisation, the value that is erased to is 0.
            RandomErasing(probability=0.1, fill=255 * MEAN),
            MixupOrCutMix(),
        ),
        loss=TET(strength=0.05, target=1.0),
        optimiser=SGD(learning_rate=0.1, momentum=0.9, weight_decay=5e-5, schedule=Cosine()),
        epochs=400,
        batch_size=128,
    ),
)
