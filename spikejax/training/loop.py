"""`fit`, the only Python loop over steps: dispatch, stop, measure, save."""

import copy
import functools
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spikejax.devices.mesh import replicate
from spikejax.devices.processes import Interrupted, OutOfTime, any_process, stop_signal
from spikejax.inputs.batches import Batches
from spikejax.training.progress import Diverged, Meter
from spikejax.training.state import Trainer, TrainState, paths
from spikejax.training.step import train_step

STOP_CHECK_INTERVAL = 32  # steps between all-process checks of the stop signal


class Hooks(NamedTuple):
    """What `fit` calls.

    Attributes:
      evaluate: `(variables) -> measured`, after each epoch; what it returns joins the epoch's entry.
      save: `(state, history, position) -> saved`, after each epoch and when stopped: the position is that of the
        batches. False means that nothing was kept.
      callbacks: `(history, variables) -> stop`, after each epoch; training ends if one returns True. Where no epoch is
        left to train they are called once, with the whole history.
    """

    evaluate: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    save: Callable[[TrainState, list[dict[str, Any]], Any], bool | None] | None = None
    callbacks: Sequence[Callable[[list[dict[str, Any]], Any], bool | None]] = ()


def fit(
    trainer: Trainer,
    state: TrainState,
    batches: Batches,
    epochs: int,
    *,
    hooks: Hooks = Hooks(),
    history: Sequence[dict[str, Any]] = (),
    seconds: float | None = None,
    name: str = "",
    progress: bool = True,
) -> tuple[TrainState, list[dict[str, Any]]]:
    """Trains to the given number of epochs, from the given state.

    On Ctrl-C or SIGTERM, and when its time is over, it finishes the step, saves and raises `Interrupted`.

    Args:
      trainer: what trains.
      state: from `state.init`, or restored. It is not modified: training works on a copy.
      batches: `InMemory` or `Stream`.
      epochs: how many in all.
      hooks: functions to call.
      history: entries of the previous epochs, as restored.
      seconds: time after which training ends; None is no limit.
      name: label of the progress bar.
      progress: whether to show the bar.

    Returns:
      The state and the history, one entry per epoch: epoch, the means of what the steps measured, seconds (of training
      alone) and what `evaluate` returned. In the middle of an epoch `save` receives a last entry that is marked
      "unfinished".

    Raises:
      Diverged: a value is not finite; names the step and, if it is one, the parameter. Nothing is saved then.
      Interrupted: stopped from outside, after `save` was called; `OutOfTime` if its time is over.
    """
    begun = time.perf_counter()
    steps, mesh = batches.steps, trainer.mesh
    state = jax.tree.map(jnp.copy, state) if mesh is None else replicate(_copied(state), mesh)
    last, number = epochs * steps, int(state.step)
    step = jax.jit(functools.partial(train_step, trainer), donate_argnums=0)
    history = list(history)
    spent, sums = 0.0, {}
    if history and history[-1].get("unfinished"):
        entry = history.pop()
        spent, sums = entry["seconds"], entry["sums"]

    if history and number >= last:
        # Nothing is left to train; the process before may have ended between saving and calling.
        for call in hooks.callbacks:
            _ends(call, history, state)

    def over():
        return seconds is not None and time.perf_counter() - begun > seconds

    with (
        stop_signal() as stopped,
        Meter(last, number, name=name, progress=progress) as meter,
    ):
        while number < last:
            epoch, started = number // steps, time.perf_counter() - spent
            meter.begin(epoch + 1, epochs, sums, number % steps)
            for batch in batches.epoch(state.key, epoch, number % steps, mesh):
                state, measured = step(state, batch)
                number += 1
                meter.add(number, measured)
                # Processes must stop at the same step, and checking all of them takes time.
                due = jax.process_count() == 1 or number % STOP_CHECK_INTERVAL == 0
                if due and any_process(stopped.is_set() or over()):
                    break
            means = meter.finish()
            spent = time.perf_counter() - started
            check_finite(state, number)
            if number % steps:
                entry = {"epoch": epoch + 1, "seconds": spent, "sums": meter.sums}
                so_far = [*history, {**entry, "unfinished": True}]
                saved = _save(hooks, state, so_far, batches.position())
                raise _stop(stopped, seconds, f"step {number} of {last}", saved)
            history.append({"epoch": epoch + 1, **means, "seconds": spent})
            if hooks.evaluate is not None:
                history[-1] |= hooks.evaluate(_copied(state.measured))
                _check_measured(history[-1], number)
            meter.tell(history[-1])
            saved = _save(hooks, state, history, None)
            spent, sums = 0.0, {}
            done = [_ends(call, history, state) for call in hooks.callbacks]
            if any(done):
                break
            if number < last and any_process(stopped.is_set() or over()):
                raise _stop(stopped, seconds, f"epoch {epoch + 1} of {epochs}", saved)
    return state, history


def _copied(tree):
    # What is passed to hooks must outlive the next step, to which the buffers of the state are donated.
    return jax.tree.map(jnp.copy, tree)


def _ends(callback, history, state):
    """Whether a callback ends the training; what it does to its arguments stays with it."""
    ends = callback(copy.deepcopy(history), _copied(state.measured))
    if ends is None or isinstance(ends, bool | np.bool_):
        return bool(ends)
    raise ValueError(
        f"expected a callback to return True where the training should end, else False or None, found {ends!r}"
    )


def _save(hooks, state, history, position):
    return hooks.save is not None and hooks.save(_copied(state), history, position) is not False


def _stop(stopped, seconds, where, saved):
    where = f"stopped after {where}{', saved' if saved else ''}"
    if (
        stopped.is_set() or seconds is None
    ):  # without a limit it was another process that received the signal
        return Interrupted(where)
    return OutOfTime(f"the {seconds:g} seconds are over: {where}")


def _check_measured(entry, number):
    for path, value in zip(paths(entry), jax.tree.leaves(entry), strict=True):
        if isinstance(value, float) and not math.isfinite(value):
            raise Diverged(
                f"{'/'.join(path)} is {value} after step {number}; look for extreme values in the samples that are "
                "measured, or try a lower learning rate"
            )


def check_finite(state: TrainState, number: int) -> None:
    """Raises Diverged if a variable is NaN or infinite; names it and the step."""
    if found := not_finite(state.variables):
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise Diverged(
            f"{found[0]}{more} not finite after step {number}; try a lower learning rate, clip the gradient, or look "
            "for extreme values in the data"
        )


def not_finite(variables: Any) -> list[str]:
    """The paths of the variables that are NaN or infinite.

    >>> not_finite({"params": {"kernel": jnp.array([1.0, jnp.nan]), "bias": jnp.zeros(2)}})
    ['params/kernel']
    """
    bad = _bad(variables)
    named = zip(paths(bad), jax.tree.leaves(bad), strict=True)
    return ["/".join(path) for path, flag in named if flag]


@jax.jit
def _bad(variables):
    def flag(x):
        floating = jnp.issubdtype(x.dtype, jnp.floating)
        return ~jnp.isfinite(x).all() if floating else jnp.array(False)

    return jax.tree.map(flag, variables)
