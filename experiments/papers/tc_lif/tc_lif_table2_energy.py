"""Energy of LSTM, LIF and TC-LIF layers in one time step: the paper's figures, and ours from measured firing rates.

Reproduces: TC-LIF (AAAI 2024), Tables 2 and 4, for 1-64-256-256-10 on S-MNIST, of which the first two hidden layers are
recurrent: 2,834.7 nJ, 23.8 nJ and 28.2 nJ at 4.6 pJ per multiply-accumulate and 0.9 pJ per accumulate. They are of one
time step, of which an image has 784; the read-out is not counted, and the rate of the pixels, the inputs of the first
layer, is not given. The printed LSTM is cut off, not rounded. TC-LIF comes out at 28.06 nJ, at 28.11 with a rate of 1
for the pixels, and at the printed 28.2 if the read-out is counted in addition; LIF would then be at 23.90.

- "paper_rates": the formulas with the rates that the paper gives.
- The other rows: the same network trained by the recipe `digits`, where JAX has an accelerator on S-MNIST and PS-MNIST
  too, with the firing rates of its test samples. What one network costs beside another depends on its rates, and they
  on the training; these are one seed.
Command: python -m experiments run tc_lif_table2_energy
Expected: with the paper's rates LSTM to 0.1 nJ, LIF to 0.1, TC-LIF to 0.2.
Time: about 3 minutes on 2 CPU cores.
"""

from typing import Any

from experiments.experiment import Expectation, Experiment, Request, joined
from experiments.papers.tc_lif import energy
from experiments.papers.tc_lif.setups import RECURRENT, sources, train, with_neuron
from spikejax.runs import record

PRINTED = {"lstm": 2834.7, "lif": 23.8, "tc_lif": 28.2}


def run(request: Request) -> dict[str, Any]:
    described = {"quick": request.quick}
    result = record.begin("tc_lif_table2_energy", described, {"seed": 0, "data": None})
    layers, rates = energy.PAPER_NETWORK, energy.PAPER_RATES
    result["metrics"]["paper_rates"] = {
        "lstm": {"energy_nj": energy.lstm(layers), "printed": PRINTED["lstm"]},
        **{name: {**_costs(layers, rates[name], name), "printed": PRINTED[name]} for name in rates},
    }
    for source, config in sources(request).items():
        found: dict[str, Any] = {}
        for name in rates:
            own = with_neuron(config, name, None if request.quick else RECURRENT)
            trained = train(request, f"{source} {name}", own)
            if not joined(result, f"{source} {name}", trained.record):
                return result
            metrics = trained.record["metrics"]
            measured = tuple(metrics["firing_rate"].values())
            sizes = (1, *own.network.hidden)
            own_layers = [
                energy.Layer(m, n, i in own.network.recurrent)
                for i, (m, n) in enumerate(zip(sizes, sizes[1:], strict=False))
            ]
            found["lstm"] = {"energy_nj": energy.lstm(own_layers)}
            found[name] = {
                **_costs(own_layers, measured, name),
                "test_accuracy": metrics["test_accuracy"],
            }
        result["metrics"][source] = found
    return {**result, "complete": True}


def _costs(layers, rates, name):
    variables = energy.VARIABLES[name]
    return {
        "energy_nj": energy.spiking(layers, rates, variables),
        "energy_nj_pixels_at_rate_1": energy.spiking(layers, rates, variables, first_rate=1.0),
        "rates": list(rates),
    }


def _difference(name: str):
    """How far the energy with the paper's rates is from the printed one, in nJ."""

    def found(metrics):
        row = metrics["paper_rates"][name]
        return abs(row["energy_nj"] - row["printed"])

    return found


SOURCE = "TC-LIF, Table 2"
EXPERIMENT = Experiment(
    claim="energy of LSTM, LIF and TC-LIF in one time step: the paper's Table 2, and from our firing rates",
    time="about 3 minutes on 2 CPU cores",
    run=run,
    expected=(
        Expectation(
            "LSTM, nJ from the printed value", _difference("lstm"), high=0.1, source=SOURCE
        ),
        Expectation("LIF, nJ from the printed value", _difference("lif"), high=0.1, source=SOURCE),
        Expectation(
            "TC-LIF, nJ from the printed value", _difference("tc_lif"), high=0.2, source=SOURCE
        ),
    ),
)
