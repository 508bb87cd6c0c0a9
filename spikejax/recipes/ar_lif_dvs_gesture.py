"""AR-LIF's VGG-11 on DVS128 Gesture."""

from spikejax.data.dvs_gesture import DVSGesture
from spikejax.inputs import EventAugment
from spikejax.layers import BatchNorm
from spikejax.networks.vgg import VGG11
from spikejax.neurons.ar_lif import ARLIF
from spikejax.objectives import TET
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs.config import Config
from spikejax.training import SGD, Cosine

RECIPE = Recipe(
    title="DVS128 Gesture, VGG-11, 20 frames, 9.5 M parameters",
    source="AR-LIF (arXiv 2507.20746), Table 1, and the released code: SGD, batch 12, 200 epochs, dropout 0.4, TET "
    "whose λ of 0.05 weighs the squared error (in the paper's Eq. 9 λ is 0.95)",
    config=Config(
        data=DVSGesture(steps=20),
        network=VGG11(None, ARLIF(), norm=BatchNorm(statistics="step"), dropout=0.4),
        augment=(EventAugment(),),
        loss=TET(strength=0.05, target=1.0),
        optimiser=SGD(learning_rate=0.1, momentum=0.9, weight_decay=5e-4, schedule=Cosine()),
        epochs=200,
        batch_size=12,
    ),
)
