"""`spikejax eval RUN`."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import tyro

from spikejax.cli.flags import parse
from spikejax.devices import processes
from spikejax.runs import evaluate, report


@dataclasses.dataclass(frozen=True)
class EvalFlags:
    """Evaluate the trained networks of a run folder on its data set."""

    folder: tyro.conf.Positional[Path]
    """Run folder; may hold several runs or a sweep."""
    trial: int | None = None
    """Which trial of a sweep; defaults to its best one."""
    data_dir: Path | None = None
    """Where the data set's files are."""
    json: bool = False
    """Print JSON."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    processes.start()
    flags = parse(EvalFlags, arguments, "eval")
    results = evaluate(flags.folder, data_dir=flags.data_dir, trial=flags.trial)
    if flags.json:
        print(json.dumps(results, indent=1))
        return 0
    several = "steps" not in results
    for name, values in results.items() if several else [(flags.folder.name, results)]:
        best = "the best, " if "trial" in values and flags.trial is None else ""
        print(f"{name}: {best}{report.summary_line(values)}")
    return 0
