"""TC-LIF's recurrent network on Spiking Speech Commands."""

import dataclasses

from spikejax import paths
from spikejax.recipes.shd import RECIPE as SHD

RECIPE = dataclasses.replace(
    SHD,
    title="SSC, 700-128-35, recurrent, 250 steps, 110.8 K parameters",
    source="TC-LIF (AAAI 2024), Tables 1, 5 and 6: one hidden layer; the released code has two of 400. Optimiser as in "
    "the released code, see `shd`; the paper has 1e-4 and four fifths of the rate every 10 epochs",
    config=paths.replace(SHD.config, {"data": "ssc", "hidden": (128,), "recurrent": (0,)}),
)
