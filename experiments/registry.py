"""What an experiment is, and finding them: one file each, ending in `EXPERIMENT = Experiment(...)`."""

import importlib
import pkgutil
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
    """The experiments of this folder, by name; its packages hold what some of them need."""
    found = {}
    for module_info in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module_info.ispkg or module_info.name in ("registry", "render", "tables", "__main__"):
            continue
        experiment = importlib.import_module(f"experiments.{module_info.name}").EXPERIMENT
        if experiment.name != module_info.name:
            raise ImportError(
                f"expected {module_info.name}.py to define {module_info.name!r}, found {experiment.name!r}"
            )
        found[experiment.name] = experiment
    return MappingProxyType(found)
