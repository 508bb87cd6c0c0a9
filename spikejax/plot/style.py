"""The library's figure style, and how figures are saved."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from spikejax import files
from spikejax.extras import require

P = ParamSpec("P")
T = TypeVar("T")
# Colours for readers with any colour vision: those of Okabe and Ito, "Color Universal Design" (2008), without the
# yellow, which is faint on white.
BLUE, VERMILION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
ORANGE, SKY = "#e69f00", "#56b4e9"
INK, FAINT = "#1a1a1a", "#9a9a9a"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, INK)
THRESHOLD = VERMILION
# The style sheet, in the words of matplotlib.
STYLE = {
    "figure.dpi": 120,
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": f"cycler('color', {list(COLOURS)})",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "figure.titlesize": 11,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "image.cmap": "viridis",
}
FORMATS = ("png", "svg", "pdf")


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """The same function, drawing in the library's style."""

    @functools.wraps(draw)
    def styled_draw(*args: P.args, **options: P.kwargs) -> T:
        with require("matplotlib").rc_context(STYLE):
            return draw(*args, **options)

    return styled_draw


@styled
def figure(
    rows: int = 1, columns: int = 1, *, width: float = 8.0, height: float = 3.0, **options: Any
) -> tuple[Any, Any]:
    """A figure and its `[rows, columns]` axes in the library's style, made without a display."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height))
    return made, made.subplots(rows, columns, squeeze=False, **options)


def colour(number: int) -> str:
    """The colour of the line with a number; after seven they repeat."""
    return COLOURS[number % len(COLOURS)]


def save(made: Any, path: str | Path) -> Path:
    """Writes a figure, atomically: as SVG or PDF if the file's name ends so, which are drawn anew at any size, or PNG.

    Raises:
      ValueError: another ending.
    """
    kind = Path(path).suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise ValueError(f"expected a file that ends in .png, .svg or .pdf, found {path}")
    return files.write(path, lambda file: made.savefig(file, format=kind))
