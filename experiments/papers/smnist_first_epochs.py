"""The first epochs of TC-LIF's recurrent network on sequential MNIST.

Reproduces: the beginning of the S-MNIST training of TC-LIF (AAAI 2024), Table 1, "TC-LIF, recurrent, 63.6 K": 63,634
parameters and six of the neurons, Adam at 5e-4, batch 256, all 60,000 training and 10,000 test images.
Command: python -m experiments run smnist_first_epochs
Expected: the paper gives 98.79 % (this network, 200 epochs) and no learning curve. A public log of the released code,
for the larger network (155.1 K), has 47.57 % after the first epoch and 83.38 % after the third; this one should be
far above chance (11.35 %) after the third.
Time: about 10 minutes an epoch on 2 CPU cores; continues where it was stopped.
"""

import dataclasses
from pathlib import Path

from experiments.registry import Experiment
from spikejax.neurons.core.parameters import usually_learned
from spikejax.recipes.tasks import TASKS
from spikejax.runs import training as job


def run(out: Path, quick: bool, data_dir: str | None) -> dict:
    task = "digits" if quick else "smnist"
    # The rate falls first after epoch 60, so three epochs are the first three of the full training.
    settings = dataclasses.replace(TASKS["smnist"].settings, epochs=3)
    if quick:
        settings = dataclasses.replace(settings, epochs=1, hidden=(8, 8, 8), chunk=16)
    neuron = TASKS["smnist"].neurons["tc_lif"]
    wanted = job.Job(task, settings, {"tc_lif": neuron}, {"tc_lif": usually_learned(neuron)})
    result = job.run(wanted, out, data_dir=data_dir, resume=True)
    return {**result, "experiment": EXPERIMENT.name}


EXPERIMENT = Experiment(
    name="smnist_first_epochs",
    claim="TC-LIF 1-40-200-64-10, recurrent, on S-MNIST: test accuracy after each of the first three epochs",
    time="about 10 minutes an epoch on 2 CPU cores",
    run=run,
    figure="learning_curves.png",
)
