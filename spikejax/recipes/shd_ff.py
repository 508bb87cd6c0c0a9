"""TC-LIF's feed-forward network on Spiking Heidelberg Digits."""

import dataclasses

from spikejax import paths
from spikejax.recipes.shd import RECIPE as SHD

RECIPE = dataclasses.replace(
    SHD,
    title="SHD, 700-128-128-20, feed-forward, 250 steps, 108.8 K parameters",
    config=paths.replace(SHD.config, {"recurrent": ()}),
)
