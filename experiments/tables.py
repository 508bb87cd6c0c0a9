"""What tables of records share: reading a record, where its values come from, and what was expected of it."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from experiments.experiment import RESULTS, Experiment
from spikejax import tables
from spikejax.runs import record


def read(name: str) -> dict[str, Any]:
    """The stored record of an experiment."""
    return record.read(RESULTS / f"{name}.json")


def missing(name: str) -> str | None:
    """The text in place of a record that does not exist yet; None if it does."""
    if (RESULTS / f"{name}.json").is_file():
        return None
    return (
        f"Not measured yet: `python -m experiments run {name}` writes the record "
        f"`experiments/results/{name}.json`, and `python -m experiments render` makes this table.\n"
    )


def section(name: str, table: Callable[[dict], str]) -> Callable[[], str]:
    """A section made from a stored record, which says so if there is none yet."""

    def section() -> str:
        if text := missing(name):
            return text
        result = read(name)
        return f"{table(result)}\n{origin(result)}\n"

    return section


def origin(result: Mapping[str, Any]) -> str:
    """Machine, versions and commit of a record, in one line."""
    facts = result["provenance"]
    versions = facts["versions"]
    return (
        f"{facts['device'].split(':')[0].upper()}, {facts['processors']} cores, Python {facts['python']}, "
        f"jax {versions['jax']}, commit {facts['commit']}"
    )


def rows_of(experiment: Experiment, metrics: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What was expected of an experiment, what was found, and whether it holds; "not run" where nothing was found."""
    return [(e.words, e.bounds, *_found(e, metrics)) for e in experiment.expected]


def _found(expectation, metrics):
    found = expectation.found(metrics)
    if math.isnan(found):
        return "not run", "not run"
    return f"{found:.3g}", "yes" if expectation.holds(metrics) else "**no**"


def expectations(experiment: Experiment, metrics: Mapping[str, Any]) -> str:
    """The same as a text table."""
    return tables.aligned(("", "expected", "found", "holds"), rows_of(experiment, metrics))


def expected(experiment: Experiment, result: Mapping[str, Any]) -> str:
    """The same as a table of a page, from a record."""
    rows = rows_of(experiment, result["metrics"])
    return tables.markdown(["", "expected", "found", "holds"], [list(row) for row in rows])


def accuracy(mean: float | None, deviation: float | None, digits: int = 1) -> str:
    """Mean and standard deviation of test accuracies in per cent; None where all trials diverged.

    >>> accuracy(0.5, 0.01), accuracy(None, None)
    ('50.0 ± 1.0 %', 'diverged')
    """
    if mean is None or deviation is None:
        return "diverged"
    return f"{100 * mean:.{digits}f} ± {100 * deviation:.{digits}f} %"


def picture(name: str, words: str) -> str:
    """The figure that was kept with a record, for a page of `docs/`."""
    return f"![{words}](../experiments/results/{name}.png)\n"
