"""Learned delays and adaptive neurons beside TC-LIF on spoken digits as spikes (fsd_shd, which is not SHD).

Shows: what delays of connections add to LIF neurons, and whether they or adaptation bring a network above TC-LIF.
Networks 70-128-128-10 and training as in the experiment `neuron_table`, 10 epochs. Delays reach to 12 steps, 240 ms;
their width narrows from 6 to 0.5 steps in the first quarter of the training, as the authors of delays per synapse do
it. Nothing was chosen by any of the numbers here.

- "test_accuracy": of all 500 test recordings, mean over three seeds; "whole_delays": the same with all delays rounded
  to whole steps.
Command: python -m experiments run fsd_shd_delays
Expected: delays raise the accuracy of LIF and TC-LIF, and a recurrent network of SE-adLIF is above one of TC-LIF.
Time: half an hour on 2 CPU cores, beside other work; can be stopped and continued.
"""

import math
from collections.abc import Mapping
from typing import Any

from experiments.experiment import Expectation, Experiment, Request
from experiments.papers import neuron_table
from experiments.papers.tc_lif import setups
from spikejax import paths
from spikejax.layers import with_whole_delays
from spikejax.networks import DelayedMLP
from spikejax.runs import record
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
    for name, parts, trained in setups.swept(request, result, wanted, seeds):
        kinds = {"test_accuracy": trained}
        if parts.config.scheduled:
            kinds["whole_delays"] = [with_whole_delays(variables) for variables in trained]
        values: dict[str, Any] = {"seeds": len(trained), "parameters": parameters_of(parts)}
        for kind, each in kinds.items():
            found = [parts.measure(own, parts.dataset.test)["accuracy"] for own in each]
            values |= setups.over_trials(kind, found)
        result["metrics"][name] = values
    return result


def above(name: str, other: str):
    """By how much the accuracy of one training is above that of another; NaN where all trials of one diverged."""

    def found(metrics: Mapping[str, Any]) -> float:
        own, compared = (metrics[row]["test_accuracy"] for row in (name, other))
        return math.nan if own is None or compared is None else own - compared

    return found


EXPERIMENT = Experiment(
    claim="learned delays, adLIF and SE-adLIF beside TC-LIF on fsd_shd (not SHD), three seeds",
    time="half an hour on 2 CPU cores",
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
