"""A Flax network bound to sequences and cross-entropy, as most tests train it."""

from spikejax.dynamics import Time
from spikejax.inputs import Sequence
from spikejax.networks.core import pure
from spikejax.objectives import Accuracy, Rates, SummedCrossEntropy
from spikejax.objectives.composed import measurement, objective
from spikejax.objectives.model import Model
from spikejax.training import Trainer

LOSS, METRICS = SummedCrossEntropy(), (Accuracy(),)


def bound(network, scale=None, loss=LOSS, metrics=METRICS, **time):
    """The model, what training minimises, and what is measured."""
    model = Model(pure.Functions(network), Sequence(scale=scale), Time(**time))
    return (
        model,
        objective(model, loss, metrics=metrics),
        measurement(model, loss, (*metrics, Rates())),
    )


def trainer_of(network, optimiser, scale=None, micro_batches=1, mesh=None, **time):
    """A trainer of the network."""
    minimised = bound(network, scale, **time)[1]
    return Trainer(minimised, optimiser, micro_batches=micro_batches, mesh=mesh)
