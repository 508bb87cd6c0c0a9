"""What training minimises and what is measured: losses, regularisers, metrics."""

from spikejax.objectives.losses import (
    TET,
    Loss,
    MeanCrossEntropy,
    StepCrossEntropy,
    SummedCrossEntropy,
)
from spikejax.objectives.metrics import Accuracy, MeanAbsoluteError, Metric, Rates
from spikejax.objectives.regularisers import FiringRate, Membrane, Regulariser
from spikejax.objectives.squared_errors import MSE, SpikeCountMSE
from spikejax.registry import Registry


def _kind(base, *others):
    bases = (Loss, Metric, Regulariser)

    def belongs(value):
        ours = isinstance(value, type) and issubclass(value, base) and value not in bases
        return ours and not issubclass(value, others)

    return belongs


LOSSES = Registry("loss", __name__, _kind(Loss, Metric, Regulariser))
REGULARISERS = Registry("regulariser", __name__, _kind(Regulariser))
METRICS = Registry("metric", __name__, _kind(Metric, Rates))  # every run measures firing rates

__all__ = [
    "Accuracy",
    "FiringRate",
    "LOSSES",
    "Loss",
    "METRICS",
    "MSE",
    "MeanAbsoluteError",
    "MeanCrossEntropy",
    "Membrane",
    "Metric",
    "REGULARISERS",
    "Rates",
    "Regulariser",
    "SpikeCountMSE",
    "StepCrossEntropy",
    "SummedCrossEntropy",
    "TET",
]
