"""TC-LIF's recurrent network on sequential MNIST, in 36 epochs."""

import dataclasses

from spikejax import paths
from spikejax.recipes.smnist import RECIPE as SMNIST
from spikejax.training import Adam, OneCycle

RECIPE = dataclasses.replace(
    SMNIST,
    title="sequential MNIST, 1-40-200-64-10, recurrent, 63.6 K parameters, 36 epochs",
    source="network and neuron of TC-LIF (AAAI 2024); the optimiser is this library's: Adam, one cycle to 2e-3, "
    "gradients clipped at a norm of 1",
    config=paths.replace(
        SMNIST.config,
        {
            "optimiser": Adam(learning_rate=2e-3, schedule=OneCycle(up=0.15), clip=1.0),
            "epochs": 36,
        },
    ),
)
