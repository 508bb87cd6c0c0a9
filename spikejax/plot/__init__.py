"""Figures; the only subpackage that imports matplotlib."""

from spikejax.plot.activity import raster, rasters, rates, traces
from spikejax.plot.events import clouds, frames
from spikejax.plot.neuron import portrait
from spikejax.plot.style import COLOURS, FAINT, INK, colour, figure, save
from spikejax.plot.training import heat_map, learning_curves, spread

__all__ = [
    "COLOURS",
    "FAINT",
    "INK",
    "clouds",
    "colour",
    "figure",
    "frames",
    "heat_map",
    "learning_curves",
    "portrait",
    "raster",
    "rasters",
    "rates",
    "save",
    "spread",
    "traces",
]
