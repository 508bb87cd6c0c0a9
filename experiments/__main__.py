"""`python -m experiments list`, `run NAME [--quick]` and `render`."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import tyro

from experiments.registry import EXPERIMENTS, RESULTS, Request
from experiments.render import PAGES, render
from experiments.tables import expectations
from spikejax import files
from spikejax.devices.processes import Interrupted
from spikejax.registry import choose
from spikejax.runs import record


@dataclass(frozen=True)
class List:
    """Name the experiments and what they claim."""


@dataclass(frozen=True)
class Run:
    """Run an experiment; a full run replaces its kept record in experiments/results."""

    name: tyro.conf.Positional[str]
    """Which one."""
    quick: bool = False
    """Cut to seconds; proves that it runs, and keeps nothing."""
    out: Path | None = None
    """Run folder; runs/experiments/NAME if not given, or runs/quick/NAME."""
    data_dir: str | None = None
    """Where the data sets' files are; the environment variable SPIKEJAX_DATA_DIR if not given."""
    seconds: float | None = None
    """End trainings after this time, saved; the same command continues them."""


@dataclass(frozen=True)
class Render:
    """Make the pages' tables anew from the kept records."""


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
    try:
        return run(command)
    except Interrupted as stop:
        print(f"\n{stop}; continue with the same command", file=sys.stderr)
        return 130
    except (OSError, ValueError, FloatingPointError) as error:
        print(f"experiments: {error}", file=sys.stderr)
        return 1


def run(command: Run) -> int:
    """Runs an experiment, keeps its record and says what of it was expected."""
    experiment = EXPERIMENTS[choose("experiment", command.name, EXPERIMENTS)]
    folder = Path("runs") / ("quick" if command.quick else "experiments")
    out = command.out or folder / command.name
    request = Request(out, command.quick, command.data_dir, command.seconds)
    result = {**experiment.run(request), "experiment": command.name}
    path = record.write(out / "record.json", result)
    if not result["complete"]:
        print(f"not complete: {result['provenance'].get('incomplete')}; the same command goes on")
        return 124
    if not command.quick:
        path = record.write(RESULTS / f"{command.name}.json", result)
        if experiment.figure:
            shutil.copyfile(out / experiment.figure, RESULTS / f"{command.name}.png")
    print(json.dumps(result["metrics"], indent=1))
    if experiment.expected and not command.quick:
        print(expectations(experiment, result["metrics"]))
    print(f"record  {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
