"""One run: trains a config and writes its folder.

The folder holds `record.json`, the figures `learning_curves.png` and `raster.png`, the newest checkpoint in `last`,
and in `best` the one that was best on the validation samples, if there are any. A run that was stopped, also by
kill -9, continues from its last checkpoint.
"""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from spikejax.devices import mesh as meshes
from spikejax.devices import processes
from spikejax.devices.memory import largest_resident
from spikejax.devices.processes import OutOfTime, stop_signal
from spikejax.inputs.batches import Batches
from spikejax.runs import parts as building
from spikejax.runs import pictures, record
from spikejax.runs.arguments import check_callbacks, check_config, check_folder, check_seconds
from spikejax.runs.batches import checked
from spikejax.runs.config import Config
from spikejax.runs.evaluation import load
from spikejax.runs.folder import open_on_first
from spikejax.runs.parts import Parts
from spikejax.runs.serial import to_json
from spikejax.training import Hooks, checkpoint
from spikejax.training.loop import fit as fit_state

Callback = Callable[[list[dict[str, Any]], Any], bool | None]


class Trained(NamedTuple):
    """The results of a run.

    Attributes:
      record: see `record.write`. Its history has an entry per epoch; its metrics are those of the last epoch, with
        "parameters" (how many are learned), "seconds" (of training, compilation included) and "peak_memory_mb"
        (largest resident memory of the process so far).
      network: the Flax module, with everything that its config left open filled in.
      variables: its trained variables.
    """

    record: dict[str, Any]
    network: Any
    variables: Any


@stop_signal()
def fit(
    config: Config,
    out: str | Path | None = None,
    *,
    batches: Batches | None = None,
    data_dir: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    callbacks: Sequence[Callback] = (),
    seconds: float | None = None,
    progress: bool = True,
) -> Trained:
    """Trains a config.

    Args:
      config: what to train.
      out: the run folder; None keeps nothing on disk.
      batches: training batches from a source other than the data set's arrays, an `inputs.Stream` for example; each
        is a `data.Split`. The data set then provides the shape of a sample, the validation and the test samples.
      data_dir: where the data set's files are; None means the environment variable SPIKEJAX_DATA_DIR.
      resume: continue a run that is there; start it if there is none.
      overwrite: delete a run that is there.
      callbacks: `(history, variables) -> stop`, called after each epoch; training ends if one returns True.
      seconds: time after which the training is saved and ends, to be resumed.
      progress: whether to show a progress bar.

    Returns:
      The record, the network and its variables. If the time ran out they are those of the last step, and the record is
      not complete.

    Raises:
      FileExistsError, BlockingIOError: the folder cannot be used, see `folder.open_run`.
      TypeError, ValueError: invalid settings, found before a file is touched, other settings than those of the run to
        resume, or a batch that is not like the samples of the data set.
      Diverged, Interrupted: see `training.fit`. The record then states this, as it does for every other end.

    >>> from spikejax import MLP
    >>> from spikejax.neurons.lif import LIF
    >>> config = Config(data="digits", network=MLP((8,), None, LIF()), epochs=1, batch_size=512)
    >>> trained = fit(config, progress=False)
    >>> sorted(trained.record["metrics"])[:3]
    ['accuracy', 'epoch', 'firing_rate']
    """
    check_config(config)
    if out is not None:
        check_folder(out)
    check_seconds(seconds)
    check_callbacks(callbacks)
    _check_batches(batches)
    asked = None if out is None else to_json(config)
    if out is not None and resume and not overwrite and (done := record.finished(Path(out))):
        if done["provenance"].get("asked") == asked:
            found = load(out)
            for callback in (
                callbacks
            ):  # as where no epoch is left: what was asked for only now is written, too
                callback(done["history"], found.variables)
            return Trained(done, found.network, found.variables)
    dataset = building.load(config, data_dir)
    steps = None if batches is None else batches.steps
    parts = building.build(config, dataset, steps=steps)
    out = None if out is None else Path(out)
    what: tuple[Any, ...] = (
        f"train {dataset.name}",
        {} if out is None else to_json(parts.config),
        {
            "asked": asked,
            "seed": parts.config.seed,
            "data": {"name": dataset.name, "sha256": dataset.checksum, "note": dataset.note},
            "plan": parts.plan._asdict(),
        },
    )
    if out is None:
        opened = contextlib.nullcontext(record.begin(*what))
    else:
        # If the schedule does not depend on it, the number of epochs may change.
        fixed = parts.config.optimiser.schedule.spans or parts.config.scheduled
        options = {"may_change": () if fixed else ("epochs",)}
        options |= {"resume": resume, "overwrite": overwrite}
        opened = open_on_first(out, *what, **options)
    newest: dict[str, Any] = {}
    with opened as result:
        result["history"] = result["history"] or []
        result["provenance"]["asked"] = asked
        try:
            how = (batches, callbacks, seconds, progress)
            newest["state"] = _train(parts, out, result, how, newest)
        except OutOfTime as stop:
            result["provenance"]["incomplete"] = f"OutOfTime: {stop}"
            return Trained(result, parts.config.network, _variables(newest))
        variables = _variables(newest)
        if out is None:
            result["complete"] = True
        elif processes.is_first():
            pictures.of_run(parts, variables, result["history"], out)
    return Trained(result, parts.config.network, variables)


def _check_batches(batches):
    if batches is not None and not isinstance(batches, Batches):
        raise TypeError(
            f"expected batches with their number of steps, found {type(batches).__name__}; give Stream(batches)"
        )


def _variables(newest):
    return jax.device_get(newest["state"].measured)


def _train(parts: Parts, out, result, how, newest):
    """Trains from the state in the folder; fills in the record's history and metrics, and the newest state."""
    batches, callbacks, seconds, progress = how
    batches = parts.batches() if batches is None else checked(batches, parts)
    config, trainer = parts.config, parts.trainer
    state, history = parts.init(config.seed), []
    if trainer.mesh is not None:
        state = meshes.replicate(state, trainer.mesh)
    last, best = (None, None) if out is None else (out / "last", out / "best")
    if last is not None and checkpoint.exists(last):
        state, notes = checkpoint.restore(last, state)
        record.check_run(last, notes, result)
        history = notes["history"]
        batches.restore(notes["position"])
    elif result["history"]:
        raise ValueError(
            f"{out} has a record of {len(result['history'])} epochs and no checkpoint in {last}; restore it from a "
            "copy, or train in another folder"
        )

    def report(history):
        result["history"] = list(history)
        finished = [entry for entry in history if not entry.get("unfinished")]
        if finished:
            result["metrics"] = metrics_of(parts, finished)

    def save(state, history, position):
        newest["state"] = state
        if out is None or last is None or best is None:
            report(history)
            return False
        # The best one first: if the process ends in between, the epoch is trained again and both are saved.
        notes = {"history": history, "position": position, "run": result["provenance"].get("run")}
        if _is_best(parts, history):
            checkpoint.save(best, state, notes)
        checkpoint.save(last, state, notes)
        report(history)  # the record never has more than the checkpoint
        if processes.is_first():
            record.write(out / "record.json", result)
        return True

    stopping = config.stopping
    if stopping is not None:
        callbacks = (*callbacks, lambda history, variables: stopping.over(history))
    hooks = Hooks(lambda variables: measured(parts, variables), save, callbacks)
    over = history and not history[-1].get("unfinished") and stopping and stopping.over(history)
    state, history = fit_state(
        *(trainer, state, batches, len(history) if over else config.epochs),
        hooks=hooks,
        history=history,
        seconds=seconds,
        name=name_of_run(parts, out),
        progress=progress and processes.is_first(),
    )
    report(history)
    return state


def measured(parts: Parts, variables: Any) -> dict[str, Any]:
    """What is measured after an epoch: on the validation samples, if there are any, and on the test samples."""
    found: dict[str, Any] = {}
    for split, samples in parts.measured.items():
        values = parts.measure(variables, samples)
        rates = values.pop("firing_rate")
        found |= {f"{split}_{name}": value for name, value in values.items()}
        found["firing_rate"] = rates
    return {**found, "peak_memory_mb": largest_resident()}


def metrics_of(parts: Parts, finished: list[dict[str, Any]]) -> dict[str, Any]:
    """The metrics of a record, from the entries of its epochs."""
    return {
        **finished[-1],
        "parameters": parameters_of(parts),
        "seconds": sum(entry["seconds"] for entry in finished),
        "peak_memory_mb": max(entry["peak_memory_mb"] for entry in finished),
    }


def parameters_of(parts: Parts) -> int:
    """The number of learned parameters."""
    shapes = jax.eval_shape(parts.init, 0).params
    return sum(int(np.prod(x.shape)) for x in jax.tree.leaves(shapes))


def _is_best(parts, history):
    """Whether the newest epoch is better on the validation samples than all before."""
    if parts.validation is None or history[-1].get("unfinished"):
        return False
    name, best = parts.selection
    values = [entry[name] for entry in history]
    better = max if best == "max" else min
    return values.index(better(values)) == len(values) - 1


def name_of_run(parts: Parts, out: Path | None) -> str:
    """The label of the progress bar: the folder's name."""
    return parts.dataset.name if out is None else Path(out).name
