"""TC-LIF's recurrent network on permuted sequential MNIST, in 36 epochs."""

import dataclasses

from spikejax import paths
from spikejax.recipes.psmnist import RECIPE as PSMNIST
from spikejax.recipes.smnist_one_cycle import RECIPE as ONE_CYCLE

RECIPE = dataclasses.replace(
    PSMNIST,
    title="permuted sequential MNIST, 1-40-200-64-10, recurrent, 63.6 K parameters, 36 epochs",
    source=ONE_CYCLE.source,
    config=paths.replace(
        PSMNIST.config,
        {"optimiser": ONE_CYCLE.config.optimiser, "epochs": ONE_CYCLE.config.epochs},
    ),
)
