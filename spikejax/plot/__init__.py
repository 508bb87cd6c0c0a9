"""Pictures; the only room that imports matplotlib."""

from spikejax.plot.draw import (
    FAINT,
    INK,
    figure,
    heat_map,
    learning_curves,
    portrait,
    raster,
    rasters,
    save,
    spread,
    traces,
)

__all__ = [
    "FAINT",
    "INK",
    "figure",
    "heat_map",
    "learning_curves",
    "portrait",
    "raster",
    "rasters",
    "save",
    "spread",
    "traces",
]
