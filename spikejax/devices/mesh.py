"""Devices: the shares of a batch, or the lanes of a sweep, over CPUs, GPUs, TPUs and hosts.

A mesh here is a `jax.sharding.Mesh` of one axis. `share_batch` and `share_lanes` say what runs on each of its devices;
everything else is JAX's: the transfers, the collectives, and `jax.distributed` between hosts.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
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
            # A key cannot be put on another process's devices, its numbers can.
            data = jax.device_put(jax.random.key_data(x), whole)
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(x))
        return jax.device_put(x, whole)

    return jax.tree.map(put, tree)


def share_batch(function: Callable[..., Any], mesh: Mesh) -> Callable[..., Any]:
    """Splits a batch over a mesh, and takes the mean of what comes out.

    Args:
      function: `(variables, batch, key) -> means`; variables and key are whole on every device, the leaves of batch
        are split along their first axis, each device has its own key. Means are over the share of the batch; shares
        are equal, so their mean is that of the batch.
      mesh: from `over`.

    Statistics that a layer takes over its batch are those of each share, unless it is told to combine them
    (`axis_name=mesh.AXIS` in Flax).

    >>> import jax.numpy as jnp
    >>> mean = share_batch(lambda scale, batch, key: (scale * batch).mean(), over())
    >>> float(mean(2.0, jnp.arange(4.0), jax.random.key(0)))
    3.0
    """

    def local(variables, batch, key):
        if mesh.size > 1:
            key = jax.random.fold_in(key, jax.lax.axis_index(AXIS))
        return jax.lax.pmean(function(variables, batch, key), AXIS)

    whole, split = PartitionSpec(), PartitionSpec(AXIS)
    # Without the check the mean of the gradients is taken here, once, and not again inside of them.
    return jax.shard_map(
        local, mesh=mesh, in_specs=(whole, split, whole), out_specs=whole, check_vma=False
    )


def share_lanes(function: Callable[..., Any], mesh: Mesh) -> Callable[..., Any]:
    """Splits lanes over a mesh: no device knows of the others.

    Args:
      function: `(shared, lanes) -> lanes`; shared is whole on every device, the leaves of lanes are split along their
        first axis.
      mesh: from `over`.

    >>> import jax.numpy as jnp
    >>> share_lanes(lambda shift, lanes: lanes + shift, over())(1.0, jnp.arange(4.0)).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    whole, split = PartitionSpec(), PartitionSpec(AXIS)
    return jax.shard_map(
        function, mesh=mesh, in_specs=(whole, split), out_specs=split, check_vma=False
    )


def start(
    coordinator: str | None = None, processes: int | None = None, process: int | None = None
) -> None:
    """Makes each CPU core a device of its own, and joins other processes; to be called before any device is used.

    Args:
      coordinator: "host:port" of process 0, or "auto" where the cluster tells all three (TPU pods, Slurm, …); None
        is no other process.
      processes: how many there are.
      process: which one this is.

    A number of CPU devices that was set before, by `JAX_NUM_CPU_DEVICES` or in `XLA_FLAGS`, stays.

    Raises:
      ValueError: some of the three and not the others.
    """
    told = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if jax.config.values["jax_num_cpu_devices"] == -1 and not told:
        affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
        cores = len(affinity(0)) if affinity else os.cpu_count()
        with contextlib.suppress(RuntimeError):  # devices are in use already
            jax.config.update("jax_num_cpu_devices", cores)
    if coordinator == "auto" and processes is None and process is None:
        jax.distributed.initialize()
    elif coordinator not in (None, "auto") and processes is not None and process is not None:
        jax.distributed.initialize(coordinator, processes, process)
    elif (coordinator, processes, process) != (None, None, None):
        raise ValueError(
            "expected a coordinator HOST:PORT, the number of processes and which one this is, or the coordinator auto, "
            f"found {coordinator}, {processes} and {process}"
        )


def is_first() -> bool:
    """Whether this process is the one that writes what all of them share."""
    return jax.process_index() == 0


@contextlib.contextmanager
def on_first(open_context: Callable[..., Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
    """Opens a context on the first process; the others wait until it is open, and work on a copy of what it gives.

    Raises:
      Exception: what opening it raised; on the others a ValueError that says the same.
    """
    with contextlib.ExitStack() as stack:
        given = problem = None
        try:
            given = stack.enter_context(open_context(*args, **kwargs)) if is_first() else None
        except Exception as error:
            if jax.process_count() == 1:
                raise
            problem = error
        told, trouble = json.loads(gather_texts(json.dumps([given, problem and str(problem)]))[0])
        if trouble is not None:
            raise problem or ValueError(trouble)
        yield given if is_first() else told


def any_says(flag: bool) -> bool:
    """Whether the flag is set on any process; all of them must ask at the same place."""
    return any(map(bool, gather_texts("yes" if flag else "")))


def gather_texts(text: str) -> list[str]:
    """What each process has to say, on every process."""
    if jax.process_count() == 1:
        return [text]
    from jax.experimental import multihost_utils

    said = np.frombuffer(text.encode(), np.uint8)
    lengths = np.ravel(multihost_utils.process_allgather(np.int64(len(said))))
    padded = np.zeros(int(lengths.max()), np.uint8)
    padded[: len(said)] = said
    rows = np.asarray(multihost_utils.process_allgather(padded)).reshape(len(lengths), -1)
    return [bytes(row[:length]).decode() for row, length in zip(rows, lengths, strict=True)]
