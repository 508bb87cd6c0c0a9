"""AR-LIF's Table 1 beside what was trained here, from the record."""

from collections.abc import Callable, Mapping
from typing import Any

from experiments.papers.ar_lif import ar_lif_table1
from experiments.tables import expected, section
from spikejax.tables import markdown


def cells(result: Mapping[str, Any]) -> str:
    """A row per data set and neuron: its parameters, what the paper prints, and what was run."""
    header = ["data", "neuron", "parameters", "paper, best test accuracy", "here", "state"]
    rows, shown = [], ""
    for name, row in result["metrics"].items():
        source, _, neuron = name.partition(" ")
        printed = "; ".join(_printed(one) for one in row["paper"])
        best = row.get("best_test_accuracy")
        here = "" if best is None else f"{100 * best:.2f} %"
        first = f"`{source}`" if source != shown else ""
        rows.append([first, f"`{neuron}`", f"{row['parameters']:,}", printed, here, row["state"]])
        shown = source
    return f"{markdown(header, rows)}\n{expected(ar_lif_table1.EXPERIMENT, result)}"


def _printed(one: Mapping[str, Any]) -> str:
    """The printed accuracies of a network.

    >>> _printed({"network": "VGG-13", "by_steps": {"4": 64.88}})
    'VGG-13, T = 4: 64.88 %'
    """
    values = [f"T = {steps}: {value:g} %" for steps, value in one["by_steps"].items()]
    return f"{one['network']}, {', '.join(values)}"


SECTIONS: dict[str, Callable[[], str]] = {"table 1 cells": section("ar_lif_table1", cells)}
