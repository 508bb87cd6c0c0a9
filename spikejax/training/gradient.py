"""The gradient of one batch, in micro-batches and over devices."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.devices import averages
from spikejax.devices.mesh import distributed, share_batch
from spikejax.training.state import Trainer


def gradient_of_batch(
    trainer: Trainer, variables: dict[str, Any], batch: Any, key: Array
) -> tuple[dict[str, Any], Any, Any]:
    """What the objective measures and changes, and its gradient with respect to `variables["params"]`.

    The result is that of the whole batch however it is cut. The gradients of its parts are averaged, each weighted by
    the number of its samples, or by the weight of what the objective measures as "loss" (see `Average`). An objective
    of terms that weigh differently has a `weight(batch)`, which depends on no parameter; it is then called with a
    fourth argument, the weight per sample of the whole batch, and scales its terms itself (see `objectives.composed`).

    Args:
      trainer: has the objective, the micro-batches and the mesh.
      variables: of the network.
      batch: a pytree whose leaves have leading axis B.
      key: of the step.

    Returns:
      The measured means by name, "loss" among them, the changed collections, and the gradient.

    Raises:
      ValueError: B is not divisible, or an objective that changes collections and does not declare it.
    """
    devices = 1 if trainer.mesh is None else trainer.mesh.size
    # Statistics are those of the whole batch: here XLA distributes the work instead of us.
    parts = 1 if trainer.statistics else trainer.micro_batches
    count = jax.tree.leaves(batch)[0].shape[0]
    objective: Any = trainer.objective
    weigh = getattr(objective, "weight", None)
    if count % (parts * devices):
        raise ValueError(
            f"expected a batch of a multiple of {parts * devices} samples (micro-batches times devices), found {count}"
        )

    per_sample = () if weigh is None else (weigh(batch) / count,)

    def sums_of(known, batch, key):
        variables, per_sample = known
        rest = {name: values for name, values in variables.items() if name != "params"}
        size = float(jax.tree.leaves(batch)[0].shape[0])

        def loss(params, batch, key):
            return objective({"params": params, **rest}, batch, key, *per_sample)

        (value, (measured, changed)), gradient = jax.value_and_grad(loss, has_aux=True)(
            variables["params"], batch, key
        )
        if changed and not trainer.statistics:
            raise ValueError(
                f"the objective changes {sorted(changed)}, which needs the batch as a whole; set statistics=True"
            )
        own = size if per_sample else averages.weight_of(measured.get("loss"), size)
        weight = jnp.asarray(own)
        sums = averages.begin({"loss": value, **measured}, weight)
        return (sums, jax.tree.map(lambda x: x * weight, gradient), weight), changed

    if trainer.statistics:
        with distributed(trainer.mesh):
            sums, changed = sums_of((variables, per_sample), batch, key)
        return (*_means(sums), changed)

    def summed(known, batch, key):
        if parts == 1:
            return sums_of(known, batch, key)[0]

        def add(total, part):
            number, batch = part
            sums, _ = sums_of(known, batch, jax.random.fold_in(key, number))
            return jax.tree.map(jnp.add, total, sums), None

        pieces = jax.tree.map(lambda x: x.reshape(parts, -1, *x.shape[1:]), batch)
        first = jax.tree.map(lambda x: x[0], pieces)
        made = jax.eval_shape(sums_of, known, first, key)[0]
        zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), made)
        return jax.lax.scan(add, zeros, (jnp.arange(parts), pieces))[0]

    if trainer.mesh is not None:
        summed = share_batch(summed, trainer.mesh)
    return (*_means(summed((variables, per_sample), batch, key)), {})


def _means(sums):
    """The measured means and the gradient, from sums over the parts of a batch."""
    measured, gradient, weight = sums
    weight = jnp.where(weight == 0, 1, weight)
    return averages.finish(measured), jax.tree.map(lambda x: x / weight, gradient)
