"""Training: a state, a pure step, an epoch, and `fit`, the only Python loop.

What is trained is an objective and an Optax optimiser. An objective is a function

    (variables, inputs[B, ...], labels[B], key) -> (loss, (metrics, changed))

with at least the metric "accuracy", and in `changed` the collections of variables that a step changes (batch
statistics, say; usually none). The data set stays on the device; which samples make up a step, and its key, follow
from the state's key and the step's number alone, so a resumed run continues bit by bit.
"""

import functools
import itertools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from spikejax.progress import Meter, stop_signal

Objective = Callable[[Any, Array, Array, Array], tuple[Array, tuple[dict[str, Array], dict]]]


class TrainState(NamedTuple):
    """All that training carries from step to step, and all that a checkpoint holds."""

    params: Any  # learned variables
    rest: Any  # the other collections of variables
    opt_state: Any
    key: Array  # from which the order of every epoch and the key of every step are drawn
    step: Array  # steps taken, int32
    totals: dict[str, Array]  # metrics summed over the steps of this epoch

    @property
    def variables(self) -> dict:
        """The variables, as Flax wants them."""
        return {"params": self.params, **self.rest}


class Interrupted(Exception):
    """Training was stopped from outside; its state was saved."""


def adam(
    learning_rate: float, steps: int, drops: tuple[int, ...] | None = None
) -> optax.GradientTransformation:
    """Adam with the two schedules that the papers and the built-in tasks use.

    Args:
      learning_rate: the highest one.
      steps: of the whole training.
      drops: steps at which the rate falls to a tenth; None is one cycle: a cosine up, then down to zero.
    """
    if drops is None:
        return optax.adam(optax.cosine_onecycle_schedule(max(steps, 4), learning_rate))
    return optax.adam(optax.piecewise_constant_schedule(learning_rate, dict.fromkeys(drops, 0.1)))


def init(variables: dict, optimizer: optax.GradientTransformation, seed: int) -> TrainState:
    """The state before the first step.

    Args:
      variables: collections of variables; "params" is learned.
      optimizer: an Optax optimiser.
      seed: of the order of samples.
    """
    # Copied, since training donates its buffers and the caller keeps the variables.
    variables = jax.tree.map(jnp.array, dict(variables))
    params = variables.pop("params")
    totals = {"loss": jnp.zeros(()), "accuracy": jnp.zeros(())}
    return TrainState(
        params, variables, optimizer.init(params), jax.random.key(seed), jnp.int32(0), totals
    )


def batches(key: Array, epoch: int | Array, samples: int, batch_size: int) -> Array:
    """The order of an epoch: sample numbers `[steps, batch_size]`, drawn anew each epoch, the rest left out.

    >>> import jax
    >>> order = batches(jax.random.key(0), epoch=3, samples=10, batch_size=4)
    >>> order.shape, len(set(order.ravel().tolist()))
    ((2, 4), 8)
    """
    steps = samples // batch_size
    order = jax.random.permutation(jax.random.fold_in(jax.random.split(key)[0], epoch), samples)
    return order[: steps * batch_size].reshape(steps, batch_size)


def train_step(
    objective: Objective,
    optimizer: optax.GradientTransformation,
    state: TrainState,
    inputs: Array,
    labels: Array,
    order: Array,
) -> tuple[TrainState, dict[str, Array]]:
    """One step of gradient descent, pure.

    Args:
      objective: see the head of this module.
      optimizer: the one that `init` was given.
      state: before the step; `state.step` says which batch of the order is next.
      inputs: the whole data set, `[N, ...]`.
      labels: `[N]`.
      order: the epoch's `batches`, `[steps, B]`.

    Returns:
      The state after the step and its metrics, "loss" and "accuracy".
    """
    position = state.step % order.shape[0]
    chosen = order[position]

    # The first half is the order's, in `batches`.
    key = jax.random.fold_in(jax.random.split(state.key)[1], state.step)

    def loss_of(params):
        return objective({"params": params, **state.rest}, inputs[chosen], labels[chosen], key)

    differentiate = jax.value_and_grad(loss_of, has_aux=True)
    (loss, (metrics, changed)), gradients = differentiate(state.params)
    updates, opt_state = optimizer.update(gradients, state.opt_state, state.params)
    metrics = {"loss": loss, "accuracy": metrics["accuracy"]}

    def add(total, x):
        return jnp.where(position == 0, 0, total) + x

    state = TrainState(
        params=optax.apply_updates(state.params, updates),
        rest={**state.rest, **changed},
        opt_state=opt_state,
        key=state.key,
        step=state.step + 1,
        totals=jax.tree.map(add, state.totals, metrics),
    )
    return state, metrics


def train_epoch(
    objective: Objective,
    optimizer: optax.GradientTransformation,
    state: TrainState,
    inputs: Array,
    labels: Array,
    batch_size: int,
) -> tuple[TrainState, dict[str, Array]]:
    """A whole epoch as one program, the same steps as `fit` takes; arguments as in `train_step`.

    Returns:
      The state after the epoch and the metrics of each step, `[steps]`.
    """
    inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
    steps = labels.shape[0] // batch_size
    order = batches(state.key, state.step // steps, labels.shape[0], batch_size)

    def body(state, _):
        return train_step(objective, optimizer, state, inputs, labels, order)

    return jax.lax.scan(body, state, length=steps)


def evaluate(measure: Callable, variables: dict, inputs: Any, labels: Any, batch_size: int) -> dict:
    """Means of `measure(variables, inputs, labels)` over a data set, every sample counted once.

    Args:
      measure: a jitted function that returns a pytree of means over its batch.
      variables: of the network.
      inputs: `[N, ...]`.
      labels: `[N]`.
      batch_size: samples a call at most. All calls have the same number, or differ by one.

    Returns:
      The pytree, as Python floats.
    """
    samples = len(labels)
    calls = -(-samples // batch_size)
    # Even shares are mostly of one size, so that `measure` is compiled once.
    borders = [samples * call // calls for call in range(calls + 1)]
    parts = [measure(variables, inputs[a:b], labels[a:b]) for a, b in itertools.pairwise(borders)]
    shares = [(b - a) / samples for a, b in itertools.pairwise(borders)]

    def mean(*values):
        return sum(share * float(value) for share, value in zip(shares, values, strict=True))

    # Everything was dispatched; only now is it waited for.
    return jax.tree.map(mean, *jax.device_get(parts))


def check_samples(inputs: Any, labels: Any, classes: int, batch_size: int) -> None:
    """Raises ValueError unless a data set fits: one label a sample, integers in 0 … classes−1, a whole batch."""
    if len(inputs) != len(labels):
        raise ValueError(
            f"expected one label a sample, found {len(inputs)} samples and {len(labels)} labels"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"expected integer labels, found {labels.dtype}; cast them with astype('int32')"
        )
    if not 1 <= batch_size <= len(labels):
        raise ValueError(
            f"expected a batch size from 1 to the {len(labels)} samples, found {batch_size}"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise ValueError(f"expected labels in 0 to {classes - 1}, found {low} to {high}")


def fit(
    state: TrainState,
    objective: Objective,
    optimizer: optax.GradientTransformation,
    samples: tuple[Any, Any],
    *,
    classes: int,
    epochs: int,
    batch_size: int,
    evaluate: Callable[[dict], dict],
    save: Callable[[TrainState, list[dict]], None],
    history: list[dict] | None = None,
    progress: bool = True,
    name: str = "",
) -> tuple[TrainState, list[dict]]:
    """Trains to the given number of epochs, from wherever the state stands.

    Shows a progress bar with loss, accuracy, samples a second and the time left. Saves after every epoch. On Ctrl-C or
    SIGTERM it finishes the step, saves and raises `Interrupted`.

    Args:
      state: from `init`, or restored.
      objective: see `train_step`.
      optimizer: the one that `init` was given.
      samples: inputs `[N, ...]` and labels `[N]`.
      classes: number of classes.
      epochs: how many in all.
      batch_size: samples a step.
      evaluate: called with the variables after each epoch; what it returns joins the epoch's entry.
      save: called with the state and the history after each epoch, and when interrupted.
      history: entries of the epochs before, as restored.
      progress: whether to show the bar.
      name: stands before the bar.

    Returns:
      The state and the history, one entry an epoch: epoch, loss, accuracy, seconds (of training alone) and what
      `evaluate` returned. In the middle of an epoch `save` gets a last entry that is marked "unfinished".

    Raises:
      ValueError: a data set that does not fit, see `check_samples`.
      Diverged: the loss is NaN or infinite; names the step.
      Interrupted: stopped from outside, after saving.
    """
    inputs, labels = samples
    check_samples(inputs, labels, classes, batch_size)
    inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
    steps = len(labels) // batch_size
    last = epochs * steps
    step = jax.jit(functools.partial(train_step, objective, optimizer), donate_argnums=0)
    draw = jax.jit(functools.partial(batches, samples=len(labels), batch_size=batch_size))
    history = list(history or [])
    spent = history.pop()["seconds"] if history and history[-1].get("unfinished") else 0.0
    number = int(state.step)
    with (
        stop_signal() as stopped,
        Meter(progress, name, epochs, steps, number, batch_size) as meter,
    ):
        while number < last:
            epoch, started = number // steps, time.perf_counter() - spent
            order = draw(state.key, epoch)
            while number < (epoch + 1) * steps and not stopped.is_set():
                state, metrics = step(state, inputs, labels, order)
                number += 1
                meter.add(number, metrics)
            meter.finish()
            spent = time.perf_counter() - started
            if number % steps:
                save(state, [*history, {"epoch": epoch + 1, "seconds": spent, "unfinished": True}])
                raise Interrupted(f"stopped after step {number} of {last}, saved")
            means = {key: float(total) / steps for key, total in state.totals.items()}
            measured = evaluate(state.variables)
            history.append({"epoch": epoch + 1, **means, "seconds": spent, **measured})
            meter.tell(measured)
            save(state, history)
            spent = 0.0
            if stopped.is_set() and number < last:
                raise Interrupted(f"stopped after epoch {epoch + 1} of {epochs}, saved")
    return state, history
