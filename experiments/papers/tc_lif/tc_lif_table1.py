"""TC-LIF and other neurons on S-MNIST, PS-MNIST, Speech Commands, SHD and SSC: parameters and test accuracy.

Reproduces: TC-LIF (AAAI 2024), Table 1, with the networks of its Table 6 and of the printed numbers of parameters; a
row is a data set, a neuron and a network. LSNN and AHP have other inputs in the paper (68.2 K, 68.4 K); here they
are in the network of 63.6 K, and so are LIF and the other order of TC-LIF's reset ("tc_lif_paper"), which the paper
does not have. ALIF on Speech Commands (221.7 K) is not among them: it has three times the inputs, with deltas.

- "parameters": all that are learned; LSTM's without its read-out, as printed. The authors of ALIF learn 20 time
  constants of the read-out besides, so that 156,254 are printed as 156.3 K, where there are 156,234 here.
- "state": "trained", or "not run" and why. Rows on S-MNIST and PS-MNIST are trained where JAX has an accelerator, by
  the recipes `smnist_one_cycle` and `psmnist_one_cycle` (36 epochs in place of the paper's 200); those on Speech
  Commands, SHD and SSC where their files are found. `--rows` trains those named whatever the machine is.
- "test_accuracy": after the last epoch, mean over four seeds, which are trials of one program; the paper reports the
  best of 200 epochs, chosen on the test samples.
- "neat": what a later comparison by an author of TC-LIF measured with the same neuron in 700-128-128, feed-forward or
  recurrent (NEAT).
Command: python -m experiments run tc_lif_table1 [--rows NAME …]
Expected: parameters to 0.1 K; TC-LIF, 1-40-200-64-10 recurrent, at the printed accuracy on S-MNIST and PS-MNIST;
1-64-256-256-10, feed-forward and recurrent, at most half a percentage point below it on S-MNIST.
Time: a minute for the parameters; on a GPU some minutes a row; with `--seconds` rows are trained one after the other as
far as the time goes, and the same command continues. The record of each trained row is kept as well, in
`results/tc_lif_table1`.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp

from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.tc_lif import setups
from experiments.papers.tc_lif.published import NEUTRAL, TABLE_1, Cell
from spikejax import paths
from spikejax.analysis import count_parameters
from spikejax.data import MissingData
from spikejax.networks.lstm import LSTM
from spikejax.networks.mlp import MLP
from spikejax.networks.relu_srnn import ReLUSRNN
from spikejax.neurons.ahp import AHP
from spikejax.neurons.alif import ALIF
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.ltmd import LTMD
from spikejax.recipes import RECIPES
from spikejax.runs import record, sweep
from spikejax.runs.config import Config, source_of
from spikejax.runs.several import over_seeds
from spikejax.runs.sweeping import Sweep

NEURONS: dict[str, Neuron] = {
    **{name: setups.NEURONS[name] for name in ("lif", "plif", "glif")},
    "alif": ALIF(),
    "lsnn": ALIF(order="lsnn"),
    "ahp": AHP(),
    "ltmd": LTMD(),
}
STEPS = {
    "smnist": (784, 1, 10),
    "psmnist": (784, 1, 10),
    "speech_commands": (101, 40, 12),
    "shd": (250, 700, 20),
    "ssc": (250, 700, 35),
}
TRAINED_BY = {"smnist": "smnist_one_cycle", "psmnist": "psmnist_one_cycle"}
SEEDS = (0, 1, 2, 3)
NOT_RUN = "not run"
QUICK_ROWS = ("smnist_tc_lif_rec_40-200-64", "smnist_lstm_128")


def name_of(cell: Cell) -> str:
    """The name of a row, by which it is asked for and kept."""
    kind = {"lstm": "", "relu_srnn": ""}.get(cell.neuron, "_rec" if cell.recurrent else "_ff")
    return f"{cell.data}_{cell.neuron}{kind}_{'-'.join(map(str, cell.hidden))}"


ROWS = {name_of(cell): cell for cell in TABLE_1}


def neuron_of(cell: Cell) -> Neuron:
    """The neuron of a row, that of TC-LIF as in the recipe of its data."""
    if cell.neuron in NEURONS:
        return NEURONS[cell.neuron]
    neuron = RECIPES[cell.data if cell.recurrent else f"{cell.data}_ff"].config.network.neuron
    order = "paper" if cell.neuron == "tc_lif_paper" else "code"
    return paths.replace(neuron, {"order": order})


def network_of(cell: Cell) -> Any:
    """The network of a row."""
    _, _, classes = STEPS[cell.data]
    if cell.neuron == "lstm":
        return LSTM(cell.hidden[0], classes)
    if cell.neuron == "relu_srnn":
        return ReLUSRNN(cell.hidden, classes)
    neuron = neuron_of(cell).for_steps(STEPS[cell.data][0])
    dropout = RECIPES[cell.data].config.network.dropout
    return MLP(cell.hidden, classes, neuron, recurrent=cell.recurrent, dropout=dropout)


def config_of(cell: Cell) -> Config:
    """What is trained for a row."""
    config = RECIPES[TRAINED_BY.get(cell.data, cell.data)].config
    return paths.replace(config, {"network": network_of(cell)})


def parameters(cell: Cell) -> int:
    """How many parameters the network of a row learns, as the paper counts."""
    _, inputs, _ = STEPS[cell.data]
    x = jax.ShapeDtypeStruct((1, 1, inputs), jnp.float32)
    params = jax.eval_shape(network_of(cell).init, jax.random.key(0), x)["params"]
    return count_parameters(params["lstm"] if cell.neuron == "lstm" else params)


def neat_of(cell: Cell) -> float | None:
    """What NEAT has for TC-LIF in a network of this size, in per cent."""
    if cell.data not in ("shd", "ssc") or cell.neuron != "tc_lif" or cell.hidden != (128, 128):
        return None
    return NEUTRAL[cell.data.upper()]["TC-LIF"][bool(cell.recurrent)]


def run(request: Request) -> dict[str, Any]:
    rows = {name: ROWS[name] for name in QUICK_ROWS} if request.quick else ROWS
    if unknown := [name for name in request.rows if not _asked(name, ROWS)]:
        raise ValueError(
            f"expected rows of {', '.join(ROWS)}, or beginnings of them, found {', '.join(unknown)}"
        )
    metrics, cut = {}, []
    for name, cell in rows.items():
        row = {
            "parameters": parameters(cell),
            "printed": {"thousands": cell.thousands, "accuracy": cell.accuracy},
            "neat": neat_of(cell),
        }
        config, seeds = trial_of(request, cell)
        study = Sweep(config, [{}], seeds).to_json()
        if before := record.finished(request.out / name, config=study):
            # Whatever is asked for now, and whatever time is left.
            row |= accuracies(before, config)
        elif why := _not_run(request, name, cell):
            row["state"] = f"{NOT_RUN}: {why}"
        elif request.left == 0:
            row["state"] = f"{NOT_RUN}: no time"
            cut.append(name)
        else:
            swept = sweep(config, [{}], request.out / name, seeds=seeds, **request.options)
            row |= accuracies(swept, config) if swept["complete"] else {"state": "begun"}
            cut += [] if swept["complete"] else [name]
        metrics[name] = row
    facts: dict[str, Any] = {"seed": 0, "data": None}
    if cut:
        facts["incomplete"] = f"no time for {len(cut)} rows, from {cut[0]} on"
    described = {"rows": list(request.rows), "quick": request.quick}
    result = record.begin("tc_lif_table1", described, facts)
    return {**result, "metrics": metrics, "complete": not cut}


def _asked(beginning, names):
    return [name for name in names if name.startswith(beginning)]


def _not_run(request: Request, name: str, cell: Cell) -> str | None:
    """Why a row is not trained; None if it is."""
    if request.quick:
        return None
    if request.rows and not name.startswith(request.rows):
        return "not among the rows that were asked for"
    source: Any = source_of(config_of(cell))
    try:
        if not all(found for _, found in source.looked_in(request.data_dir)):
            source.load(request.data_dir)
    except MissingData:
        return "its data were not found"
    if not request.rows and cell.data in TRAINED_BY and not setups.on_accelerator():
        return "needs an accelerator; --rows trains it without one"
    return None


def trial_of(request: Request, cell: Cell) -> tuple[Config, tuple[int, ...]]:
    """What is trained for a row, and with which seeds; with `quick` an epoch on digits."""
    if request.quick:
        small = {"data": "digits", "epochs": 1, "batch_size": 512}
        return paths.replace(config_of(cell), small), SEEDS[:1]
    return config_of(cell), SEEDS


def accuracies(swept: Any, config: Config) -> dict[str, Any]:
    """What the finished sweep of a row has found."""
    found = over_seeds(swept)
    kept = {key: found[key] for key in ("test_accuracy", "test_accuracy_std", "seeds")}
    return {"state": "trained", "epochs": config.epochs, **kept}


def furthest(metrics: Any) -> float:
    """The largest difference of parameters from the printed ones, in thousands."""
    return max(
        abs(row["parameters"] / 1e3 - row["printed"]["thousands"])
        for row in metrics.values()
        if row["printed"]["thousands"] is not None
    )


def _below(name: str):
    """How far a row is below its printed accuracy, in percentage points: NaN if it was not trained, infinite if all of
    its trials diverged."""

    def found(metrics):
        row = metrics.get(name, {})
        if "test_accuracy" not in row:
            return math.nan
        if row["test_accuracy"] is None:
            return math.inf
        return row["printed"]["accuracy"] - 100 * row["test_accuracy"]

    return found


SOURCE = "TC-LIF, Table 1"
EXPERIMENT = Experiment(
    claim="TC-LIF and other neurons on five data sets: parameters, and test accuracy where there is a GPU and the data",
    time="a minute for the parameters; some minutes per row on a GPU",
    run=run,
    expected=(
        Expectation(
            "parameters, largest difference from the printed ones, K",
            furthest,
            high=0.1,
            source=SOURCE,
        ),
        *(
            Expectation(
                f"{name}: points of test accuracy below the paper",
                _below(name),
                high=high,
                source=SOURCE,
            )
            for name, high in (
                ("smnist_tc_lif_rec_40-200-64", 0.0),
                ("psmnist_tc_lif_rec_40-200-64", 0.0),
                ("smnist_tc_lif_rec_64-256-256", 0.5),
                ("smnist_tc_lif_ff_64-256-256", 0.5),
            )
        ),
    ),
    has_rows=True,
    rows_are_runs=True,
)
