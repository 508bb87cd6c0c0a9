"""Points of a sweep by program: configs of equal structure share one, their leaves being its operands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spikejax import paths
from spikejax.data import Dataset
from spikejax.fields import plain
from spikejax.inputs.batches import gather, order
from spikejax.runs.config import Config, complete, source_of
from spikejax.runs.parts import Parts, assemble, averages_of, load
from spikejax.sweeps.trials import Epoch
from spikejax.training.step import evaluate, train_step


class Program(NamedTuple):
    """A program of a sweep.

    Attributes:
      number: counted from 0.
      config: that of its first point, complete.
      dataset: what it trains on.
      numbers: those of its points.
      values: for each point, the leaves that differ between points, by path.
    """

    number: int
    config: Config
    dataset: Dataset
    numbers: list[int]
    values: list[dict[str, float]]


def group_points(
    config: Config, points: list[dict[str, Any]], data_dir: str | Path | None = None
) -> list[Program]:
    """Groups points by the structure of their configs.

    Args:
      config: what the points change.
      points: values by full path.
      data_dir: where the files of data sets are.

    Raises:
      ValueError: a value that its field does not allow.
    """
    made: dict[Any, list[tuple[int, Config]]] = {}
    datasets: dict[Any, Dataset] = {}
    for number, point in enumerate(points):
        asked = paths.replace(config, {path: plain(value) for path, value in point.items()})
        source = source_of(asked)
        if source not in datasets:
            datasets[source] = load(asked, data_dir)
        whole = complete(asked, datasets[source])
        leaves = {path: _shape(value) for path, value in _numbers(whole).items()}
        key = jax.tree.structure(whole), tuple(leaves.items())
        made.setdefault(key, []).append((number, whole))
    programs = []
    for found in made.values():
        numbers = [number for number, _ in found]
        configs = [whole for _, whole in found]
        values = [_numbers(whole) for whole in configs]
        varied = [
            path
            for path, first in values[0].items()
            if isinstance(first, float) and any(other[path] != first for other in values)
        ]
        _check_arrays(values, varied)
        chosen = [{path: float(value[path]) for path in varied} for value in values]
        dataset = datasets[source_of(configs[0])]
        programs.append(Program(len(programs), configs[0], dataset, numbers, chosen))
    return programs


def extremes(program: Program) -> list[Config]:
    """The points, but for the first, with the lowest or highest of values that no field declares.

    Those of a Flax module are such values: what it allows is known only when it is called, while the values of a
    program are traced. Where both ends of a range are allowed, what lies between them is.
    """
    known, found = paths.places(program.config), set()
    for path in program.values[0]:
        field = known[path].field
        if field is not None and "kind" not in field.metadata:
            values = [point[path] for point in program.values]
            found |= {int(np.argmin(values)), int(np.argmax(values))}
    return [paths.replace(program.config, program.values[n]) for n in sorted(found - {0})]


def _numbers(config):
    known = paths.places(config).items()
    return {path: plain(place.value) for path, place in known if place.role == "leaf"}


def _shape(value):
    if isinstance(value, float):
        return ()
    return value if callable(value) else (type(value).__name__, np.shape(value))


def _check_arrays(values, varied):
    """Arrays are the same in all points of a program: only scalars are operands."""
    for path, first in values[0].items():
        if path in varied or isinstance(first, float) or callable(first) or first is None:
            continue
        if not all(np.array_equal(first, other[path]) for other in values):
            raise ValueError(
                f"expected scalars as values of {path}, found arrays; sweep a number that they depend on, or "
                "one array after the other"
            )


def epoch_of(program: Program, parts: Parts) -> tuple[Callable[..., Any], Epoch]:
    """What `sweeps.groups.run` needs of a program: `init` and an epoch.

    All trials share `(train, *measured)`: training samples, then validation samples if there are any, and test
    samples. A trial is trained like a single run on one device.
    """
    batch_size, names = parts.config.batch_size, _measured_names(parts)
    steps = parts.train.count // batch_size

    def made(point):
        config = paths.replace(program.config, point) if point else program.config
        return config, assemble(config, parts.train, parts.plan, parts.facts, None)

    def init(point, seed):
        return made(point)[1][2](seed)

    def begin(state, point, shared):
        del point
        return order(state.key, state.step // steps, shared[0].count, batch_size)

    def step(state, point, shared, chosen, number):
        _, (_, trainer, _) = made(point)
        return train_step(trainer, state, gather(shared[0], chosen, number))

    def end(state, point, shared, measured):
        config, (model, _, _) = made(point)
        means = jax.tree.map(jnp.mean, measured)
        means.pop("gradient_norm")
        means_of, key = averages_of(config, model), jax.random.key(0)
        for split, samples in zip(names, shared[1:], strict=True):
            found = evaluate(means_of, state.measured, samples, batch_size, key)
            rates = found.pop("firing_rate")
            means |= {f"{split}_{name}": value for name, value in found.items()}
            means |= {f"rate_{layer}": rate for layer, rate in rates.items()}
        return _flat(means)

    return init, Epoch(steps, begin, step, end)


def _measured_names(parts):
    return ("test",) if parts.validation is None else ("validation", "test")


def _flat(tree, prefix=""):
    found = {}
    for name, value in tree.items():
        path = f"{prefix}{name}"
        found |= _flat(value, f"{path}_") if isinstance(value, dict) else {path: value}
    return found
