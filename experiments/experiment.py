"""What an experiment is: a claim, a function from a request to a record, and what the record should show."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Request:
    """How an experiment is to be run.

    Args:
      out: the run folder, in which an existing run is resumed.
      quick: shortened to seconds, to show that it runs.
      data_dir: where the data sets' files are.
      seconds: time after which trainings and measurements are saved and end, to be resumed.
      rows: beginnings of the names of the rows that are wanted, where an experiment has rows; all if empty.
      begun: when it was made, by `time.perf_counter`.
    """

    out: Path
    quick: bool = False
    data_dir: str | None = None
    seconds: float | None = None
    rows: tuple[str, ...] = ()
    begun: float = field(default_factory=time.perf_counter)

    @property
    def left(self) -> float | None:
        """How many of the seconds are left, at least 0; None if there is no limit."""
        if self.seconds is None:
            return None
        return max(0.0, self.seconds - (time.perf_counter() - self.begun))

    @property
    def options(self) -> dict[str, Any]:
        """What a training of the experiment has of it, as options of `fit` and `sweep`."""
        return {"data_dir": self.data_dir, "seconds": self.left, "resume": True}


def joined(result: dict[str, Any], name: str, inner: Mapping[str, Any]) -> bool:
    """Adds to a record what one of its trainings was, its config and its data; whether that is complete.

    Args:
      result: the record; what cut the training short joins it, too.
      name: of the training.
      inner: its own record.
    """
    facts = result["provenance"]
    result["config"].setdefault("trainings", {})[name] = inner["config"]
    facts["data"] = {**(facts["data"] or {}), name: inner["provenance"]["data"]}
    if not inner["complete"]:
        facts["incomplete"] = inner["provenance"]["incomplete"]
    return inner["complete"]


class Expectation(NamedTuple):
    """What the record of an experiment should show, and the tolerance.

    Attributes:
      words: what is compared.
      found: the value, from the metrics of a record; NaN, which is never as expected, if it was not measured.
      low: the smallest value that is as expected.
      high: the largest.
      source: where the expected value is from; "" if it is this library's own goal.
    """

    words: str
    found: Callable[[Mapping[str, Any]], float]
    low: float = -math.inf
    high: float = math.inf
    source: str = ""

    def holds(self, metrics: Mapping[str, Any]) -> bool:
        """Whether the value lies within the tolerance."""
        return self.low <= self.found(metrics) <= self.high

    @property
    def bounds(self) -> str:
        """The tolerance in words.

        >>> Expectation("x", lambda metrics: 0.0, low=0.95).bounds
        'at least 0.95'
        """
        if self.high == math.inf:
            return f"at least {self.low:g}"
        return (
            f"at most {self.high:g}" if self.low == -math.inf else f"{self.low:g} to {self.high:g}"
        )


@dataclass(frozen=True)
class Experiment:
    """A result that a command produces; its record is kept as `results/NAME.json`, where NAME is that of its file.

    Of a table whose rows are runs of their own, in `out/ROW`, the record of each finished row is kept as
    `results/NAME/ROW.json`, and that of the table also while rows are missing.

    Args:
      claim: what it reproduces or measures.
      time: how long it takes, in words.
      run: from a `Request` to a record.
      expected: what the record should show.
      figure: name of a figure in the run folder that is kept with the record.
      has_rows: whether single rows can be asked for.
      rows_are_runs: whether each row is a run of its own, kept beside the table.
    """

    claim: str
    time: str
    run: Callable[[Request], dict[str, Any]]
    expected: tuple[Expectation, ...] = ()
    figure: str | None = None
    has_rows: bool = False
    rows_are_runs: bool = False
