"""The gradient of one batch, in micro-batches and over devices."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import Mesh

from spikejax.devices.mesh import share_batch


def gradient_of_batch(
    objective: Callable,
    variables: dict,
    inputs: Array,
    labels: Array,
    chosen: Array,
    key: Array,
    *,
    micro_batches: int = 1,
    mesh: Mesh | None = None,
) -> tuple[tuple[Array, tuple[dict, dict]], Any]:
    """What the objective returns, and its gradient by `variables["params"]`, both means over a batch.

    Args:
      objective: `(variables, inputs, labels, key) -> (loss, (metrics, changed))`, see `train`.
      variables: of the network.
      inputs: the whole data set, `[N, ...]`.
      labels: `[N]`.
      chosen: the samples of the batch, `[B]`.
      key: of the step.
      micro_batches: parts that are differentiated one after the other, so that what a part needs fits a cache.
      mesh: devices that share the batch; None is one device.

    Raises:
      ValueError: B is not divisible, or an objective that changes variables and is given micro-batches.
    """
    shares = micro_batches * (1 if mesh is None else mesh.size)
    if chosen.size % shares:
        raise ValueError(
            f"expected a batch of a multiple of {shares} samples (micro-batches times devices), found {chosen.size}"
        )

    def differentiate(whole, chosen, key):
        variables, inputs, labels = whole
        rest = {name: values for name, values in variables.items() if name != "params"}

        def loss(params, chosen, key):
            return objective({"params": params, **rest}, inputs[chosen], labels[chosen], key)

        function = jax.value_and_grad(loss, has_aux=True)
        if micro_batches == 1:
            return function(variables["params"], chosen, key)

        def add(total, part):
            number, chosen = part
            result = function(variables["params"], chosen, jax.random.fold_in(key, number))
            return jax.tree.map(jnp.add, total, result), None

        parts = jnp.arange(micro_batches), chosen.reshape(micro_batches, -1)
        made = jax.eval_shape(function, variables["params"], parts[1][0], key)
        if made[0][1][1]:
            raise ValueError(
                f"the objective changes {sorted(made[0][1][1])}, which a batch does as a whole; set micro_batches=1"
            )
        zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), made)
        total, _ = jax.lax.scan(add, zeros, parts)
        return jax.tree.map(lambda x: x / micro_batches, total)

    if mesh is not None:
        differentiate = share_batch(differentiate, mesh)
    return differentiate((variables, inputs, labels), chosen, key)
