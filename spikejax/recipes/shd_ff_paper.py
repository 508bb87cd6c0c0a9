"""TC-LIF's feed-forward network on Spiking Heidelberg Digits, with the rates of the paper."""

import dataclasses

from spikejax import paths
from spikejax.recipes.shd_ff import RECIPE as SHD
from spikejax.recipes.shd_paper import RECIPE as PAPER

RECIPE = dataclasses.replace(
    SHD,
    title="SHD, 700-128-128-20, feed-forward, 250 steps, rates of the paper",
    source=PAPER.source,
    config=paths.replace(SHD.config, {"optimiser": PAPER.config.optimiser, "learning_rate": 5e-4}),
)
