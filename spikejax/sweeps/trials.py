"""Lanes: the functions of one model as the programs of many, side by side or one after the other on each device."""

import functools
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import Mesh

from spikejax.devices.mesh import share_lanes

Mode = Literal["vmap", "map"]
Init = Callable[[dict[str, Array], Array], Any]
TrainEpoch = Callable[[Any, dict[str, Array], Any], tuple[Any, dict[str, Array]]]


class Lane(NamedTuple):
    """What a group's program carries of each lane."""

    point: dict[str, Array]
    state: Any
    alive: Array  # False once a number was not finite


def default_mode() -> Mode:
    """How lanes are run on a device of this backend: one after the other on CPUs, side by side elsewhere."""
    return "map" if jax.default_backend() == "cpu" else "vmap"


def programs(
    init: Init, train_epoch: TrainEpoch, mode: Mode, mesh: Mesh
) -> tuple[Callable, Callable]:
    """The two jitted programs of a sweep, not yet compiled.

    Args:
      init: see `sweep.run`.
      train_epoch: see `sweep.run`.
      mode: how a device runs its lanes.
      mesh: devices that share the lanes.

    Returns:
      `start(None, (point, seeds)) -> group` with values `[lanes]` by name and seeds `[lanes]`, and
      `epoch(shared, group) -> (group, metrics)`, which takes over the buffers of the group.
    """
    start = share_lanes(_each(_start(init), mode), mesh)
    epoch = share_lanes(_each(_epoch(train_epoch), mode), mesh)
    return jax.jit(start), jax.jit(epoch, donate_argnums=1)


def _each(function, mode):
    """`(shared, lanes) -> lanes` from `(shared, lane) -> lane`."""
    if mode == "vmap":
        return jax.vmap(function, in_axes=(None, 0))
    return lambda shared, lanes: jax.lax.map(lambda lane: function(shared, lane), lanes)


def _start(init):
    def start(_, given):
        point, seed = given
        return Lane(point, init(point, seed), jnp.bool_(True))

    return start


def _epoch(train_epoch):
    def epoch(shared, lane):
        state, metrics = train_epoch(lane.state, lane.point, shared)
        alive = lane.alive & _finite(state) & _finite(metrics)

        def kept(new, old):
            return jnp.where(alive, new, old)

        return Lane(lane.point, jax.tree.map(kept, state, lane.state), alive), metrics

    return epoch


def _finite(tree):
    numbers = (x for x in jax.tree.leaves(tree) if jnp.issubdtype(x.dtype, jnp.floating))
    return functools.reduce(jnp.logical_and, (jnp.isfinite(x).all() for x in numbers), True)
