"""What the rows of a sweep say: its best points, its learning curves, a map of two axes."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from spikejax.plot import draw as plot

SHOWN = 8  # points in the table and in the curves


def csv_text(rows: list[dict[str, Any]]) -> str:
    """The rows as CSV; what a diverged lane no longer has is empty.

    >>> csv_text([{"lane": 0, "loss": 0.5}, {"lane": 1, "loss": None}])
    'lane,loss\\n0,0.5\\n1,\\n'
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def by_point(
    rows: list[dict[str, Any]], names: tuple[str, ...], metric: str
) -> dict[tuple, np.ndarray]:
    """A metric `[seeds, epochs]` of each point; NaN where a lane has diverged.

    Args:
      rows: of a sweep, one a lane and epoch.
      names: the columns that make up a point.
      metric: the column to take.

    >>> rows = [{"rate": 1.0, "seed": s, "epoch": e, "loss": float(s + e)} for s in (0, 1) for e in (1, 2)]
    >>> by_point(rows, ("rate",), "loss")
    {(1.0,): array([[1., 2.],
           [2., 3.]])}
    """
    lanes: dict[tuple, dict[int, dict[int, float]]] = {}
    for row in rows:
        value = np.nan if row[metric] is None else row[metric]
        point = tuple(row.get(name) for name in names)
        lanes.setdefault(point, {}).setdefault(row["seed"], {})[row["epoch"]] = value
    return {
        point: np.array(
            [[by_epoch[epoch] for epoch in sorted(by_epoch)] for by_epoch in seeds.values()]
        )
        for point, seeds in lanes.items()
    }


def ranked(rows: list[dict[str, Any]], names: tuple[str, ...], metric: str) -> list[tuple]:
    """The points from the best on: (point, mean, standard deviation, seeds, diverged) of the last epoch.

    Mean and deviation are over the seeds that have not diverged; points of which all have come last.
    """
    entries = []
    for point, values in by_point(rows, names, metric).items():
        last = values[:, -1]
        good = last[~np.isnan(last)]
        mean, spread = (good.mean(), good.std()) if good.size else (np.nan, np.nan)
        entries.append((point, mean, spread, last.size, last.size - good.size))
    return sorted(entries, key=lambda entry: -np.nan_to_num(entry[1], nan=-np.inf))


def best_table(rows: list[dict[str, Any]], names: tuple[str, ...], metric: str) -> str:
    """The best points as lines for people."""
    cells = [(*names, f"{metric.replace('_', ' ')}, mean ± std", "seeds", "diverged")]
    for point, mean, spread, seeds, diverged in ranked(rows, names, metric)[:SHOWN]:
        cells.append((*map(_short, point), f"{mean:.4f} ± {spread:.4f}", str(seeds), str(diverged)))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def draw(
    rows: list[dict[str, Any]], names: tuple[str, ...], metric: str, folder: Path, title: str
) -> list[Path]:
    """Draws the learning curves of the best points and, where two numbers vary, a heat map; returns the files."""
    points = by_point(rows, names, metric)
    shown = {
        ", ".join(f"{name} {_short(x)}" for name, x in zip(names, point, strict=True))
        or "all": points[point]
        for point, *_ in ranked(rows, names, metric)[:SHOWN]
    }
    label = metric.replace("_", " ")
    made = plot.spread(shown, label=label, title=title)
    files = [plot.save(made, folder / "learning_curves.png")]
    varied = [i for i in range(len(names)) if len({point[i] for point in points}) > 1]
    if len(varied) == 2 and all(isinstance(point[i], float) for point in points for i in varied):
        down, across = varied
        ends: dict[tuple, float] = {
            (point[down], point[across]): mean for point, mean, *_ in ranked(rows, names, metric)
        }
        made = plot.heat_map(ends, (names[down], names[across]), label=label, title=title)
        files.append(plot.save(made, folder / "heat_map.png"))
    return files


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
