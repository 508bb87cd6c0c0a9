"""Training: a state, a pure step, an epoch, and `fit`, the only Python loop.

What is trained is an objective, a function

    (variables, inputs[B, ...], labels[B], key) -> (loss, (metrics, changed))

with the metric "accuracy", and in `changed` the collections of variables that a step changes (batch statistics, say).
The data set stays on the device. Samples and key of a step follow from the state's key and the step's number alone, so
a resumed run continues bit by bit; on another layout sums are rounded otherwise and neurons that draw have other noise.
"""

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jax.sharding import Mesh

from spikejax.devices.mesh import any_says, replicate
from spikejax.inputs.batches import batches, check_samples
from spikejax.training.gradient import gradient_of_batch
from spikejax.training.progress import Interrupted, Meter, stop_signal

Objective = Callable[[Any, Array, Array, Array], tuple[Array, tuple[dict[str, Array], dict]]]
QUESTION_EVERY = 32  # steps; whether a process was told to stop is asked all of them


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


def adam(
    learning_rate: float | Array,
    steps: int,
    drops: tuple[int, ...] | None = None,
    weight_decay: float | Array = 0.0,
) -> optax.GradientTransformation:
    """Adam with the two schedules that the papers and the built-in tasks use, and decoupled weight decay.

    Args:
      learning_rate: the highest one; may be traced.
      steps: of the whole training.
      drops: steps at which the rate falls to a tenth; None is one cycle: a cosine up, then down to zero.
      weight_decay: share of each weight matrix that a step takes away, times the rate; may be traced. Biases and
        the numbers of neurons are left alone.

    Returns:
      The optimiser.
    """
    if drops is None:
        schedule = optax.cosine_onecycle_schedule(max(steps, 4), 1.0)
    else:
        schedule = optax.piecewise_constant_schedule(1.0, dict.fromkeys(drops, 0.1))
    return optax.adamw(
        lambda count: learning_rate * schedule(count),
        weight_decay=weight_decay,
        mask=lambda params: jax.tree.map(lambda x: x.ndim >= 2, params),
    )


def init(variables: dict, optimizer: optax.GradientTransformation, seed: int | Array) -> TrainState:
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


def train_step(
    objective: Objective,
    optimizer: optax.GradientTransformation,
    state: TrainState,
    inputs: Array,
    labels: Array,
    order: Array,
    *,
    micro_batches: int = 1,
    mesh: Mesh | None = None,
) -> tuple[TrainState, dict[str, Array]]:
    """One step of gradient descent, pure.

    Args:
      objective: see the head of this module.
      optimizer: the one that `init` was given.
      state: before the step; `state.step` says which batch of the order is next.
      inputs: the whole data set, `[N, ...]`.
      labels: `[N]`.
      order: the epoch's `batches`, `[steps, B]`.
      micro_batches: see `batch_gradient.gradient_of_batch`.
      mesh: see `batch_gradient.gradient_of_batch`.

    Returns:
      The state after the step and its metrics, "loss" and "accuracy".
    """
    position = state.step % order.shape[0]
    chosen = order[position]

    # The first half is the order's, in `batches`.
    key = jax.random.fold_in(jax.random.split(state.key)[1], state.step)

    split = {"micro_batches": micro_batches, "mesh": mesh}
    (loss, (metrics, changed)), gradient = gradient_of_batch(
        objective, state.variables, inputs, labels, chosen, key, **split
    )
    updates, opt_state = optimizer.update(gradient, state.opt_state, state.params)
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
    *,
    micro_batches: int = 1,
) -> tuple[TrainState, dict[str, Array]]:
    """A whole epoch as one program, the same steps as `fit` takes; arguments as in `train_step`.

    Returns:
      The state after the epoch and the metrics of each step, `[steps]`.

    Raises:
      ValueError: fewer samples than a batch has, or a batch that micro-batches do not divide.
    """
    inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
    steps = labels.shape[0] // batch_size
    if steps < 1:
        raise ValueError(
            f"expected at least the {batch_size} samples of a batch, found {labels.shape[0]}"
        )
    order = batches(state.key, state.step // steps, labels.shape[0], batch_size)

    def body(state, _):
        return train_step(
            objective, optimizer, state, inputs, labels, order, micro_batches=micro_batches
        )

    return jax.lax.scan(body, state, length=steps)


def evaluate(
    measure: Callable, variables: dict, inputs: Array, labels: Array, batch_size: int
) -> Any:
    """Means of `measure(variables, inputs, labels)` over a data set, every sample counted once; pure.

    Args:
      measure: returns a pytree of means over its batch.
      variables: of the network.
      inputs: `[N, ...]`.
      labels: `[N]`.
      batch_size: samples a batch; the last one has what remains.

    Returns:
      The pytree of means.
    """
    samples = labels.shape[0]
    whole = samples // batch_size * batch_size

    def batches(x):
        return x[:whole].reshape(-1, batch_size, *x.shape[1:])

    parts = []
    if whole:
        means = jax.lax.map(lambda x: measure(variables, *x), (batches(inputs), batches(labels)))
        parts.append(jax.tree.map(lambda x: x.sum(0) * (batch_size / samples), means))
    if whole < samples:
        rest = measure(variables, inputs[whole:], labels[whole:])
        parts.append(jax.tree.map(lambda x: x * ((samples - whole) / samples), rest))
    return jax.tree.map(lambda *values: sum(values), *parts)


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
    micro_batches: int = 1,
    mesh: Mesh | None = None,
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
      micro_batches: see `batch_gradient.gradient_of_batch`.
      mesh: devices that share each batch; the state then is whole on all of them.

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
    if mesh is not None:
        state, inputs, labels = replicate((state, inputs, labels), mesh)
    steps = len(labels) // batch_size
    last = epochs * steps
    split = {"micro_batches": micro_batches, "mesh": mesh}
    step = jax.jit(functools.partial(train_step, objective, optimizer, **split), donate_argnums=0)
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
            stop = False
            while number < (epoch + 1) * steps and not stop:
                state, metrics = step(state, inputs, labels, order)
                number += 1
                meter.add(number, metrics)
                # Processes must stop at the same step, and asking them all takes time.
                if jax.process_count() == 1 or number % QUESTION_EVERY == 0:
                    stop = any_says(stopped.is_set())
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
            if any_says(stopped.is_set()) and number < last:
                raise Interrupted(f"stopped after epoch {epoch + 1} of {epochs}, saved")
    return state, history
