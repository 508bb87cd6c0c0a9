"""`python -m experiments list`, `run NAME [--quick]` and `render`."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import tyro

from experiments.registry import RESULTS, discover
from experiments.render import PAGES, render
from spikejax.registry import choose
from spikejax.runs import record
from spikejax.training.train import Interrupted


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


@dataclass(frozen=True)
class Render:
    """Make the pages' tables anew from the kept records."""


def main() -> int:
    command = tyro.cli(List | Run | Render, prog="python -m experiments", description=__doc__)
    experiments = discover()
    if isinstance(command, List):
        for experiment in experiments.values():
            print(f"{experiment.name}  ({experiment.time})\n  {experiment.claim}")
        return 0
    if isinstance(command, Render):
        for page in PAGES:
            record.write_text(page, render(page))
            print(f"rendered {page}")
        return 0
    try:
        experiment = experiments[choose("experiment", command.name, experiments)]
        folder = Path("runs") / ("quick" if command.quick else "experiments")
        out = command.out or folder / experiment.name
        result = experiment.run(out, command.quick, command.data_dir)
        path = record.write(out / "record.json", result)
        if not command.quick:
            path = record.write(RESULTS / f"{experiment.name}.json", result)
            if experiment.figure:
                shutil.copyfile(out / experiment.figure, RESULTS / f"{experiment.name}.png")
    except Interrupted as stop:
        print(f"\n{stop}; continue with the same command", file=sys.stderr)
        return 130
    except (OSError, ValueError, FloatingPointError) as error:
        print(f"experiments: {error}", file=sys.stderr)
        return 1
    print(json.dumps(result["metrics"], indent=1))
    print(f"record  {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
