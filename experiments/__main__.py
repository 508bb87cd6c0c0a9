"""`python -m experiments list`, `run NAME [--quick]` and `render`."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from experiments.experiment import RESULTS, Experiment, Request
from experiments.registry import EXPERIMENTS
from experiments.render import PAGES, render
from experiments.tables import expectations
from spikejax import files
from spikejax.devices.compiled import keep_compiled
from spikejax.devices.processes import Interrupted
from spikejax.registry import choose
from spikejax.runs import record
from spikejax.runs.several import over_seeds


@dataclass(frozen=True)
class List:
    """List the experiments and their claims."""


@dataclass(frozen=True)
class Run:
    """Run an experiment; a full run replaces its stored record in experiments/results."""

    name: tyro.conf.Positional[str]
    """Which one."""
    quick: bool = False
    """Shortened to seconds or a minute; shows that it runs, and keeps nothing."""
    out: Path | None = None
    """Run folder; defaults to runs/experiments/NAME, or runs/quick/NAME."""
    data_dir: str | None = None
    """Where the data sets' files are; defaults to the environment variable SPIKEJAX_DATA_DIR."""
    seconds: float | None = None
    """Save and end trainings and measurements after this time; the same command continues them."""
    rows: tuple[str, ...] = ()
    """Of a table, only the rows whose names begin with one of these."""


@dataclass(frozen=True)
class Render:
    """Regenerate the pages' tables from the stored records."""


def main() -> int:
    command = tyro.cli(List | Run | Render, prog="python -m experiments", description=__doc__)
    if isinstance(command, List):
        for name, experiment in EXPERIMENTS.items():
            print(f"{name}  ({experiment.time})\n  {experiment.claim}")
        return 0
    if isinstance(command, Render):
        for page in PAGES:
            files.write_text(page, render(page))
            print(f"rendered {page}")
        return 0
    keep_compiled()
    try:
        return run(command)
    except Interrupted as stop:
        print(f"\n{stop}; continue with the same command", file=sys.stderr)
        return 130
    except (OSError, ValueError, FloatingPointError) as error:
        print(f"experiments: {error}", file=sys.stderr)
        return 1


def run(command: Run) -> int:
    """Runs an experiment, keeps its record and reports what was expected."""
    experiment = EXPERIMENTS[choose("experiment", command.name, EXPERIMENTS)]
    if command.rows and not experiment.has_rows:
        raise ValueError(f"expected no --rows, which {command.name} does not have; leave them out")
    folder = Path("runs") / ("quick" if command.quick else "experiments")
    out = command.out or folder / command.name
    request = Request(out, command.quick, command.data_dir, command.seconds, command.rows)
    result = {**experiment.run(request), "experiment": command.name}
    path = record.write(out / "record.json", result)
    if not command.quick and (result["complete"] or experiment.rows_are_runs):
        path = keep(command.name, experiment, out, result)
    if not result["complete"]:
        print(
            f"not complete: {result['provenance'].get('incomplete')}; the same command continues it"
        )
        return 124
    print(json.dumps(result["metrics"], indent=1))
    if experiment.expected and not command.quick:
        print(expectations(experiment, result["metrics"]))
    print(f"record  {path}")
    return 0


def keep(name: str, experiment: Experiment, out: Path, result: dict[str, Any]) -> Path:
    """Keeps a record, its figure, and the records of finished rows; returns the path of the first."""
    path = record.write(RESULTS / f"{name}.json", result)
    if experiment.figure:
        shutil.copyfile(out / experiment.figure, RESULTS / f"{name}.png")
    for row in sorted(out.glob("*/record.json")) if experiment.rows_are_runs else ():
        if found := record.finished(row.parent):
            own = {
                "experiment": row.parent.name,
                "metrics": {**found["metrics"], **over_seeds(found)},
            }
            record.write(RESULTS / name / f"{row.parent.name}.json", {**found, **own})
    return path


if __name__ == "__main__":
    raise SystemExit(main())
