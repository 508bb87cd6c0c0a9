"""TC-LIF's recurrent network on permuted sequential MNIST, with the threshold of the paper."""

import dataclasses

from spikejax import paths
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.psmnist import RECIPE as PSMNIST

NEURON = TCLIF.from_beta(-0.2, 0.8, gamma=0.5, threshold=1.8)

RECIPE = dataclasses.replace(
    PSMNIST,
    title="permuted sequential MNIST, 1-40-200-64-10, recurrent, threshold 1.8",
    source="TC-LIF (AAAI 2024), Tables 1 and 5; the released network has a threshold of 1, the recipe `psmnist`",
    config=paths.replace(PSMNIST.config, {"neuron": NEURON}),
    neurons={"tc_lif": NEURON},
)
