"""What tables of records share: reading a record, where its values come from, and what was expected of it."""

import math
from collections.abc import Mapping
from typing import Any

from experiments.experiment import RESULTS, Experiment
from spikejax import tables
from spikejax.runs import record


def read(name: str) -> dict[str, Any]:
    """The stored record of an experiment."""
    return record.read(RESULTS / f"{name}.json")


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
