"""Devices: the shares of a batch, or the trials of a sweep, over CPUs, GPUs, TPUs and hosts.

A mesh here is a `jax.sharding.Mesh` of one axis. `share_batch` and `share_trials` determine what runs on each of its
devices; everything else is JAX's: the transfers, the collectives, and `jax.distributed` between hosts.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = "devices"


def over(devices: list | None = None) -> Mesh:
    """A mesh over devices; over all of them, those of other hosts too, if none are given.

    >>> over(jax.devices()[:1]).size
    1
    """
    return jax.make_mesh(
        (len(jax.devices() if devices is None else devices),),
        (AXIS,),
        axis_types=(jax.sharding.AxisType.Auto,),
        devices=devices,
    )


def replicate(tree: Any, mesh: Mesh) -> Any:
    """The arrays of a tree, whole on every device of the mesh; every host must have the same ones."""
    whole = NamedSharding(mesh, PartitionSpec())

    def put(x):
        if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            # A key cannot be put on another process's devices, its key data can.
            data = jax.device_put(jax.random.key_data(x), whole)
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(x))
        return jax.device_put(x, whole)

    return jax.tree.map(put, tree)


def distributed(mesh: Mesh | None) -> contextlib.AbstractContextManager:
    """Tells what is traced in it that XLA distributes its arrays over a mesh: `jax.sharding.get_abstract_mesh()`.

    Args:
      mesh: from `over`; None, or a mesh of one device, tells nothing.

    >>> with distributed(over()):
    ...     print(jax.sharding.get_abstract_mesh().axis_names)
    ('devices',)
    """
    if mesh is None or mesh.size == 1:
        return contextlib.nullcontext()
    return jax.sharding.use_abstract_mesh(mesh.abstract_mesh)


def share_batch(function: Callable[..., Any], mesh: Mesh) -> Callable[..., Any]:
    """Splits a batch over a mesh, and sums the results.

    Args:
      function: `(variables, batch, key) -> sums`; variables and key are whole on every device, the leaves of batch
        are split along their first axis, each device has its own key.
      mesh: from `over`.

    >>> import jax.numpy as jnp
    >>> total = share_batch(lambda scale, batch, key: (scale * batch).sum(), over())
    >>> float(total(2.0, jnp.arange(4.0), jax.random.key(0)))
    12.0
    """

    def local(variables, batch, key):
        if mesh.size > 1:
            key = jax.random.fold_in(key, jax.lax.axis_index(AXIS))
        return jax.lax.psum(function(variables, batch, key), AXIS)

    whole, split = PartitionSpec(), PartitionSpec(AXIS)
    # Without the check the gradients are summed here, once, and not again inside.
    return jax.shard_map(
        local, mesh=mesh, in_specs=(whole, split, whole), out_specs=whole, check_vma=False
    )


def share_trials(function: Callable[..., Any], mesh: Mesh) -> Callable[..., Any]:
    """Splits trials over a mesh: the devices do not communicate.

    Args:
      function: `(shared, trials) -> trials`; shared is whole on every device, the leaves of trials are split along
        their first axis.
      mesh: from `over`.

    >>> import jax.numpy as jnp
    >>> share_trials(lambda shift, trials: trials + shift, over())(1.0, jnp.arange(4.0)).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    whole, split = PartitionSpec(), PartitionSpec(AXIS)
    return jax.shard_map(
        function, mesh=mesh, in_specs=(whole, split), out_specs=split, check_vma=False
    )
