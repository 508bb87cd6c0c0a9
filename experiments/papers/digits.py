"""LIF and TC-LIF on sequential digits, the job of `make train`.

Shows: a two-compartment neuron learns what it must remember over 64 steps where a leaky one under the same budget
falls behind (TC-LIF, AAAI 2024, Table 1, in small). Networks 1-64-128-10, both hidden layers recurrent, 40 epochs.
Command: python -m experiments run digits
Expected: TC-LIF at least 95 % of the 360 test images.
Time: about 2 minutes on 2 CPU cores.
"""

import dataclasses
from pathlib import Path

from experiments.registry import Experiment
from spikejax.neurons import get
from spikejax.neurons.core.parameters import usually_learned
from spikejax.recipes.tasks import TASKS
from spikejax.runs import training as job


def run(out: Path, quick: bool, data_dir: str | None) -> dict:
    settings = TASKS["digits"].settings
    if quick:
        settings = dataclasses.replace(settings, epochs=1, hidden=(16, 16))
    neurons = {name: get(name)() for name in ("lif", "tc_lif")}
    learn = {name: usually_learned(neuron) for name, neuron in neurons.items()}
    result = job.run(
        job.Job("digits", settings, neurons, learn), out, data_dir=data_dir, resume=True
    )
    return {**result, "experiment": EXPERIMENT.name}


EXPERIMENT = Experiment(
    name="digits",
    claim="LIF and TC-LIF on sequential 8x8 digits: TC-LIF at least 95 % of the test images",
    time="about 2 minutes on 2 CPU cores",
    run=run,
    figure="learning_curves.png",
)
