"""Every neuron of the library in the same two networks, feed-forward and recurrent, with the same training.

Shows: what a change of the neuron alone does, as NEAT and neuroseqbench compare neurons. Sequential 8x8 digits
(1-64-128-10, 64 steps, the recipe `digits` with 20 epochs in place of 40) and spoken digits as spikes
(70-128-128-10, 50 steps, see the experiment `fsd_shd`, with 10 epochs in place of 60). Neurons have their defaults;
learning rate, schedule and clipping are those of the recipes, which were made with TC-LIF, and are not tuned to any
neuron. Initial weights are scaled by the constant current at which a neuron is known to fire, its `drive`, where that
is above 1; biophysical neurons such as AdEx, whose membranes are slow, stay silent all the same and learn nothing.
Neurons that need the whole sequence at once are in the feed-forward network only. DH-LIF and LTC, which are layers, are
in networks of their own with hidden layers of the same sizes, without dropout.

- "test_accuracy": after the last epoch, mean over three seeds, which are trials of one program.
- "firing_rate": spikes per neuron and time step of each hidden layer, where outputs are spikes.
- "seconds": of the whole row, compiling included; they compare neurons only where nothing else was running.
Command: python -m experiments run neuron_table [--rows NAME …]
Expected: on digits, which need a memory of 64 steps, TC-LIF is above LIF in both networks.
Time: 90 minutes for digits and two hours for spoken digits on 2 CPU cores, beside other work; `--rows digits` trains
the rows of one, and the same command continues it. The record of each trained row is kept as well, in
`results/neuron_table`.
"""

import math
from collections.abc import Mapping
from typing import Any

from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.tc_lif import fsd_shd
from spikejax import paths
from spikejax.networks.dh_snn import DHSNN
from spikejax.networks.ltc_snn import LTCSNN
from spikejax.neurons import NEURONS
from spikejax.recipes import RECIPES
from spikejax.runs import record, sweep
from spikejax.runs.config import Config
from spikejax.runs.several import over_seeds
from spikejax.runs.sweeping import Sweep

SEEDS = (0, 1, 2)
KINDS = {"ff": (), "rec": (0, 1)}
LAYERS = {"dh_lif": DHSNN, "ltc": LTCSNN}
QUICK_ROWS = ("digits_lif_rec", "digits_psn_ff")
DATA = ("digits", "fsd_shd")


def base(data: str) -> Config:
    """What all neurons are trained with on a data set."""
    if data == "digits":
        return paths.replace(RECIPES["digits"].config, {"epochs": 20})
    return paths.replace(fsd_shd.base(), {"epochs": 10})


def configs() -> dict[str, Config]:
    """By "DATA_NEURON_KIND", what is trained."""
    found = {}
    for data in DATA:
        config = base(data)
        for name, model in NEURONS.items():
            own = {"neuron": model(), "gain": max(1.0, model.drive)}
            for kind, recurrent in KINDS.items():
                if model.streams or not recurrent:
                    row = f"{data}_{name}_{kind}"
                    found[row] = paths.replace(config, {**own, "recurrent": recurrent})
        for name, network in LAYERS.items():
            for kind, recurrent in KINDS.items():
                made = network(config.network.hidden, classes=None, recurrent=recurrent)
                found[f"{data}_{name}_{kind}"] = paths.replace(config, {"network": made})
    return found


def run(request: Request) -> dict[str, Any]:
    rows, seeds = configs(), SEEDS
    if unknown := [name for name in request.rows if not any(row.startswith(name) for row in rows)]:
        raise ValueError(
            f"expected beginnings of DATA_NEURON_KIND, such as digits_lif_rec, found {', '.join(unknown)}"
        )
    if request.quick:
        small = {"hidden": (8, 8), "epochs": 1, "batch_size": 512}
        rows, seeds = {name: paths.replace(rows[name], small) for name in QUICK_ROWS}, SEEDS[:1]
    metrics, left = {}, []
    for name, config in rows.items():
        found = record.finished(request.out / name, config=Sweep(config, [{}], seeds).to_json())
        if not found and name.startswith(request.rows or "") and request.left != 0:
            trained = sweep(config, [{}], request.out / name, seeds=seeds, **request.options)
            found = trained if trained["complete"] else None
        if found:
            metrics[name] = measured(found)
        else:
            left.append(name)
    described = {"rows": list(request.rows), "quick": request.quick}
    facts: dict[str, Any] = {"seed": 0, "data": None}
    if left:
        facts["incomplete"] = f"{len(left)} of {len(rows)} rows are not trained, from {left[0]} on"
    result = record.begin("neuron_table", described, facts)
    return {**result, "metrics": metrics, "complete": not left}


def measured(swept: dict[str, Any]) -> dict[str, Any]:
    """What the finished sweep of a row has found."""
    found = over_seeds(swept)
    names = ("test_accuracy", "test_accuracy_std", "seeds", "diverged", "parameters", "seconds")
    return {**{name: found[name] for name in names}, "firing_rate": found["firing_rate"]}


def above_lif(kind: str):
    """How far TC-LIF is above LIF on digits; NaN where one of them was not trained."""

    def found(metrics: Mapping[str, Any]) -> float:
        rows = [metrics.get(f"digits_{name}_{kind}", {}) for name in ("tc_lif", "lif")]
        own, other = (row.get("test_accuracy") for row in rows)
        return math.nan if own is None or other is None else own - other

    return found


EXPERIMENT = Experiment(
    claim="every neuron in the same networks on digits and spoken digits, feed-forward and recurrent, three seeds",
    time="90 minutes for digits, two hours for spoken digits, on 2 CPU cores",
    run=run,
    expected=tuple(
        Expectation(f"digits, {kind}: TC-LIF minus LIF", above_lif(kind), low=0.0) for kind in KINDS
    ),
    has_rows=True,
    rows_are_runs=True,
)
