"""TC-LIF's feed-forward network on Google Speech Commands."""

import dataclasses

from spikejax import paths
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.speech_commands import RECIPE as RECURRENT

NEURON = TCLIF.from_beta(-0.5, 0.5, gamma=0.6, threshold=1.2)

RECIPE = dataclasses.replace(
    RECURRENT,
    title="Speech Commands, 12 classes, 40-300-300-12, feed-forward, 101 steps, 106.2 K parameters",
    source=f"{RECURRENT.source}; the released command starts at (−0.8, 0.8)",
    config=paths.replace(RECURRENT.config, {"recurrent": (), "neuron": NEURON}),
    neurons={"tc_lif": NEURON},
)
