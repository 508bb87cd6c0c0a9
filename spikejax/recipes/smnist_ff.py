"""TC-LIF's feed-forward network on sequential MNIST."""

import dataclasses

from spikejax import paths
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.smnist import RECIPE as SMNIST

NEURON = TCLIF.from_beta(-0.5, 0.5, gamma=0.5, threshold=1.0)

RECIPE = dataclasses.replace(
    SMNIST,
    title="sequential MNIST, 1-64-256-256-10, feed-forward, 85.1 K parameters",
    config=paths.replace(
        SMNIST.config, {"hidden": (64, 256, 256), "recurrent": (), "neuron": NEURON}
    ),
    neurons={"tc_lif": NEURON},
    timing=None,  # that of the recurrent network is another one
)
