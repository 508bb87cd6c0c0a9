"""Sweeps: many models, each with numbers and a seed of its own, trained in one compiled program.

A lane is one model. Its numbers are operands of the program, so whatever their values are, it is compiled once. Lanes
are run in groups: a group's lanes are split over the devices, which never talk to each other, and on each device run
side by side (`vmap`) or one after the other (`map`). On CPUs one after the other is faster, since a product of many
small matrices is slower than many products; on accelerators side by side is the default.
"""

import functools
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from spikejax import grid as grids
from spikejax import mesh as meshes
from spikejax.memory import available, needed_by
from spikejax.progress import Interrupted, stop_signal

Lanes = Literal["vmap", "map"]
LANES_A_DEVICE = 16  # in a group, at most: what a killed run can lose

Init = Callable[[dict[str, Array], Array], Any]
TrainEpoch = Callable[[Any, dict[str, Array], Any], tuple[Any, dict[str, Array]]]
Row = dict[str, Any]


class _Lane(NamedTuple):
    """What a group's program carries of each lane."""

    point: dict[str, Array]
    state: Any
    alive: Array  # False once a number was not finite


def run(
    init: Init,
    train_epoch: TrainEpoch,
    grid: Mapping[str, Sequence[float]] | Sequence[Mapping[str, float]],
    seeds: Sequence[int],
    *,
    epochs: int,
    shared: Any = None,
    lanes: Lanes | None = None,
    mesh: Mesh | None = None,
    group: int | None = None,
    memory: int | None = None,
    finished: Mapping[int, list[Row]] | None = None,
    keep: Callable[[int, list[Row], Any], None] | None = None,
    tell: Callable[[int, int, int], None] | None = None,
) -> list[Row]:
    """Trains a model for every point of a grid and every seed.

    Args:
      init: `(point, seed) -> state`, pure; the values of point and the seed are scalars.
      train_epoch: `(state, point, shared) -> (state, metrics)`, pure; metrics are scalars by name.
      grid: values by name, of which every combination is a point; or the points themselves (`grid.side_by_side`,
        `grid.draw`).
      seeds: each point is trained once with each.
      epochs: calls of `train_epoch` for each lane.
      shared: arrays that all lanes read, a data set for example.
      lanes: "vmap" or "map"; None is "map" on CPUs and "vmap" elsewhere.
      mesh: devices of this process that share the lanes; None is all of them.
      group: lanes trained at the same time, at most; None is 16 a device.
      memory: bytes that a device may use; groups are halved until the compiled program fits. None is what the device
        says, or its share of half of the machine's memory.
      finished: rows of groups that are not to be trained again, by the group's number, as `keep` was given them.
      keep: called with the number of a finished group, its rows and the states of its lanes, stacked.
      tell: called after each epoch with group, epoch and the number of groups.

    Returns:
      A row a lane and epoch: lane, the point's values, seed, epoch, the metrics, and "diverged". A lane whose metrics
      or state are no longer finite keeps the state that it had before and has None for metrics from then on.

    With several processes (`mesh.start`) each trains its share of the groups, and all return all rows.

    Raises:
      ValueError: no points, points with different names, no seeds or epochs, or one lane a device that does not fit.
      Interrupted: Ctrl-C or SIGTERM, at the end of an epoch; finished groups were kept.

    >>> def init(point, seed):
    ...     return jnp.zeros(()) + seed
    >>> def train_epoch(state, point, shared):
    ...     return state + point["rate"], {"loss": state}
    >>> rows = run(init, train_epoch, {"rate": (0.5, 2.0)}, seeds=(0, 1), epochs=2)
    >>> rows[-1]
    {'lane': 3, 'rate': 2.0, 'seed': 1, 'epoch': 2, 'loss': 3.0, 'diverged': False}
    """
    points = grids.product(grid) if isinstance(grid, Mapping) else [dict(p) for p in grid]
    _check(points, seeds, epochs)
    mesh = mesh or meshes.over(jax.local_devices())
    lanes = lanes or default_lanes()
    everyone = [(point, seed) for point in points for seed in seeds]
    shared = meshes.replicate(shared, mesh)
    size = _group_size(len(everyone), mesh.size, group)
    programs, size = _compile(init, train_epoch, everyone, shared, lanes, mesh, size, memory)
    groups = [everyone[start : start + size] for start in range(0, len(everyone), size)]
    finished = dict(finished or {})
    mine = range(jax.process_index(), len(groups), jax.process_count())
    with stop_signal() as stopped:
        for number in mine:
            if number in finished:
                first, last = number * size, number * size + len(groups[number]) - 1
                if {row["lane"] for row in finished[number]} != set(range(first, last + 1)):
                    raise ValueError(
                        f"group {number} was finished with other lanes than {first} to {last}, by another number of "
                        "devices or another limit; set the size of a group (--group) to what it was"
                    )
                continue
            state, history = _train(
                programs,
                groups[number],
                size,
                shared,
                mesh,
                epochs,
                stopped,
                functools.partial(tell, number, len(groups)) if tell else None,
            )
            rows = _rows(groups[number], number * size, history)
            if keep is not None:
                keep(number, rows, state)
            finished[number] = rows
    return _gather({number: finished[number] for number in mine})


def default_lanes() -> Lanes:
    """How lanes are run on a device of this backend: one after the other on CPUs, side by side elsewhere."""
    return "map" if jax.default_backend() == "cpu" else "vmap"


def _check(points, seeds, epochs):
    if not points or not list(seeds) or epochs < 1:
        raise ValueError(
            f"expected at least one point, one seed and one epoch, found {len(points)}, {len(list(seeds))} and {epochs}"
        )
    for point in points:
        if set(point) != set(points[0]):
            raise ValueError(f"expected points of one set of names, found {points[0]} and {point}")
        for name, value in point.items():
            if isinstance(value, bool | str) or not np.isfinite(value):
                raise ValueError(
                    f"expected finite numbers, found {name}={value!r}; sweep each choice on its own"
                )


def _group_size(lanes, devices, most):
    """Lanes of a group: groups of one size, a multiple of the devices, at least one for each process."""
    most = most or LANES_A_DEVICE * devices
    groups = max(math.ceil(lanes / most), min(jax.process_count(), lanes))
    return math.ceil(math.ceil(lanes / groups) / devices) * devices


def _compile(init, train_epoch, everyone, shared, lanes, mesh, size, memory):
    """The programs that start a group and that train it for an epoch, and the size of a group that fits."""
    memory = memory or available(mesh)
    split = NamedSharding(mesh, PartitionSpec(meshes.AXIS))
    whole = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), shared
    )

    def of_lanes(tree):
        return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=split), tree)

    start, epoch = programs(init, train_epoch, lanes, mesh)
    while True:
        given = of_lanes(jax.eval_shape(lambda size=size: _stack(everyone[:1] * size)))
        trained = of_lanes(jax.eval_shape(start, None, given))
        try:
            compiled = epoch.lower(whole, trained).compile()
            needed = f"{needed_by(compiled) / 2**20:,.0f} MB"
            if needed_by(compiled) <= memory:
                return (start.lower(None, given).compile(), compiled), size
        except (
            jax.errors.JaxRuntimeError
        ) as error:  # how a TPU's compiler says that it does not fit
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            needed = "more than it has"
        if size == mesh.size:
            raise ValueError(
                f"one lane a device needs {needed} and a device may use {memory / 2**20:,.0f} MB; "
                "give more memory, or a smaller network, batch or chunk"
            )
        size = math.ceil(size / mesh.size / 2) * mesh.size


def programs(
    init: Init, train_epoch: TrainEpoch, lanes: Lanes, mesh: Mesh
) -> tuple[Callable, Callable]:
    """The two jitted programs of a sweep, not yet compiled.

    Args:
      init: see `run`.
      train_epoch: see `run`.
      lanes: "vmap" or "map".
      mesh: devices that share the lanes.

    Returns:
      `start(None, (point, seeds)) -> group` with values `[lanes]` by name and seeds `[lanes]`, and
      `epoch(shared, group) -> (group, metrics)`, which takes over the buffers of the group.
    """
    start = meshes.share_lanes(_each(_start(init), lanes), mesh)
    epoch = meshes.share_lanes(_each(_epoch(train_epoch), lanes), mesh)
    return jax.jit(start), jax.jit(epoch, donate_argnums=1)


def _each(function, lanes):
    """`(shared, lanes) -> lanes` from `(shared, lane) -> lane`."""
    if lanes == "vmap":
        return jax.vmap(function, in_axes=(None, 0))
    return lambda shared, lanes: jax.lax.map(lambda lane: function(shared, lane), lanes)


def _start(init):
    def start(_, given):
        point, seed = given
        return _Lane(point, init(point, seed), jnp.bool_(True))

    return start


def _epoch(train_epoch):
    def epoch(shared, lane):
        state, metrics = train_epoch(lane.state, lane.point, shared)
        alive = lane.alive & _finite(state) & _finite(metrics)

        def kept(new, old):
            return jnp.where(alive, new, old)

        return _Lane(lane.point, jax.tree.map(kept, state, lane.state), alive), metrics

    return epoch


def _finite(tree):
    numbers = (x for x in jax.tree.leaves(tree) if jnp.issubdtype(x.dtype, jnp.floating))
    return functools.reduce(jnp.logical_and, (jnp.isfinite(x).all() for x in numbers), True)


def _stack(lanes):
    """The points `[size]` by name, and the seeds `[size]`."""
    names = lanes[0][0]
    points = {name: jnp.asarray([float(point[name]) for point, _ in lanes]) for name in names}
    return points, jnp.asarray([seed for _, seed in lanes])


def _train(programs, lanes, size, shared, mesh, epochs, stopped, tell):
    """The states of a group after its last epoch, and (metrics, alive) of each epoch."""
    start, epoch = programs
    split = NamedSharding(mesh, PartitionSpec(meshes.AXIS))
    # The last lane stands in where a group is not full.
    given = _stack(lanes + lanes[-1:] * (size - len(lanes)))
    group, history = start(None, jax.device_put(given, split)), []
    for number in range(epochs):
        if stopped.is_set():
            raise Interrupted(
                f"stopped after epoch {number} of {epochs} of a group; finished groups are kept"
            )
        group, metrics = epoch(shared, group)
        history.append(jax.device_get((metrics, group.alive)))
        if tell is not None:
            tell(number + 1)
    return jax.tree.map(lambda x: x[: len(lanes)], group.state), history


def _rows(lanes, first, history):
    rows = []
    for i, (point, seed) in enumerate(lanes):
        for number, (metrics, alive) in enumerate(history):
            good = bool(alive[i])
            values = {name: float(values[i]) if good else None for name, values in metrics.items()}
            rows.append(
                {"lane": first + i, **point, "seed": seed, "epoch": number + 1, **values}
                | {"diverged": not good}
            )
    return rows


def _gather(finished):
    """All groups' rows in order, from every process."""
    said = meshes.gather_texts(json.dumps(list(finished.items())))
    everything = dict(itertools.chain.from_iterable(json.loads(text) for text in said))
    return [row for number in sorted(everything) for row in everything[number]]
