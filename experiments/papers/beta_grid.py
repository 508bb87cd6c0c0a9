"""TC-LIF's initial couplings: 16 pairs of β1 and β2, two seeds each, 32 networks trained in one compiled program.

Shows: where β1 and β2 start decides how well TC-LIF learns (TC-LIF, AAAI 2024, searches them for each data set, Table
5). Networks 1-64-128-10 on sequential digits, both hidden layers recurrent, 20 epochs; β1 and β2 are learned.
Command: python -m experiments run beta_grid
Expected: the best pair at least 0.1 above the worst one in test accuracy, mean of two seeds.
Time: about 5 minutes on 2 CPU cores.
"""

import dataclasses
from pathlib import Path

from experiments.registry import Experiment
from spikejax.neurons.core.parameters import usually_learned
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.tasks import TASKS
from spikejax.runs import report
from spikejax.runs import sweeping as study
from spikejax.runs.parts import Job
from spikejax.sweeps import grid


def run(out: Path, quick: bool, data_dir: str | None) -> dict:
    settings = dataclasses.replace(TASKS["digits"].settings, epochs=20)
    axes = {"beta1": (-0.8, -0.6, -0.4, -0.2), "beta2": (0.2, 0.4, 0.6, 0.8)}
    seeds = (0, 1)
    if quick:
        settings = dataclasses.replace(settings, epochs=1, hidden=(8,), recurrent=())
        axes, seeds = {"beta1": (-0.8, -0.2), "beta2": (0.2, 0.8)}, (0,)
    job = Job("digits", settings, {"tc_lif": TCLIF()}, {"tc_lif": usually_learned(TCLIF)})
    wanted = study.Study(job, grid.product(axes), seeds, group=8)
    result = study.run(wanted, out, data_dir=data_dir, resume=True)
    ranked = report.ranked(study.all_rows(result), study.axes(wanted), study.METRIC)
    pairs = {"best": ranked[0], "worst": ranked[-1]}
    metrics = {
        name: {
            **dict(zip(axes, point, strict=True)),
            "test_accuracy": float(mean),
            "deviation": float(deviation),
            "diverged": diverged,
        }
        for name, (point, mean, deviation, _, diverged) in pairs.items()
    }
    return {**result, "experiment": EXPERIMENT.name, "metrics": metrics}


EXPERIMENT = Experiment(
    name="beta_grid",
    claim="32 networks of TC-LIF in one program: the best initial β1, β2 at least 0.1 above the worst in accuracy",
    time="about 5 minutes on 2 CPU cores",
    run=run,
    figure="heat_map.png",
)
