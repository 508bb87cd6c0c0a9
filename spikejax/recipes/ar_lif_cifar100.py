"""AR-LIF's ResNet-18 on CIFAR-100."""

import dataclasses

import numpy as np

from spikejax import paths
from spikejax.recipes.ar_lif_cifar10 import RECIPE as CIFAR10

MEAN = np.array([0.5071, 0.4867, 0.4408], np.float32)
DEVIATION = np.array([0.2675, 0.2565, 0.2761], np.float32)

RECIPE = dataclasses.replace(
    CIFAR10,
    title="CIFAR-100, ResNet-18, 4 steps, 11.2 M parameters",
    source="AR-LIF (arXiv 2507.20746), Table 1, and the released code: as for CIFAR-10, with the peak rate of the "
    "published log, 0.05 (its default is 0.1), and ten times the weight decay",
    config=paths.replace(
        CIFAR10.config,
        {
            "data": "cifar100",
            "encoder.mean": MEAN,
            "encoder.deviation": DEVIATION,
            "augment.2.fill": 255 * MEAN,
            "learning_rate": 0.05,
            "weight_decay": 5e-4,
        },
    ),
)
