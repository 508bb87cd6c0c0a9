"""TC-LIF's feed-forward network on permuted sequential MNIST."""

import dataclasses

from spikejax import paths
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.smnist_ff import RECIPE as SMNIST

NEURON = TCLIF.from_beta(-0.5, 0.5, gamma=0.7, threshold=1.5)

RECIPE = dataclasses.replace(
    SMNIST,
    title="permuted sequential MNIST, 1-64-256-256-10, feed-forward, 85.1 K parameters",
    config=paths.replace(SMNIST.config, {"data": "psmnist", "neuron": NEURON}),
    neurons={"tc_lif": NEURON},
)
