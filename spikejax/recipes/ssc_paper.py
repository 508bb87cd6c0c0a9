"""TC-LIF's recurrent network on Spiking Speech Commands, with the rates of the paper."""

import dataclasses

from spikejax import paths
from spikejax.recipes.shd_paper import RECIPE as SHD
from spikejax.recipes.ssc import RECIPE as SSC

RECIPE = dataclasses.replace(
    SSC,
    title="SSC, 700-128-35, recurrent, 250 steps, rates of the paper",
    source="TC-LIF (AAAI 2024), supplement: Adam at 1e-4, four fifths of the rate every 10 epochs; the released code "
    "has another schedule, the recipe `ssc`",
    config=paths.replace(SSC.config, {"optimiser": SHD.config.optimiser, "learning_rate": 1e-4}),
)
