"""TC-LIF's recurrent network on Spiking Heidelberg Digits, with the rates of the paper."""

import dataclasses

from spikejax import paths
from spikejax.recipes.shd import RECIPE as SHD
from spikejax.training import Adam, Milestones

EVERY_TENTH = tuple(range(10, 100, 10))

RECIPE = dataclasses.replace(
    SHD,
    title="SHD, 700-128-128-20, recurrent, 250 steps, rates of the paper",
    source="TC-LIF (AAAI 2024), supplement: Adam at 5e-3, feed-forward at 5e-4, four fifths of the rate every 10 "
    "epochs; the released code has another schedule, the recipe `shd`",
    config=paths.replace(
        SHD.config,
        {"optimiser": Adam(learning_rate=5e-3, schedule=Milestones(epochs=EVERY_TENTH, decay=0.8))},
    ),
)
