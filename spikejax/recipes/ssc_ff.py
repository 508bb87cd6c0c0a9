"""TC-LIF's feed-forward network on Spiking Speech Commands."""

import dataclasses

from spikejax import paths
from spikejax.recipes.ssc import RECIPE as SSC

RECIPE = dataclasses.replace(
    SSC,
    title="SSC, 700-128-128-35, feed-forward, 250 steps, 110.8 K parameters",
    source="TC-LIF (AAAI 2024), Tables 1, 5 and 6; the released code has 400 units in each layer. Optimiser as in the "
    "released code, see `shd`; the paper has 1e-4 and four fifths of the rate every 10 epochs",
    config=paths.replace(SSC.config, {"hidden": (128, 128), "recurrent": ()}),
)
