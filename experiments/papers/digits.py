"""LIF and TC-LIF on sequential digits, what `make train` runs.

Shows: a two-compartment neuron learns a task that needs memory over 64 steps; a leaky one with the same budget falls
behind (TC-LIF, AAAI 2024, Table 1, on a small scale). Networks 1-64-128-10, both hidden layers recurrent, 40 epochs,
five seeds each.
Command: python -m experiments run digits
Expected: TC-LIF at least 95 % of the 360 test images, mean of five seeds, and above LIF.
Time: about 5 minutes on 2 CPU cores.
"""

from typing import Any

from experiments.experiment import Expectation, Experiment, Request
from spikejax import paths
from spikejax.recipes import RECIPES
from spikejax.runs import fit_several


def run(request: Request) -> dict[str, Any]:
    recipe, seeds = RECIPES["digits"], range(5)
    configs = {name: recipe.with_neuron(name) for name in ("lif", "tc_lif")}
    if request.quick:
        small = {"epochs": 1, "hidden": (8, 8), "batch_size": 256}
        configs = {name: paths.replace(config, small) for name, config in configs.items()}
        seeds = range(2)
    return fit_several(
        configs,
        request.out,
        seeds=seeds,
        **request.options,
    )


EXPERIMENT = Experiment(
    claim="LIF and TC-LIF on sequential 8x8 digits, five seeds: TC-LIF at least 95 % of the test images, and above LIF",
    time="about 5 minutes on 2 CPU cores",
    run=run,
    expected=(
        Expectation("TC-LIF's test accuracy", lambda m: m["tc_lif"]["test_accuracy"], low=0.95),
        Expectation(
            "TC-LIF's test accuracy minus LIF's",
            lambda m: m["tc_lif"]["test_accuracy"] - m["lif"]["test_accuracy"],
            low=0.0,
        ),
    ),
    figure="learning_curves.png",
)
