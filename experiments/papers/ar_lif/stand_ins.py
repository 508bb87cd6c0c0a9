"""Small networks on small data, in place of AR-LIF's own: what its Figures 2 and 3 are made of here.

The authors train VGG-11 on DVS Gesture, and the paper's other networks on CIFAR and Tiny-ImageNet, for hundreds of
epochs. These are VGG-11 on N-MNIST (an event camera, too) and VGG-SNN on a part of CIFAR-10, a quarter as wide.
"""

from typing import Any

import numpy as np

from experiments.experiment import Request
from spikejax import data
from spikejax.data import Dataset, Split
from spikejax.data.cifar10_subset import CIFAR10Subset
from spikejax.data.n_mnist import NMNIST
from spikejax.inputs import Repeat, Sequence
from spikejax.networks.vgg import VGG11, VGGSNN
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.lif import LIF
from spikejax.objectives import TET
from spikejax.runs.config import Config
from spikejax.surrogate import Rectangle
from spikejax.training import SGD, Cosine

# The neurons of the authors' ablation: decay 0.5, threshold 1 and the rectangle for all.
NEURONS: dict[str, Neuron] = {
    "hard": LIF(decay=0.5, reset="zero", surrogate=Rectangle()),
    "soft": LIF(decay=0.5, reset="subtract", surrogate=Rectangle()),
    "ar_lif": ARLIF(),
}


def configs(request: Request, neurons: tuple[str, ...]) -> dict[str, Config]:
    """By "DATA NEURON", what is trained; with `quick` very small networks on a few enlarged digits."""
    found = {}
    for name in neurons:
        neuron = NEURONS[name]
        if request.quick:
            small = VGG11(None, neuron, width=1), VGGSNN(None, neuron, width=1)
            made = {
                "digits 3 steps": _config(enlarged_digits(), small[0], Repeat(steps=3), 1),
                "digits 2 steps": _config(enlarged_digits(), small[1], Repeat(steps=2), 1),
            }
        else:
            events, images = NMNIST(steps=10, resize=32), CIFAR10Subset(train=4_000, test=1_000)
            made = {
                "n_mnist": _config(events, VGG11(None, neuron, width=16), Sequence(), 20),
                "cifar10_subset": _config(images, VGGSNN(None, neuron, width=16), Repeat(4), 10),
            }
        found |= {f"{source} {name}": config for source, config in made.items()}
    return found


def _config(source: Any, network: Any, encoder: Any, epochs: int) -> Config:
    """The authors' loss and optimiser: SGD with momentum 0.9 and weight decay, also of a and c, along a cosine."""
    return Config(
        data=source,
        network=network,
        encoder=encoder,
        loss=TET(strength=0.05, target=1.0),
        optimiser=SGD(learning_rate=0.1, weight_decay=5e-4, schedule=Cosine()),
        epochs=epochs,
        batch_size=32,
    )


def enlarged_digits() -> Dataset:
    """The first digits of the packaged data set, enlarged to 32x32."""
    source = data.load("digits")

    def part(split: Split, count: int) -> tuple[np.ndarray, np.ndarray]:
        images = split.inputs[:count].reshape(-1, 8, 8, 1)
        return images.repeat(4, 1).repeat(4, 2), split.labels[:count]

    facts = {"kind": "image", "scale": source.scale, "classes": source.classes}
    return Dataset.of_arrays(
        part(source.train, 64), part(source.test, 32), name="enlarged digits", **facts
    )
