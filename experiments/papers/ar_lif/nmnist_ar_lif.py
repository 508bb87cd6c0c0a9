"""AR-LIF on N-MNIST, three seeds, trained on 1,000 recordings.

Shows: a VGG-SNN of AR-LIF neurons, a quarter as wide as that of the publication (arXiv 2507.20746), learns the digits
of an event camera. The data are a subset of N-MNIST, 1,000 training and 100 test recordings, as 5 frames of 16x16; a
result on it is not a result on N-MNIST. Epochs, learning rate, width and frames were chosen on 200 of the training
recordings, held out of them; then all 1,000 were used.
Command: python -m experiments run nmnist_ar_lif
Expected: at least 96 % of the 100 test recordings, mean of three seeds.
Time: about 15 minutes on 2 CPU cores; can be stopped and continued.
"""

from typing import Any

from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.ar_lif.stand_ins import enlarged_digits
from spikejax import paths
from spikejax.data.n_mnist import NMNIST
from spikejax.inputs import Crop, Repeat
from spikejax.networks.vgg import VGGSNN
from spikejax.neurons.ar_lif import ARLIF
from spikejax.objectives import TET
from spikejax.runs import sweep
from spikejax.runs.config import Config
from spikejax.runs.several import over_seeds
from spikejax.training import Adam, Cosine

CONFIG = Config(
    data=NMNIST(steps=5, crop=32, resize=16),
    network=VGGSNN(None, ARLIF(), width=16),
    augment=(Crop(padding=1),),
    loss=TET(strength=0.05, target=1.0),
    optimiser=Adam(learning_rate=6e-3, schedule=Cosine()),
    epochs=20,
    batch_size=25,
)


def run(request: Request) -> dict[str, Any]:
    config, seeds = CONFIG, (0, 1, 2)
    if request.quick:
        small = {"data": enlarged_digits(), "encoder": Repeat(steps=2), "network.width": 1}
        config, seeds = paths.replace(config, {**small, "epochs": 1}), (0,)
    options: dict[str, Any] = {"data_dir": request.data_dir, "seconds": request.seconds}
    result = sweep(config, [{}], request.out, seeds=seeds, resume=True, **options)
    return {**result, "metrics": over_seeds(result)} if result["complete"] else result


EXPERIMENT = Experiment(
    claim="AR-LIF on a subset of N-MNIST (1,000 recordings), three seeds: at least 96 % of 100 test recordings",
    time="about 15 minutes on 2 CPU cores",
    run=run,
    expected=(Expectation("test accuracy", lambda m: m["test_accuracy"], low=0.96),),
    figure="learning_curves.png",
)
