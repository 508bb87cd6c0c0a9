"""The library's figure style, and how figures are saved."""

from pathlib import Path
from typing import Any

from spikejax import files
from spikejax.extras import require

INK, FAINT = "#1a1a1a", "#9a9a9a"


def figure(
    rows: int = 1, columns: int = 1, *, width: float = 8.0, height: float = 3.0, **options: Any
) -> tuple[Any, Any]:
    """A figure and its `[rows, columns]` axes in the library's style, made without a display."""
    require("matplotlib")
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=120, layout="constrained")
    axes = made.subplots(rows, columns, squeeze=False, **options)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    return made, axes


def save(made: Any, path: str | Path) -> Path:
    """Writes a figure as PNG, atomically."""
    return files.write(path, lambda file: made.savefig(file, format="png"))
