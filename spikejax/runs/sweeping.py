"""A sweep on a task: grids of a neuron's numbers, of the optimiser's and of the initial weights, over seeds.

The folder has `record.json`, `lanes.csv`, pictures, and for each finished group of lanes, by its first lane N, its rows
(`lanes_N.json`) and its trained variables by name, `[lanes, ...]` (`lanes_N.npz`).
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spikejax import data
from spikejax.devices import mesh
from spikejax.inputs.batches import check_samples
from spikejax.neurons.core.contract import fields
from spikejax.neurons.core.parameters import map_numbers, named_numbers, with_values
from spikejax.objectives.model import bind
from spikejax.registry import choose
from spikejax.runs import parts as recipe
from spikejax.runs import record, report
from spikejax.runs.folder import open_run
from spikejax.runs.parts import Job
from spikejax.surrogate import SURROGATES
from spikejax.sweeps import groups as sweep
from spikejax.sweeps.grid import Point
from spikejax.sweeps.trials import Init, Mode, TrainEpoch, default_mode
from spikejax.training import train

METRIC = "test_accuracy"  # by which points are ranked
# Axes that are settings, by the names that they may be called.
SETTINGS = {"lr": "learning_rate", "learning_rate": "learning_rate"}
SETTINGS |= {"weight_decay": "weight_decay", "gain": "gain"}


@dataclasses.dataclass(frozen=True)
class Study:
    """What to sweep: a job, of which each neuron is trained at each point with each seed."""

    job: Job
    points: list[Point]
    seeds: tuple[int, ...]
    lanes: Mode | None = None  # see `sweep.run`
    group: int | None = None
    memory: int | None = None  # bytes

    def config(self) -> dict[str, Any]:
        """The study as JSON values."""
        own = {"points": self.points, "seeds": list(self.seeds), "lanes": self.lanes}
        return {**self.job.config(), **own, "group": self.group, "memory": self.memory}


@dataclasses.dataclass(frozen=True)
class Program:
    """One program of a study: a neuron with its choices made, and the points that it trains."""

    label: str
    name: str  # of the neuron
    neuron: Any
    choices: Point
    points: list[Point]  # with all names, as rows show them
    values: list[dict[str, float]]  # what the program is given for each


def programs(study: Study) -> list[Program]:
    """The programs of a study, one for each neuron and each combination of choices.

    Raises:
      ValueError: a name that a neuron does not have, or a value out of bounds.
    """
    found = []
    for name, neuron in study.job.neurons.items():
        chosen: dict[str, list[Point]] = {}
        for point in study.points:
            choices = {key: value for key, value in point.items() if key in _choices(neuron)}
            chosen.setdefault(json.dumps(choices), []).append(point)
        for text, points in chosen.items():
            choices = json.loads(text)
            made = _with_choices(neuron, choices)
            values = [_values(study.job.settings, made, point, choices) for point in points]
            label = "_".join([name, *map(str, choices.values())])
            found.append(Program(label, name, made, choices, points, values))
    return found


def _choices(neuron):
    """The axes that make another program."""
    return [*(["surrogate"] if fields(neuron, "surrogate") else []), *fields(neuron, "option")]


def _with_choices(neuron, choices):
    options = {key: value for key, value in choices.items() if key != "surrogate"}
    if "surrogate" in choices:
        made = SURROGATES[choose("surrogate", str(choices["surrogate"]), list(SURROGATES))]()
        options |= dict.fromkeys(fields(neuron, "surrogate"), made)
    return dataclasses.replace(neuron, **options)


def _values(settings, neuron, point, choices):
    """The numbers of one lane: of the settings, and all of the neuron's that are single numbers."""
    words = {
        key: value
        for key, value in point.items()
        if key not in choices and isinstance(value, str | bool)
    }
    if words:
        raise ValueError(f"expected numbers, found {words}; choices are {_choices(neuron)}")
    own = {SETTINGS[key]: value for key, value in point.items() if key in SETTINGS}
    changed = dataclasses.replace(settings, **own)  # holds the bounds
    values = {name: float(getattr(changed, name)) for name in set(SETTINGS.values())}
    rest = {
        key: value for key, value in point.items() if key not in SETTINGS and key not in choices
    }
    numbers = named_numbers(with_values(neuron, rest))
    return values | {name: float(x) for name, x in numbers.items() if isinstance(x, int | float)}


def lane(study: Study, program: Program, dataset: data.Dataset) -> tuple[Init, TrainEpoch]:
    """What `sweep.run` wants of a program.

    Args:
      study: the study.
      program: one of its `programs`.
      dataset: the task's.

    Returns:
      `init` and `train_epoch`, to which (inputs, labels) of the training and of the test samples are shared. A lane
      is trained as by `spikejax train` with one device; neurons that draw have other noise on several.
    """
    settings, name = study.job.settings, program.name
    job = dataclasses.replace(study.job, neurons={name: program.neuron})
    plan = _plan(study, job, name, dataset)
    time = {"chunk": plan.chunk, "segment": plan.segment, "truncate": settings.truncate}
    model = bind(recipe.network(job, name, dataset.classes), dataset.scale, **time)

    def optimizer(point):
        rates = {key: point[key] for key in ("learning_rate", "weight_decay")}
        return recipe.optimizer(settings, len(dataset.train), **rates)

    def init(point, seed):
        neuron = map_numbers(lambda key, leaf, shape: point.get(key, leaf), program.neuron)
        network = recipe.network(job, name, dataset.classes, neuron=neuron, gain=point["gain"])
        return recipe.initial_state(network, optimizer(point), dataset, seed)

    def train_epoch(state, point, shared):
        (inputs, labels), test = shared
        batch = {"batch_size": settings.batch_size, "micro_batches": plan.micro_batches}
        rule = optimizer(point)
        state, metrics = train.train_epoch(model.objective, rule, state, inputs, labels, **batch)
        means = jax.tree.map(jnp.mean, metrics)
        inputs, labels = test
        tested = train.evaluate(model.measure, state.variables, inputs, labels, settings.batch_size)
        rates = tested.pop("firing_rate")
        return state, {**means, **tested, **{f"rate_{key}": x for key, x in rates.items()}}

    return init, train_epoch


def _plan(study, job, name, dataset):
    """How a device trains its lanes: one at a time, or as many as a group gives it."""
    models = 1
    if (study.lanes or default_mode()) == "vmap":
        devices = len(jax.local_devices())
        count = len(study.points) * len(study.seeds)
        models = sweep.group_size(count, devices, study.group) // devices
    return recipe.plan(job, name, dataset, devices=1, models=models)


def run(
    study: Study,
    out: str | Path,
    *,
    data_dir: str | Path | None = None,
    download: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    tell: Callable[[str, int, int, int], None] | None = None,
) -> dict[str, Any]:
    """Trains a study's lanes and writes the run folder.

    Args:
      study: what to train.
      out: the run folder.
      data_dir: where the data set's files are.
      download: whether the data set may be downloaded.
      resume: continue a study that is there, with the groups that it has finished; start it if there is none.
      overwrite: delete a study that is there.
      tell: called after each epoch with the program's label, the group, the number of groups and the epoch.

    Returns:
      The record. Its history has the rows of each program by label, its metrics each lane's last row.

    Raises:
      FileExistsError, BlockingIOError: the folder cannot be used, see `open_run`.
      ValueError: a study that cannot be, found before a file is touched, or another one than the folder's.
      Interrupted: stopped from outside; finished groups were kept.
    """
    out, settings = Path(out), study.job.settings
    dataset = data.load(study.job.task, data_dir, download)
    samples = dataset.train
    check_samples(samples.inputs, samples.labels, dataset.classes, settings.batch_size)
    todo = programs(study)
    for program in todo:
        init, train_epoch = lane(study, program, dataset)
        state = jax.eval_shape(init, program.values[0], jnp.int32(0))
        jax.eval_shape(train_epoch, state, program.values[0], _shared(dataset))
    plan = {
        program.label: _plan(study, study.job, program.name, dataset)._asdict() for program in todo
    }
    how = {"lanes": study.lanes or default_mode(), "devices": len(jax.local_devices())}
    facts = {
        "plan": {"sweep": how, **plan},
        "seeds": list(study.seeds),
        "data": {"name": dataset.name, "sha256": dataset.checksum, "note": dataset.note},
    }
    may_change = ("lanes", "group", "memory")
    options = {"resume": resume, "overwrite": overwrite, "may_change": may_change}
    opened = mesh.on_first(
        open_run, out, f"sweep {study.job.task}", study.config(), facts, **options
    )
    with opened as result:
        for program in todo:
            rows = _run_program(study, program, dataset, out / program.label, tell)
            result["history"][program.label] = rows
            result["metrics"] |= {
                f"{program.label} {row['lane']}": row
                for row in rows
                if row["epoch"] == settings.epochs
            }
            if mesh.is_first():
                record.write(out / "record.json", result)
        if mesh.is_first():
            rows = all_rows(result)
            record.write_text(out / "lanes.csv", report.csv_text(rows))
            report.draw(rows, axes(study), METRIC, out, study.job.task)
    return result


def axes(study: Study) -> tuple[str, ...]:
    """The columns that make up a point: the neuron where there are several, and the axes."""
    names = tuple(study.points[0])
    return ("neuron", *names) if len(study.job.neurons) > 1 else names


def all_rows(result: dict[str, Any]) -> list[dict]:
    """The rows of all programs of a study's record."""
    return [row for rows in result["history"].values() for row in rows]


def _run_program(study, program, dataset, folder, tell):
    init, train_epoch = lane(study, program, dataset)

    def keep(rows, states):
        path = folder / f"lanes_{rows[0]['lane']:05d}"
        numbers = np.unique([row["lane"] for row in rows])
        record.write_arrays(path.with_suffix(".npz"), {"lane": numbers, **_named(states.variables)})
        # Written last: what has rows is whole.
        record.write_text(path.with_suffix(".json"), json.dumps(rows))

    rows = sweep.run(
        *(init, train_epoch, program.values, study.seeds),
        epochs=study.job.settings.epochs,
        shared=_shared(dataset),
        lanes=study.lanes,
        group=study.group,
        memory=study.memory,
        finished=_finished(folder),
        keep=keep,
        tell=(lambda *where: tell(program.label, *where)) if tell else None,
    )
    own = {"neuron": program.name}
    # A row shows what was asked for: β1, and not what the program was given for it.
    given = set(program.values[0])
    return [
        {"lane": row["lane"], **own, **program.points[row["lane"] // len(study.seeds)]}
        | {key: value for key, value in row.items() if key not in given}
        for row in rows
    ]


def _named(tree):
    """The arrays of a tree of dictionaries by their path."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {"/".join(str(key.key) for key in path): np.asarray(leaf) for path, leaf in leaves}


def _finished(folder):
    """The rows that were kept."""
    files = sorted(folder.glob("lanes_*.json"))
    return [row for path in files for row in json.loads(path.read_text(encoding="utf-8"))]


def _shared(dataset):
    """What all lanes read: (inputs, labels) of the training and of the test samples."""
    parts = [(part.inputs, part.labels) for part in (dataset.train, dataset.test)]
    return jax.tree.map(jnp.asarray, tuple(parts))
