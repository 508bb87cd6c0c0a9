"""TC-LIF on sequential digits with weights of int8 and of three values, after training and in training.

Shows: what the page `docs/quantisation.md` describes, on the recipe `digits` (1-64-128-10, 40 epochs), three seeds.
Neuron parameters and biases stay as they are.

- "test_accuracy": of the 360 test images after the last epoch, mean over the seeds.
- "bytes": of the trained parameters in a file: a weight of int8 or of three values is a byte, everything else four.
Command: python -m experiments run quantised_weights
Expected: int8 after training costs at most a percentage point; weights of three values do not survive without being
trained for it: training with them is at least 10 points better than rounding to them afterwards.
Time: about 4 minutes on 2 CPU cores.
"""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.tc_lif import setups
from spikejax import paths
from spikejax.networks.core.quantisation import Quantised, integers, quantised
from spikejax.recipes import RECIPES
from spikejax.runs import record
from spikejax.runs.config import Config

SEEDS = (0, 1, 2)
FULL = "float32"
AFTER = ("int8", "ternary")
TRAINED = "ternary"


def configs(quick: bool) -> dict[str, Config]:
    """What is trained: the full network, and those that compute with quantised weights."""
    config = RECIPES["digits"].config
    if quick:
        config = paths.replace(config, setups.QUICK)
    coarse = paths.replace(config, {"network": Quantised(config.network, TRAINED)})
    return {FULL: config, f"{TRAINED} in training": coarse}


def run(request: Request) -> dict[str, Any]:
    seeds = SEEDS[:1] if request.quick else SEEDS
    described = {"seeds": list(seeds), "quick": request.quick}
    result = record.begin("quantised_weights", described, {"seed": 0, "data": None})
    wanted = configs(request.quick)
    for name, parts, trained in setups.swept(request, result, wanted, seeds):
        if name == FULL:
            levels = {FULL: None, **{f"{level} after training": level for level in AFTER}}
        else:
            levels = {name: parts.config.network.levels}
        for row, level in levels.items():
            result["metrics"][row] = measured(parts, trained, level, after=name == FULL)
    return result


def measured(parts: Any, found: list[Any], level: Any, after: bool) -> dict[str, Any]:
    """Test accuracy of trained variables, quantised first if they were trained without, and their size."""
    accuracies, size = [], 0
    for variables in found:
        params = variables["params"]
        own = quantised(params, level) if level and after else params
        accuracies.append(
            parts.measure({**variables, "params": own}, parts.dataset.test)["accuracy"]
        )
        stored = integers(params, level) if level else params
        size = sum(np.asarray(leaf).nbytes for leaf in jax.tree.leaves(stored))
    return {
        **setups.over_trials("test_accuracy", accuracies),
        "seeds": len(accuracies),
        "bytes": size,
    }


def gap(first: str, second: str):
    """How many percentage points a row is above another."""

    def found(metrics: Mapping[str, Any]) -> float:
        return 100 * (metrics[first]["test_accuracy"] - metrics[second]["test_accuracy"])

    return found


EXPERIMENT = Experiment(
    claim="TC-LIF on digits with weights of int8 and of three values, after training and in training, three seeds",
    time="about 4 minutes on 2 CPU cores",
    run=run,
    expected=(
        Expectation(
            "float32 minus int8 after training, percentage points",
            gap(FULL, "int8 after training"),
            high=1.0,
        ),
        Expectation(
            "ternary in training minus ternary after training, percentage points",
            gap("ternary in training", "ternary after training"),
            low=10.0,
        ),
    ),
)
