"""TC-LIF's initial couplings: 16 pairs of β1 and β2, two seeds each, 32 networks trained in one compiled program.

Shows: the initial β1 and β2 determine how well TC-LIF learns (TC-LIF, AAAI 2024, searches them for each data set, Table
5). Networks 1-64-128-10 on sequential digits, both hidden layers recurrent, 20 epochs; β1 and β2 are learned.
Command: python -m experiments run beta_grid
Expected: the best pair at least 0.1 above the worst one in test accuracy, mean of two seeds. The best one is chosen on
the test images.
Time: about 5 minutes on 2 CPU cores.
"""

from typing import Any

from experiments.experiment import Expectation, Experiment, Request
from spikejax import paths
from spikejax.recipes import RECIPES
from spikejax.runs import report, sweep
from spikejax.sweeps.groups import Placement


def run(request: Request) -> dict[str, Any]:
    config = paths.replace(RECIPES["digits"].config, {"epochs": 20})
    axes, seeds = {"beta1": (-0.8, -0.6, -0.4, -0.2), "beta2": (0.2, 0.4, 0.6, 0.8)}, (0, 1)
    if request.quick:
        small = {"epochs": 1, "hidden": (8,), "recurrent": (), "batch_size": 256}
        config, seeds = paths.replace(config, small), (0,)
        axes = {"beta1": (-0.8, -0.2), "beta2": (0.2, 0.8)}
    result = sweep(
        config,
        axes,
        request.out,
        seeds=seeds,
        placement=Placement(group=8),
        **request.options,
    )
    if not result["complete"]:
        return result
    ranked = report.ranked(
        result["history"], report.axes(result), result["provenance"]["selection"]
    )
    metrics = {
        name: {
            **dict(zip(axes, point, strict=True)),
            "test_accuracy": mean,
            "test_accuracy_std": deviation,
            "diverged": diverged,
        }
        for name, (point, mean, deviation, _, diverged) in (
            ("best", ranked[0]),
            ("worst", ranked[-1]),
        )
    }
    return {**result, "metrics": metrics}


EXPERIMENT = Experiment(
    claim="32 networks of TC-LIF in one program: the best initial β1, β2 at least 0.1 above the worst in accuracy",
    time="about 5 minutes on 2 CPU cores",
    run=run,
    expected=(
        Expectation(
            "test accuracy, the best pair minus the worst",
            lambda m: m["best"]["test_accuracy"] - m["worst"]["test_accuracy"],
            low=0.1,
        ),
    ),
    figure="heat_map.png",
)
