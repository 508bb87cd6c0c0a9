"""Programs of a sweep, compiled for groups that fit the devices' memory."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from spikejax.devices import mesh as meshes
from spikejax.devices.memory import available, needed_by
from spikejax.sweeps.trials import programs
from spikejax.sweeps.turns import in_turn

TRIALS_PER_DEVICE = 16  # most trials in a group: those lost if the run is killed


class Compiled(NamedTuple):
    """How a group is started, `(members, size) -> group`, and trained, `(group) -> (group, metrics)`."""

    start: Callable[..., Any]
    epoch: Callable[..., Any]


def group_size(trials: int, devices: int, most: int | None = None) -> int:
    """Trials of a group: groups of one size, a multiple of the devices, of `most` trials if there are as many.

    >>> group_size(20, devices=2, most=16), group_size(3, devices=2)
    (10, 4)
    """
    groups = math.ceil(trials / (most or TRIALS_PER_DEVICE * devices))
    return math.ceil(math.ceil(trials / groups) / devices) * devices


def compile_programs(
    functions: tuple[Any, Any], members: list[Any], shared: Any, size: int, placement: Any
) -> tuple[Compiled, int]:
    """The programs of a sweep, and the size of a group that fits.

    Args:
      functions: `init` and `train_epoch`, see `groups.run`.
      members: the trials.
      shared: data that all trials read, on the devices.
      size: initial size of a group.
      placement: see `groups.Placement`, filled in.

    Raises:
      ValueError: metrics that are not scalars, or one trial per device does not fit.
    """
    mesh = placement.mesh
    split = NamedSharding(mesh, PartitionSpec(meshes.AXIS))
    if placement.mode == "loop":
        _check_scalars(_one_epoch(functions, members[0], shared), ())
        turns = in_turn(*functions, mesh)
        return Compiled(
            lambda members, size: turns.start(*_stacked(members)),
            lambda group: turns.epoch(shared, group),
        ), size

    memory = placement.memory or available(mesh)
    whole = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), shared
    )

    def of_trials(tree):
        return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=split), tree)

    start, epoch = programs(*functions, placement.mode, mesh)
    while True:
        given = of_trials(jax.eval_shape(lambda size=size: _stacked(members[:1] * size)))
        trained = of_trials(jax.eval_shape(start, *given))
        lowered = epoch.lower(whole, trained)
        _check_scalars(lowered.out_info[1], (size,))
        try:
            compiled = lowered.compile()
            needed = f"{needed_by(compiled) / 2**20:,.0f} MB"
            if needed_by(compiled) <= memory:
                break
        except jax.errors.JaxRuntimeError as error:
            # This is how a TPU's compiler reports that it does not fit.
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            needed = "more than it has"
        if size == mesh.size:
            raise ValueError(
                f"one trial per device needs {needed} and a device may use {memory / 2**20:,.0f} MB; "
                "give more memory, or a smaller network, batch or chunk"
            )
        size = math.ceil(size / mesh.size / 2) * mesh.size
    ready = start.lower(*given).compile()

    def begin(members, size):
        # The last trial fills up a group that is not full.
        filled = members + members[-1:] * (size - len(members))
        return ready(*jax.device_put(_stacked(filled), split))

    return Compiled(begin, lambda group: compiled(shared, group)), size


def _one_epoch(functions, member, shared):
    """Shapes of the metrics of an epoch of one trial."""
    init, train_epoch = functions

    def metrics(point, seed, shared):
        return train_epoch(init(point, seed), point, shared)[1]

    return jax.eval_shape(metrics, member.point, member.seed, shared)


def _check_scalars(metrics, shape):
    for name, metric in metrics.items():
        if metric.shape != shape:
            raise ValueError(
                f"expected metrics that are scalars, found {name} {list(metric.shape[len(shape) :])}; take its mean"
            )


def _stacked(members):
    """The points `[size]` by name, and the seeds `[size]`."""
    points = {
        name: jnp.asarray([member.point[name] for member in members]) for name in members[0].point
    }
    return points, jnp.asarray([member.seed for member in members])
