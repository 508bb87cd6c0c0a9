"""What is stopped, damaged and resumed: a training and a sweep of a few neurons, each of about a second."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from spikejax.data import Dataset, Facts, Source
from spikejax.fields import spec
from spikejax.networks import MLP
from spikejax.neurons.stochastic_lif import StochasticLIF
from spikejax.recipes.core.recipe import Recipe
from spikejax.runs import Config, evaluate, fit, fit_several, load, record, sweep
from spikejax.sweeps.groups import Placement
from spikejax.training import Adam, Constant, checkpoint

STEPS, CLASSES, TRAIN, TEST = 6, 3, 24, 12
HIDDEN = ("seconds", "peak_memory_mb")  # differs from run to run


@spec
class Toy(Source):
    """Noise whose mean is that of its class."""

    facts = Facts(
        "noise of three means", "none", "none", TRAIN + TEST, "[6, 2]", CLASSES, "nothing"
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Draws the samples."""
        draw = np.random.default_rng(0)
        labels = (np.arange(TRAIN + TEST) % CLASSES).astype(np.int32)
        inputs = 100 * draw.random((TRAIN + TEST, STEPS, 2)) + 50 * labels[:, None, None]
        inputs = inputs.astype(np.uint8)
        parts = [(inputs[part], labels[part]) for part in (slice(TRAIN), slice(TRAIN, None))]
        return Dataset.of_arrays(*parts, name="toy", scale=255.0)

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Nowhere: it is drawn."""
        return [("drawn", True)]


# A stochastic neuron, shuffled batches, and validation samples, so that there is a best epoch.
CONFIG = Config(
    data=Toy(),
    network=MLP((4,), None, StochasticLIF(), recurrent=(0,)),
    optimiser=Adam(learning_rate=0.02, schedule=Constant()),
    validation=0.25,
    epochs=2,
    batch_size=6,
)
RECIPE = Recipe(title="noise of three means, 2-4-3", source="this library", config=CONFIG)
RESUMED: dict[str, Any] = {"resume": True}
AXES = {"gain": (0.5, 1.0, 2.0)}


def train(folder: Path, **options: Any) -> Any:
    """Trains the config, or resumes it."""
    return fit(CONFIG, folder, **RESUMED, progress=False, **options)


def sweep_grid(folder: Path, **options: Any) -> Any:
    """Sweeps the grid in three groups, or resumes it."""
    return sweep(CONFIG, AXES, folder, placement=Placement(group=1), **RESUMED, **options)


def train_several(folder: Path, **options: Any) -> Any:
    """Trains two configs in one folder, or resumes them."""
    configs = {"one": CONFIG, "two": CONFIG}
    return fit_several(configs, folder, **RESUMED, progress=False, **options)


RUNS: dict[str, Callable[..., Any]] = {
    "training": train,
    "sweep": sweep_grid,
    "several": train_several,
}


def run_and_tell(name: str, folder: Path) -> dict[str, str]:
    """Runs or resumes a subject to its end, and its result."""
    RUNS[name](folder)
    return result_of(folder)


def result_of(folder: Path) -> dict[str, str]:
    """What a run folder holds as its result: the record without what differs from run to run, and all arrays."""
    found = record.read(folder / "record.json")
    result = of_record(found)
    for name in ("last", "best"):
        if (folder / name).is_dir():
            state, _ = checkpoint.read(folder / name)
            result |= arrays_of(state, name)
    for path in sorted(folder.glob("groups_*/trials_*.npz")):
        with np.load(path) as arrays:
            result |= arrays_of(
                {x: arrays[x] for x in arrays.files}, f"{path.parent.name}/{path.name}"
            )
    for inner in found["config"].get("runs", ()):
        result |= {f"{inner}/{name}": x for name, x in result_of(folder / inner).items()}
    return result


def of_record(found: dict[str, Any]) -> dict[str, str]:
    """A record without what differs from run to run, by path."""
    result = {"complete": str(found["complete"])}
    for part in ("experiment", "config", "metrics", "history"):
        result |= _flat(json.loads(json.dumps(found[part])), part)
    return result


def loaded(folder: Path) -> dict[str, str]:
    """What `load` returns of a run, of each trial of a sweep, or of each run of several."""
    config = record.read(folder / "record.json")["config"]
    if "runs" in config:
        parts = {name: loaded(folder / name) for name in config["runs"]}
        return {f"{name}/{key}": x for name, part in parts.items() for key, x in part.items()}
    trials = range(len(config["points"])) if "base" in config else (None,)
    result = {}
    for trial in trials:
        found = load(folder, trial=trial)
        result |= arrays_of(found.variables, f"{trial}") | {f"{trial} steps": str(found.steps)}
        result |= {f"{trial} network": repr(found.network)}
    return result


def evaluated(folder: Path) -> dict[str, str]:
    """What `evaluate` returns."""
    return _flat(evaluate(folder), "evaluated")


def arrays_of(tree: Any, prefix: str) -> dict[str, str]:
    """The arrays of a tree by path: dtype, shape and a digest of the bits."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    found = {}
    for path, leaf in leaves:
        if isinstance(leaf, jax.Array) and jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            leaf = jax.random.key_data(leaf)
        array = np.asarray(leaf)
        digest = hashlib.sha256(array.tobytes()).hexdigest()[:16]
        found[f"{prefix}{jax.tree_util.keystr(path)}"] = (
            f"{array.dtype}{list(array.shape)} {digest}"
        )
    return found


def differences(found: dict[str, str], expected: dict[str, str]) -> str:
    """The first differences of two results in words; "" if they are the same."""
    different = [
        f"{name}: {found.get(name, 'nothing')} instead of {expected.get(name, 'nothing')}"
        for name in sorted(found.keys() | expected.keys())
        if found.get(name) != expected.get(name)
    ]
    return "; ".join(different[:3])


def _flat(tree, prefix):
    if isinstance(tree, dict):
        return {
            path: x
            for name, part in tree.items()
            if name not in HIDDEN
            for path, x in _flat(part, f"{prefix}.{name}").items()
        }
    if isinstance(tree, list):
        return {
            path: x
            for number, part in enumerate(tree)
            for path, x in _flat(part, f"{prefix}.{number}").items()
        }
    return {prefix: repr(tree)}
