"""TC-LIF's feed-forward network on Spiking Speech Commands."""

import dataclasses

from spikejax import paths
from spikejax.recipes.ssc import RECIPE as SSC

RECIPE = dataclasses.replace(
    SSC,
    title="SSC, 700-128-128-35, feed-forward, 250 steps, 110.8 K parameters",
    config=paths.replace(SSC.config, {"hidden": (128, 128), "recurrent": ()}),
)
