"""A step of training, an epoch as one program, and an evaluation: all pure."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jax.sharding import Mesh

from spikejax.devices import averages
from spikejax.devices.mesh import share_batch
from spikejax.inputs.batches import count_samples, gather, order, step_key
from spikejax.training.gradient import gradient_of_batch
from spikejax.training.state import Trainer, TrainState, with_schedules, within_bounds


def train_step(
    trainer: Trainer, state: TrainState, batch: Any
) -> tuple[TrainState, dict[str, Any]]:
    """One step of gradient descent.

    Args:
      trainer: what trains.
      state: before the step.
      batch: a pytree whose leaves have leading axis B.

    Returns:
      The state after the step, and what was measured: the objective's means by name, "loss" among them, and
      "gradient_norm".
    """
    key, of_augment = jax.random.split(step_key(state.key, state.step))
    for number, change in enumerate(trainer.augment):
        batch = change(batch, jax.random.fold_in(of_augment, number))
    measured, gradient, changed = gradient_of_batch(trainer, state.variables, batch, key)
    updates, opt_state = trainer.optimiser.update(gradient, state.opt_state, state.params)
    params = within_bounds(trainer, optax.apply_updates(state.params, updates))
    average = state.average
    if average is not None:
        decay = trainer.average
        average = jax.tree.map(lambda old, new: decay * old + (1 - decay) * new, average, params)
    after = TrainState(
        params=params,
        # Those of the next step, so that the trained network has a ramp's last value.
        constants=with_schedules(trainer, state.constants, state.step + 1),
        carried={**state.carried, **changed},
        opt_state=opt_state,
        key=state.key,
        step=state.step + 1,
        average=average,
    )
    return after, {**measured, "gradient_norm": optax.tree.norm(gradient)}


def train_epoch(
    trainer: Trainer, state: TrainState, samples: Any, batch_size: int
) -> tuple[TrainState, dict[str, Any]]:
    """A whole epoch as one program, the same steps as `fit` takes.

    Args:
      trainer: what trains.
      state: before the epoch.
      samples: the data set, a pytree of arrays `[N, ...]`.
      batch_size: B.

    Returns:
      The state after the epoch, and what each step measured, `[steps]`.

    Raises:
      ValueError: fewer samples than the batch size.
    """
    samples = jax.tree.map(jnp.asarray, samples)
    count = count_samples(samples)
    steps = count // batch_size
    if steps < 1:
        raise ValueError(f"expected at least the {batch_size} samples of a batch, found {count}")
    chosen = order(state.key, state.step // steps, count, batch_size)

    def body(state, number):
        return train_step(trainer, state, gather(samples, chosen, number))

    return jax.lax.scan(body, state, jnp.arange(steps))


def evaluate(
    measure: Callable[[Any, Any, Array], Any],
    variables: Any,
    samples: Any,
    batch_size: int,
    key: Array,
    mesh: Mesh | None = None,
) -> Any:
    """Means of `measure(variables, batch, key)` over a data set, every sample counted once.

    Args:
      measure: returns a pytree of means over its batch, or of instances of `Average`.
      variables: of the network.
      samples: a pytree of arrays `[N, ...]`.
      batch_size: samples per batch; the last one has the remainder.
      key: PRNG key for all random numbers.
      mesh: devices that share each batch whose size they divide.

    Raises:
      ValueError: no samples.
    """
    count = count_samples(samples)
    if not count:
        raise ValueError("expected at least one sample to measure, found none")
    batch_size = min(batch_size, count)
    whole = count // batch_size * batch_size

    def sums_of(variables, batch, key):
        return averages.begin(measure(variables, batch, key), float(count_samples(batch)))

    def sums(batch, number):
        function = sums_of
        if mesh is not None and count_samples(batch) % mesh.size == 0:
            function = share_batch(sums_of, mesh)
        return function(variables, batch, jax.random.fold_in(key, number))

    pieces = jax.tree.map(lambda x: x[:whole].reshape(-1, batch_size, *x.shape[1:]), samples)
    numbers = jnp.arange(whole // batch_size)
    totals = jax.tree.map(lambda x: x.sum(0), jax.lax.map(lambda p: sums(*p), (pieces, numbers)))
    if whole < count:
        rest = sums(jax.tree.map(lambda x: x[whole:], samples), len(numbers))
        totals = jax.tree.map(jnp.add, totals, rest)
    return averages.finish(totals)
