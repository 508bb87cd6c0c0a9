"""Tables of runs and of sweeps."""

import csv
import io
import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from spikejax import tables

SHOWN = 8  # points in the table of a sweep


def run_table(metrics: dict[str, dict[str, Any]]) -> str:
    """The metrics of runs by name, as a text table."""
    score = _score(next(iter(metrics.values())))
    header = ("neuron", "parameters", score.replace("_", " "), "firing rate per layer", "seconds")
    rows = []
    for name, values in metrics.items():
        rates = " ".join(f"{rate:.3f}" for rate in values["firing_rate"].values())
        shown = _number(score, values[score])
        if f"{score}_std" in values:
            shown += f" ± {_number(score, values[f'{score}_std'])}"
        rows.append((name, f"{values['parameters']:,}", shown, rates, f"{values['seconds']:.1f}"))
    return tables.aligned(header, rows)


def _score(values):
    """The metric that a table shows: the first one of the test samples other than the loss."""
    names = [n for n, x in values.items() if n.startswith("test_") and isinstance(x, float)]
    names = [n for n in names if not n.endswith("_std")]
    return next((n for n in names if n != "test_loss"), "test_loss")


def _number(name, value):
    return f"{100 * value:.2f} %" if "accuracy" in name else f"{value:.4g}"


def summary_line(values: dict[str, Any]) -> str:
    """The measurements of a network in one line."""
    shown = {n: x for n, x in values.items() if n.startswith(("validation_", "test_"))}
    parts = [f"{name.replace('_', ' ')} {_number(name, value)}" for name, value in shown.items()]
    rates = " ".join(f"{rate:.3f}" for rate in values["firing_rate"].values())
    rates = [f"firing rate per layer {rates}"] if rates else []
    which = [f"trial {values['trial']} (seed {values['seed']})"] if "trial" in values else []
    return ", ".join([*which, *parts, *rates, f"after {values['steps']:,} steps"])


def csv_text(rows: list[dict[str, Any]]) -> str:
    """The rows as CSV; missing values of a diverged trial are empty.

    >>> csv_text([{"trial": 0, "loss": 0.5}, {"trial": 1, "loss": None}])
    'trial,loss\\n0,0.5\\n1,\\n'
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def axes(result: dict[str, Any]) -> tuple[str, ...]:
    """The columns that make up a point of a sweep."""
    return tuple(map(column, result["config"]["points"][0]))


def column(path: str) -> str:
    """The column of a value of the config; one of the config itself is marked, since "loss" is also what is measured.

    >>> column("network.neuron.decay"), column("loss")
    ('network.neuron.decay', 'config.loss')
    """
    return path if "." in path else f"config.{path}"


def by_point(
    rows: list[dict[str, Any]], names: tuple[str, ...], metric: str
) -> dict[tuple, np.ndarray]:
    """A metric `[seeds, epochs]` of each point; NaN if a trial has diverged.

    Args:
      rows: of a sweep, one per trial and epoch.
      names: the columns that make up a point.
      metric: the column to take.

    >>> rows = [{"rate": 1.0, "seed": s, "epoch": e, "loss": float(s + e)} for s in (0, 1) for e in (1, 2)]
    >>> by_point(rows, ("rate",), "loss")
    {(1.0,): array([[1., 2.],
           [2., 3.]])}
    """
    trials: dict[tuple, dict[int, dict[int, float]]] = {}
    shown = {name: _distinct([row.get(name) for row in rows]) for name in names}
    for row in rows:
        value = np.nan if row[metric] is None else row[metric]
        point = tuple(shown[name][_text(row.get(name))] for name in names)
        trials.setdefault(point, {}).setdefault(row["seed"], {})[row["epoch"]] = value
    return {
        point: np.array(
            [[by_epoch[epoch] for epoch in sorted(by_epoch)] for by_epoch in seeds.values()]
        )
        for point, seeds in trials.items()
    }


def _distinct(values):
    """Values of points by their text, in a comparable form: specs of one type with what differs between them.

    >>> first, second = {"type": "neuron lif", "decay": 0.5}, {"type": "neuron lif", "decay": 0.9}
    >>> list(_distinct([first, second, 3.0, first]).values())
    ['lif(decay=0.5)', 'lif(decay=0.9)', 3.0]
    """
    found = {_text(value): value for value in values}
    plain = {text: _plain(value) for text, value in found.items()}
    for name in set(map(str, plain.values())):
        same = [text for text, shown in plain.items() if str(shown) == name]
        parts = [found[text] for text in same]
        if len(same) > 1 and all(isinstance(part, dict) for part in parts):
            flat = [_flat(part) for part in parts]
            keys = dict.fromkeys(key for one in flat for key in one)
            varied = [key for key in keys if len({_text(one.get(key)) for one in flat}) > 1]
            for text, one in zip(same, flat, strict=True):
                plain[text] = f"{name}({', '.join(f'{key}={one.get(key)}' for key in varied)})"
    return plain


def _text(value):
    return json.dumps(value, sort_keys=True)


def _flat(tree, prefix=""):
    found = {}
    for name, value in tree.items():
        path = f"{prefix}{name}"
        found |= _flat(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return found


def _plain(value):
    """A value of a point in a comparable form: a spec is represented by its type."""
    if isinstance(value, dict):
        return value.get("type", str(value)).rpartition(" ")[2]
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def ranked(
    rows: list[dict[str, Any]], names: tuple[str, ...], ranking: dict[str, str]
) -> list[tuple]:
    """The points from best to worst: (point, mean, standard deviation (divisor n), seeds, diverged) of the last epoch.

    Mean and deviation are over the seeds that have not diverged; points of which all have diverged come last.
    """
    entries = []
    for point, values in by_point(rows, names, ranking["metric"]).items():
        last = values[:, -1]
        good = last[~np.isnan(last)]
        mean, spread = (good.mean(), good.std()) if good.size else (np.nan, np.nan)
        entries.append((point, float(mean), float(spread), last.size, last.size - good.size))
    sign = -1 if ranking["best"] == "max" else 1
    return sorted(entries, key=lambda entry: np.nan_to_num(sign * entry[1], nan=np.inf))


def sweep_table(result: dict[str, Any]) -> str:
    """The best points of a sweep as a text table."""
    names, ranking = axes(result), result["provenance"]["selection"]
    header = (*short(names), f"{ranking['metric'].replace('_', ' ')}, mean ± std")
    rows = []
    for point, mean, spread, seeds, diverged in ranked(result["history"], names, ranking)[:SHOWN]:
        shown = f"{mean:.4f} ± {spread:.4f}" if seeds > 1 else f"{mean:.4f}"
        rows.append((*map(_short, point), shown, str(seeds), str(diverged)))
    return tables.aligned((*header, "seeds", "diverged"), rows)


def labels(names: tuple[str, ...], points: Sequence[tuple]) -> list[str]:
    """Points in words, by what differs between them.

    >>> labels(("network.neuron.decay", "gain"), [(0.5, 1.0), (0.9, 1.0)])
    ['decay 0.5', 'decay 0.9']
    """
    varied = [i for i in range(len(names)) if len({point[i] for point in points}) > 1]
    shown = short(names)
    return [
        ", ".join(f"{shown[i]} {_short(point[i])}" for i in varied) or "all" for point in points
    ]


def short(names: Sequence[str]) -> list[str]:
    """Paths by their shortest unique ends.

    >>> short(("network.neuron.decay", "network.gain", "network.neuron.surrogate.width", "window.width"))
    ['decay', 'gain', 'surrogate.width', 'window.width']
    """
    found = []
    for name in names:
        pieces = name.split(".")
        ends = (".".join(pieces[i:]) for i in range(len(pieces) - 1, -1, -1))
        found.append(next(e for e in ends if sum(f".{n}".endswith(f".{e}") for n in names) == 1))
    return found


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def progress_line(text: str, *, done: bool) -> None:
    """Shows the progress of a sweep: on a terminal over the previous line, elsewhere as a line."""
    if sys.stderr.isatty():
        print(f"\r{text}", end="\n" if done else "", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)
