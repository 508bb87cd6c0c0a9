"""Learned delays and adaptive neurons beside TC-LIF on spoken digits as spikes (fsd_shd, which is not SHD).

Shows: what delays of connections add to LIF neurons, and whether they or adaptation bring a network above TC-LIF.
Networks 70-128-128-10 and training as in the experiment `neuron_table`, 10 epochs. Delays reach to 12 steps, 240 ms;
their width narrows from 6 to 0.5 steps in the first quarter of the training, as the authors of delays per synapse do
it. Nothing was chosen by any of the numbers here.

- "test_accuracy": of all 500 test recordings, mean over three seeds; "whole_delays": the same with all delays rounded
  to whole steps.
Command: python -m experiments run fsd_shd_delays
Expected: delays raise the accuracy of LIF and TC-LIF, and a recurrent network of SE-adLIF is above one of TC-LIF.
Time: estimated at 20 minutes on 2 CPU cores; can be stopped and continued.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers import neuron_table
from experiments.papers.tc_lif import setups
from spikejax import load, paths
from spikejax.layers import with_whole_delays
from spikejax.networks import DelayedMLP
from spikejax.runs import record, sweep
from spikejax.runs.config import Config
from spikejax.runs.training import parameters_of
from spikejax.training import Ramp

SEEDS = (0, 1, 2)
BOTH = (0, 1)
LONGEST, WIDE, NARROW = 12, 6.0, 0.5
LIF, TC_LIF = neuron_table.NEURONS["lif"](), neuron_table.NEURONS["tc_lif"]()


def configs() -> dict[str, Config]:
    """By name, what is trained."""
    rows, base = neuron_table.configs(), neuron_table.base("fsd_shd")
    narrowing = max(1, base.epochs // 4)

    def delayed(neuron, recurrent, per):
        own = {"longest": LONGEST, "width": WIDE, "per": per, "recurrent": recurrent}
        own["dropout"] = base.network.dropout
        ramp = {"start": WIDE, "end": NARROW, "epochs": narrowing, "shape": "exponential"}
        network = DelayedMLP(base.network.hidden, None, neuron, **own)
        changes = {"network": network, "scheduled": (Ramp(name="delay_width", **ramp),)}
        return paths.replace(base, changes)

    return {
        "lif feed-forward": rows["fsd_shd_lif_ff"],
        "lif feed-forward, delays per axon": delayed(LIF, (), "axon"),
        "lif feed-forward, delays per synapse": delayed(LIF, (), "synapse"),
        "lif recurrent": rows["fsd_shd_lif_rec"],
        "lif recurrent, delays per axon": delayed(LIF, BOTH, "axon"),
        "adlif recurrent": rows["fsd_shd_adlif_rec"],
        "se_adlif recurrent": rows["fsd_shd_se_adlif_rec"],
        "tc_lif recurrent": rows["fsd_shd_tc_lif_rec"],
        "tc_lif recurrent, delays per axon": delayed(TC_LIF, BOTH, "axon"),
    }


def run(request: Request) -> dict[str, Any]:
    wanted, seeds = configs(), SEEDS
    if request.quick:
        # Without the recordings: shows that the networks train on digits as sequences.
        small = {"data": "digits", "encoder": None, "augment": (), "epochs": 1, "batch_size": 256}
        small |= {"hidden": (8, 8)}
        names = ("lif feed-forward, delays per synapse", "lif recurrent, delays per axon")
        wanted, seeds = {name: paths.replace(wanted[name], small) for name in names}, SEEDS[:1]
    described = {"seeds": list(seeds), "quick": request.quick}
    result = record.begin("fsd_shd_delays", described, {"seed": 0, "data": None})
    for name, config in wanted.items():
        out = request.out / name.replace(" ", "_").replace(",", "")
        swept = sweep(config, [{}], out, seeds=seeds, **request.options)
        if not joined(result, name, swept):
            return result
        trials = [int(n) for n, last in swept["metrics"]["trials"].items() if not last["diverged"]]
        result["metrics"][name] = measured(request, config, out, trials)
        result["history"][name] = swept["history"]
    return {**result, "complete": True}


def measured(request: Request, config: Config, out: Any, trials: list[int]) -> dict[str, Any]:
    """Test accuracies of the trained networks of so many trials, as trained and with whole delays."""
    parts = setups.parts_of(request, config)
    found: dict[str, list[float]] = {}
    for trial in trials:
        variables = load(out, trial=trial).variables
        own = {"test_accuracy": variables}
        if config.scheduled:
            own["whole_delays"] = with_whole_delays(variables)
        for name, values in own.items():
            accuracy = parts.measure(values, parts.dataset.test)["accuracy"]
            found.setdefault(name, []).append(accuracy)
    values: dict[str, Any] = {"seeds": len(trials), "parameters": parameters_of(parts)}
    for name, accuracies in found.items():
        values |= {name: float(np.mean(accuracies)), f"{name}_std": float(np.std(accuracies))}
    return values


def above(name: str, other: str):
    """By how much the accuracy of one training is above that of another; NaN where all trials of one diverged."""

    def found(metrics: Mapping[str, Any]) -> float:
        own, compared = (metrics[row].get("test_accuracy", math.nan) for row in (name, other))
        return own - compared

    return found


EXPERIMENT = Experiment(
    claim="learned delays, adLIF and SE-adLIF beside TC-LIF on fsd_shd (not SHD), three seeds",
    time="estimated at 20 minutes on 2 CPU cores",
    run=run,
    expected=(
        Expectation(
            "LIF, feed-forward: delays per synapse minus none",
            above("lif feed-forward, delays per synapse", "lif feed-forward"),
            low=0.0,
        ),
        Expectation(
            "LIF, recurrent: delays per axon minus none",
            above("lif recurrent, delays per axon", "lif recurrent"),
            low=0.0,
        ),
        Expectation(
            "recurrent: SE-adLIF minus TC-LIF",
            above("se_adlif recurrent", "tc_lif recurrent"),
            low=0.0,
        ),
        Expectation(
            "recurrent: TC-LIF with delays per axon minus without",
            above("tc_lif recurrent, delays per axon", "tc_lif recurrent"),
            low=0.0,
        ),
    ),
)
