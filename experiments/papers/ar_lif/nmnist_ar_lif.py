"""AR-LIF on N-MNIST, three seeds, trained on 1,000 recordings.

Shows: a VGG-SNN of AR-LIF neurons, a quarter as wide as that of the publication (arXiv 2507.20746), learns the digits
of an event camera. The data are a subset of N-MNIST, 1,000 training and 100 test recordings, as 5 frames of 16x16; a
result on it is not a result on N-MNIST. Epochs, learning rate, width and frames were chosen on 200 of the training
recordings, held out of them; then all 1,000 were used.
The settings are the recipe ar_lif_n_mnist.
Command: python -m experiments run nmnist_ar_lif
Expected: at least 96 % of the 100 test recordings, mean of three seeds.
Time: about 20 minutes on 2 CPU cores beside other work; can be stopped and continued.
"""

from typing import Any

from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.ar_lif.stand_ins import quick
from spikejax.recipes import RECIPES
from spikejax.runs import sweep
from spikejax.runs.several import over_seeds

CONFIG = RECIPES["ar_lif_n_mnist"].config


def run(request: Request) -> dict[str, Any]:
    config, seeds = (quick(CONFIG), (0,)) if request.quick else (CONFIG, (0, 1, 2))
    result = sweep(config, [{}], request.out, seeds=seeds, **request.options)
    return {**result, "metrics": over_seeds(result)} if result["complete"] else result


EXPERIMENT = Experiment(
    claim="AR-LIF on a subset of N-MNIST (1,000 recordings), three seeds: at least 96 % of 100 test recordings",
    time="about 20 minutes on 2 CPU cores",
    run=run,
    expected=(Expectation("test accuracy", lambda m: m["test_accuracy"], low=0.96),),
    figure="learning_curves.png",
)
