"""What an experiment is, and finding them: one file each, ending in `EXPERIMENT = Experiment(...)`."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Experiment:
    """A result that a command produces.

    Args:
      name: that of its module; the kept record is `results/NAME.json`.
      claim: what it reproduces or measures, with the expected value and its tolerance.
      time: how long it takes, in words.
      run: `(out, quick, data_dir) -> record`; resumes what it finds in the run folder `out`.
      figure: name of a picture in the run folder that is kept beside the record.
    """

    name: str
    claim: str
    time: str
    run: Callable[[Path, bool, str | None], dict[str, Any]]
    figure: str | None = None


def discover() -> MappingProxyType[str, Experiment]:
    """The experiments of these folders, by name: the modules that define EXPERIMENT."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*/*.py")):
        if "\nEXPERIMENT = " not in path.read_text(encoding="utf-8"):
            continue
        module = importlib.import_module(f"experiments.{path.parent.name}.{path.stem}")
        experiment = module.EXPERIMENT
        if experiment.name != path.stem:
            raise ImportError(
                f"expected {path.name} to define {path.stem!r}, found {experiment.name!r}"
            )
        found[experiment.name] = experiment
    return MappingProxyType(found)
