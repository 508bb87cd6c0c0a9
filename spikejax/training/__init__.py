"""Training: steps, optimisers, schedules, the loop, checkpoints."""

from spikejax.registry import Registry
from spikejax.training.loggers import CSVLogger, TensorBoardLogger, TrackerLogger
from spikejax.training.loop import Hooks, fit
from spikejax.training.optimisers import SGD, Adam, AdamW, Optimiser
from spikejax.training.progress import Diverged
from spikejax.training.schedules import (
    Constant,
    Cosine,
    Milestones,
    OneCycle,
    Ramp,
    Schedule,
)
from spikejax.training.state import Trainer, TrainState, init
from spikejax.training.step import evaluate, train_epoch, train_step

OPTIMISERS = Registry(
    "optimiser",
    __name__,
    lambda value: (
        isinstance(value, type) and issubclass(value, Optimiser) and value is not Optimiser
    ),
)
SCHEDULES = Registry(
    "schedule",
    __name__,
    lambda value: isinstance(value, type) and issubclass(value, Schedule) and value is not Schedule,
)

__all__ = [
    "Adam",
    "AdamW",
    "CSVLogger",
    "Constant",
    "Cosine",
    "Diverged",
    "Hooks",
    "Milestones",
    "OPTIMISERS",
    "OneCycle",
    "Ramp",
    "SCHEDULES",
    "SGD",
    "TensorBoardLogger",
    "TrackerLogger",
    "Trainer",
    "TrainState",
    "evaluate",
    "fit",
    "init",
    "train_epoch",
    "train_step",
]
