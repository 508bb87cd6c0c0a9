"""The experiments by name: one file each, ending in `EXPERIMENT = Experiment(...)`."""

from experiments.experiment import Experiment
from spikejax.registry import Registry

FOLDERS = (
    "papers",
    "papers.ar_lif",
    "papers.tc_lif",
    "pages",
    "speed",
    "compiled",
    "reliability",
    "gpu",
)

EXPERIMENTS: dict[str, Experiment] = {
    name: experiment
    for folder in FOLDERS
    for name, experiment in Registry(
        "experiment", f"experiments.{folder}", lambda value: isinstance(value, Experiment)
    ).items()
}
