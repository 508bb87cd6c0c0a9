"""One training job: a task and one or more neurons, trained one after the other under the same budget.

Its run folder holds `record.json`, the pictures `learning_curves.png` and `raster.png`, and a folder of checkpoints
for each neuron. A job that was stopped, also by kill -9, continues from its last checkpoint.
"""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from spikejax import data
from spikejax.devices import mesh
from spikejax.devices.memory import largest_resident
from spikejax.inputs.batches import check_samples
from spikejax.plot import draw as plot
from spikejax.runs import parts as recipe
from spikejax.runs import record
from spikejax.runs.folder import open_run
from spikejax.runs.parts import Job, build, from_config, plan
from spikejax.training import checkpoint, train


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
      FileExistsError, BlockingIOError: the folder cannot be used, see `open_run`.
      ValueError: settings that cannot be, found before a file is touched, or others than those of the run to resume.
      Diverged, Interrupted: see `train.fit`. The record then says so, as it does of every other end.
    """
    out = Path(out)
    dataset = data.load(job.task, data_dir, download)
    _check(job, dataset)
    facts = {
        "seed": job.settings.seed,
        "data": {"name": dataset.name, "sha256": dataset.checksum, "note": dataset.note},
        "plan": {name: plan(job, name, dataset)._asdict() for name in job.neurons},
    }
    # With a schedule that does not depend on it, the end of the training may be moved.
    may_change = () if job.settings.drops is None else ("settings.epochs",)
    options = {"may_change": may_change, "resume": resume, "overwrite": overwrite}
    opened = mesh.on_first(open_run, out, f"train {job.task}", job.config(), facts, **options)
    with opened as result:
        rasters = {}
        for name in job.neurons:
            model, split = build(job, name, dataset)
            state = _train(job, name, model, split, dataset, out, result, progress)
            rasters[name] = model.spikes(state.variables, dataset.test.inputs[:1])
        if mesh.is_first():
            curves = plot.learning_curves(result["history"], title=job.task)
            plot.save(curves, out / "learning_curves.png")
            plot.save(plot.rasters(rasters), out / "raster.png")
    return result


def _check(job, dataset):
    """Traces every network once, so that settings that cannot be are refused before a file is touched."""
    samples, batch_size = dataset.train, job.settings.batch_size
    check_samples(samples.inputs, samples.labels, dataset.classes, batch_size)
    for name in job.neurons:
        model, _ = build(job, name, dataset)
        state = jax.eval_shape(lambda model=model: _start(job, model, dataset)[0])
        inputs = jax.ShapeDtypeStruct((batch_size, *samples.inputs.shape[1:]), samples.inputs.dtype)
        labels = jax.ShapeDtypeStruct((batch_size,), samples.labels.dtype)
        jax.eval_shape(model.objective, state.variables, inputs, labels, state.key)


def _start(job, model, dataset):
    """The state before the first step, and the optimiser."""
    optimizer = recipe.optimizer(job.settings, len(dataset.train))
    seed = job.settings.seed
    return recipe.initial_state(model.network, optimizer, dataset, seed), optimizer


def _measure(job, model, dataset):
    """A function of variables: means over the test samples, as Python floats."""
    test = jnp.asarray(dataset.test.inputs), jnp.asarray(dataset.test.labels)

    @jax.jit
    def means(variables, inputs, labels):
        return train.evaluate(model.measure, variables, inputs, labels, job.settings.batch_size)

    return lambda variables: jax.tree.map(float, jax.device_get(means(variables, *test)))


def _train(job, name, model, split, dataset, out, result, progress):
    settings, folder = job.settings, out / name
    state, optimizer = _start(job, model, dataset)
    state = mesh.replicate(state, split["mesh"])
    measure = _measure(job, model, dataset)
    history = []
    if checkpoint.exists(folder):
        state, notes = checkpoint.restore(folder, state)
        history = notes["history"]

    def report(history):
        result["history"][name] = history
        finished = [entry for entry in history if not entry.get("unfinished")]
        if finished:
            last = finished[-1]
            result["metrics"][name] = {
                "test_accuracy": last["test_accuracy"],
                "parameters": sum(x.size for x in jax.tree.leaves(state.params)),
                "firing_rate": last["firing_rate"],
                "seconds": sum(entry["seconds"] for entry in history),
                "peak_memory_mb": max(entry["peak_memory_mb"] for entry in finished),
            }

    def save(state, history):
        checkpoint.save(folder, state, {"history": history})
        report(history)
        if mesh.is_first():
            record.write(out / "record.json", result)

    def evaluate(variables):
        return {**measure(variables), "peak_memory_mb": largest_resident()}

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
        **split,
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
    config = record.read(out / "record.json")["config"]
    try:
        job = from_config(config)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{out / 'record.json'} is not the record of a training: {error!r}"
        ) from error
    dataset = data.load(job.task, data_dir)
    results = {}
    for name in job.neurons:
        model, split = build(job, name, dataset)
        state = mesh.replicate(_start(job, model, dataset)[0], split["mesh"])
        state, _ = checkpoint.restore(out / name, state)
        results[name] = {"steps": int(state.step), **_measure(job, model, dataset)(state.variables)}
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
