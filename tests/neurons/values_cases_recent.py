"""The neurons published since 2022 that are compared with their oracles: every option that changes their equations."""

import numpy as np

from neuron_traces import VECTOR
from values_case import case

case(
    "adlif",
    "adlif",
    {
        "decay": np.array([0.83, 0.9, 0.95]),
        "adaptation_decay": 0.98,
        "a": VECTOR - 0.8,
        "b": 0.7,
        "threshold": 0.9,
    },
)
