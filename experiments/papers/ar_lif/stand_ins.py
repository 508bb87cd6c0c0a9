"""Small networks on small data, in place of AR-LIF's own.

The authors train ResNet-18, VGG-SNN and VGG-11 on CIFAR, Tiny-ImageNet, CIFAR10-DVS and DVS Gesture, for hundreds of
epochs. These are a quarter and an eighth of the width of VGG-SNN, on subsets of N-MNIST (an event camera, too) and of
CIFAR-10, and are trained by Adam; the loss, the surrogate and the decays are the authors'.
"""

from collections.abc import Sequence

import numpy as np

from experiments.experiment import Request
from spikejax import data, paths
from spikejax.data import Dataset, Split
from spikejax.data.cifar10_subset import CIFAR10Subset
from spikejax.inputs import Crop, Flip, Repeat
from spikejax.networks.vgg import VGGSNN
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.lif import LIF
from spikejax.objectives import TET
from spikejax.recipes import RECIPES
from spikejax.runs import fit
from spikejax.runs.config import Config
from spikejax.runs.training import Callback, Trained
from spikejax.surrogate import Rectangle
from spikejax.training import Adam, Cosine

# The neurons of the authors' ablation: decay 0.5, threshold 1 and the rectangle for all.
NEURONS: dict[str, Neuron] = {
    "hard": LIF(decay=0.5, reset="zero", surrogate=Rectangle()),
    "soft": LIF(decay=0.5, reset="subtract", surrogate=Rectangle()),
    "ar_lif": ARLIF(),
}

EVENTS = paths.replace(RECIPES["ar_lif_n_mnist"].config, {"epochs": 12})
IMAGES = Config(
    data=CIFAR10Subset(train=4_000, test=1_000),
    network=VGGSNN(None, ARLIF(), width=8),
    encoder=Repeat(steps=4),
    augment=(Flip(), Crop(padding=4)),
    loss=TET(strength=0.05, target=1.0),
    optimiser=Adam(learning_rate=3e-3, schedule=Cosine()),
    epochs=5,
    batch_size=50,
)


def quick(config: Config) -> Config:
    """One epoch of a very small network on a few enlarged digits."""
    small = {"data": _digits(), "encoder": Repeat(steps=2), "network.width": 1, "epochs": 1}
    return paths.replace(config, small)


def configs(request: Request, neurons: tuple[str, ...]) -> dict[str, Config]:
    """By "DATA NEURON", what is trained for a figure; with `quick` a very small network."""
    made = {"n_mnist": EVENTS, "cifar10_subset": IMAGES}
    if request.quick:
        made = {"digits": quick(EVENTS)}
    return {
        f"{source} {name}": paths.replace(config, {"network.neuron": NEURONS[name]})
        for name in neurons
        for source, config in made.items()
    }


def train(
    request: Request, name: str, config: Config, callbacks: Sequence[Callback] = ()
) -> Trained:
    """Trains one of them in a folder of its name, or continues it."""
    return fit(config, request.out / name, callbacks=callbacks, **request.options)


def _digits() -> Dataset:
    """The first digits of the packaged data set, enlarged to 32x32."""
    source = data.load("digits")

    def part(split: Split, count: int) -> tuple[np.ndarray, np.ndarray]:
        images = split.inputs[:count].reshape(-1, 8, 8, 1)
        return images.repeat(4, 1).repeat(4, 2), split.labels[:count]

    facts = {"kind": "image", "scale": source.scale, "classes": source.classes}
    return Dataset.of_arrays(
        part(source.train, 64), part(source.test, 32), name="enlarged digits", **facts
    )
