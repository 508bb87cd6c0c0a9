"""Runs and their folders: what is trained, its record, its report."""

from spikejax.runs.config import Config
from spikejax.runs.evaluation import Loaded, evaluate, load
from spikejax.runs.selection import EarlyStopping
from spikejax.runs.several import fit_several
from spikejax.runs.sweeping import sweep
from spikejax.runs.training import Trained, fit

__all__ = [
    "Config",
    "EarlyStopping",
    "Loaded",
    "Trained",
    "evaluate",
    "fit",
    "fit_several",
    "load",
    "sweep",
]
