"""Two epochs of the digits, as an earlier and separately written trainer computed them in double precision."""

import numpy as np
import pytest

from spikejax import MLP, Config, fit
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.training import Adam, OneCycle

# Written down from the records of commit 1906a76, whose training loop, batches, objective and optimiser are other code.
LIF_EPOCHS = (
    {"loss": 10.686447194021058, "test_loss": 6.958273589253792, "test_accuracy": 15 / 360},
    {"loss": 5.643071809343038, "test_loss": 5.044517500020656, "test_accuracy": 20 / 360},
)
LIF_RATES = {"neuron_0": 0.18041178385416667, "neuron_1": 0.0029106987847222223}
TC_LIF_EPOCHS = (
    {"loss": 9.969571501080226, "test_loss": 6.43419951622863, "test_accuracy": 20 / 360},
    {"loss": 4.740706979223337, "test_loss": 4.020974640715607, "test_accuracy": 40 / 360},
)
TC_LIF_RATES = {"neuron_0": 0.1933865017361111, "neuron_1": 0.021736653645833333}


@pytest.mark.parametrize(
    "neuron, learned, epochs, rates",
    [
        (LIF(), (), LIF_EPOCHS, LIF_RATES),
        (TCLIF(), ("c1", "c2"), TC_LIF_EPOCHS, TC_LIF_RATES),
    ],
    ids=["lif", "tc_lif"],
)
def test_training_computes_what_it_always_did(neuron, learned, epochs, rates, float64):
    network = MLP((16, 16), None, neuron, learn=learned, recurrent=(0, 1))
    optimiser = Adam(learning_rate=5e-3, schedule=OneCycle())
    config = Config(data="digits", network=network, optimiser=optimiser, epochs=2, batch_size=64)
    history = fit(config, progress=False).record["history"]
    for row, expected in zip(history, epochs, strict=True):
        for name, value in expected.items():
            np.testing.assert_allclose(row[name], value, rtol=1e-9)
    for name, value in rates.items():
        np.testing.assert_allclose(history[-1]["firing_rate"][name], value, rtol=1e-9)
