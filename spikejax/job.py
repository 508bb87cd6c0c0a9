"""One training job: a task and one or more neurons, trained one after the other under the same budget.

Its run folder holds `record.json`, the pictures `learning_curves.png` and `raster.png`, and a folder of checkpoints
for each neuron. A job that was stopped, also by kill -9, continues from its last checkpoint.
"""

import dataclasses
import resource
import shutil
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spikejax import catalogue, checkpoint, data, encode, plot, record, train
from spikejax.classifier import Classifier, bind
from spikejax.networks import MLP
from spikejax.progress import Diverged
from spikejax.tasks import Settings

RUNNING = "still running, or ended without a word"


@dataclasses.dataclass(frozen=True)
class Job:
    """What to train: a task, its settings, and neurons by name with the numbers each of them learns."""

    task: str
    settings: Settings
    neurons: dict[str, Any]
    learn: dict[str, tuple[str, ...]]

    def config(self) -> dict[str, Any]:
        """The job as JSON values; `from_config` is its inverse."""
        settings = {
            key: list(x) if isinstance(x, tuple) else x for key, x in vars(self.settings).items()
        }
        neurons = {name: catalogue.to_config(neuron) for name, neuron in self.neurons.items()}
        learn = {name: list(names) for name, names in self.learn.items()}
        return {"task": self.task, "settings": settings, "neurons": neurons, "learn": learn}


def from_config(config: dict[str, Any]) -> Job:
    """The job of a record's config."""
    settings: dict[str, Any] = {
        key: tuple(x) if isinstance(x, list) else x for key, x in config["settings"].items()
    }
    neurons = {
        name: catalogue.from_config(name, values) for name, values in config["neurons"].items()
    }
    learn = {name: tuple(names) for name, names in config["learn"].items()}
    return Job(config["task"], Settings(**settings), neurons, learn)


def _build(job: Job, name: str, dataset: data.Dataset) -> Classifier:
    settings = job.settings
    network = MLP(
        settings.hidden, dataset.classes, job.neurons[name], job.learn[name], settings.recurrent
    )
    return bind(network, dataset.scale, chunk=settings.chunk, truncate=settings.truncate)


def _initial_state(
    job: Job, model: Classifier, dataset: data.Dataset
) -> tuple[train.TrainState, Any]:
    """The state before the first step, and the optimiser."""
    settings = job.settings
    steps = len(dataset.train) // settings.batch_size
    drops = None if settings.drops is None else tuple(epoch * steps for epoch in settings.drops)
    optimizer = train.adam(settings.learning_rate, settings.epochs * steps, drops)
    example = encode.sequence(jnp.asarray(dataset.train.inputs[:1]), dataset.scale)[:1]
    variables = jax.jit(model.network.init)(jax.random.key(settings.seed), example)
    return train.init(variables, optimizer, settings.seed), optimizer


def run(
    job: Job,
    out: str | Path,
    *,
    data_dir: str | Path | None = None,
    download: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Trains the job's neurons and writes the run folder.

    Args:
      job: what to train.
      out: the run folder.
      data_dir: where the data set's files are, see `spikejax data`.
      download: whether the data set may be downloaded.
      resume: continue a run that is there; start it if it is not.
      overwrite: delete a run that is there.
      progress: whether to show progress bars.

    Returns:
      The record. Its metrics, by neuron: test_accuracy (of the last epoch), parameters, firing_rate (spikes a
      neuron and step on the test samples, by layer), seconds (of training, compilation included) and
      peak_memory_mb (largest resident memory of the process so far).

    Raises:
      FileExistsError: the folder is there and neither `resume` nor `overwrite` is given.
      ValueError: the run to resume has other settings; names them.
      Diverged, Interrupted: see `train.fit`. The record then says so.
    """
    out = Path(out)
    dataset = data.load(job.task, data_dir, download)
    _prepare(job, out, resume, overwrite)
    facts = {
        "seed": job.settings.seed,
        "data": {"name": dataset.name, "sha256": dataset.checksum, "note": dataset.note},
    }
    result = {
        "experiment": f"train {job.task}",
        "config": job.config(),
        "provenance": record.provenance(**facts, incomplete=RUNNING),
        "metrics": {},
        "history": {},
        "complete": False,
    }
    record.write(out / "record.json", result)
    rasters = {}
    try:
        for name in job.neurons:
            model = _build(job, name, dataset)
            state = _train(job, name, model, dataset, out, result, progress)
            rasters[name] = model.spikes(state.variables, dataset.test.inputs[:1])
    except (train.Interrupted, Diverged) as error:
        result["provenance"]["incomplete"] = f"{name}: {error}"
        record.write(out / "record.json", result)
        raise
    plot.save(
        plot.learning_curves(result["history"], title=f"{job.task}"), out / "learning_curves.png"
    )
    plot.save(plot.rasters(rasters), out / "raster.png")
    del result["provenance"]["incomplete"]
    result["complete"] = True
    record.write(out / "record.json", result)
    return result


def _train(job, name, model, dataset, out, result, progress):
    settings, folder = job.settings, out / name
    state, optimizer = _initial_state(job, model, dataset)
    history = []
    if checkpoint.exists(folder):
        state, notes = checkpoint.restore(folder, state)
        history = notes["history"]

    def report(history):
        result["history"][name] = history
        if history:
            last = history[-1]
            result["metrics"][name] = {
                "test_accuracy": last["test_accuracy"],
                "parameters": sum(x.size for x in jax.tree.leaves(state.params)),
                "firing_rate": last["firing_rate"],
                "seconds": sum(entry["seconds"] for entry in history),
                "peak_memory_mb": max(entry["peak_memory_mb"] for entry in history),
            }

    def save(state, history):
        checkpoint.save(folder, state, {"history": history})
        report(history)
        record.write(out / "record.json", result)

    def evaluate(variables):
        means = train.evaluate(
            model.measure, variables, dataset.test.inputs, dataset.test.labels, settings.batch_size
        )
        return {**means, "peak_memory_mb": _peak_memory()}

    state, history = train.fit(
        state,
        model.objective,
        optimizer,
        (dataset.train.inputs, dataset.train.labels),
        classes=dataset.classes,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        evaluate=evaluate,
        save=save,
        history=history,
        progress=progress,
        name=name,
    )
    report(history)
    return state


def evaluate(out: str | Path, *, data_dir: str | Path | None = None) -> dict[str, Any]:
    """Measures the networks of a run folder on its test samples, from their newest checkpoints.

    Returns:
      By neuron: steps trained, test_loss, test_accuracy and firing_rate by layer.

    Raises:
      FileNotFoundError: no record or no checkpoint there.
    """
    out = Path(out)
    job = from_config(record.read(out / "record.json")["config"])
    dataset = data.load(job.task, data_dir)
    results = {}
    for name in job.neurons:
        model = _build(job, name, dataset)
        state, _ = checkpoint.restore(out / name, _initial_state(job, model, dataset)[0])
        test = dataset.test
        means = train.evaluate(
            model.measure, state.variables, test.inputs, test.labels, job.settings.batch_size
        )
        results[name] = {"steps": int(state.step), **means}
    return results


def table(metrics: dict[str, dict]) -> str:
    """The metrics of a record, by neuron, as lines for people."""
    rows = [("neuron", "parameters", "test accuracy", "firing rate per layer", "seconds")]
    for name, values in metrics.items():
        rates = " ".join(f"{rate:.3f}" for rate in values["firing_rate"].values())
        accuracy = f"{100 * values['test_accuracy']:.2f} %"
        rows.append(
            (name, f"{values['parameters']:,}", accuracy, rates, f"{values['seconds']:.1f}")
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _prepare(job, out, resume, overwrite):
    """Refuses or clears a run folder that is there already."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / "record.json").is_file():
        raise FileExistsError(
            f"{out} exists and is not a run folder (it has no record.json); choose another --out"
        )
    if overwrite:
        shutil.rmtree(out)
    elif not resume:
        raise FileExistsError(
            f"{out} holds a run; continue it with --resume, or delete it with --overwrite"
        )
    else:
        before, now = _flat(record.read(out / "record.json")["config"]), _flat(job.config())
        changed = [
            f"{key} was {before.get(key, 'absent')} and is {now.get(key, 'absent')}"
            for key in sorted(before.keys() | now.keys())
            if before.get(key, "absent") != now.get(key, "absent")
        ]
        if changed:
            message = f"{out} was run with other settings: {'; '.join(changed)}. Give the same ones, or another --out"
            raise ValueError(message)


def _flat(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    return {
        key: x
        for name, part in tree.items()
        for key, x in _flat(part, f"{prefix}.{name}" if prefix else name).items()
    }


def _peak_memory():
    """Largest resident memory of this process so far, in MB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return np.round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1).item()
