"""Sweeps: many models, each with numbers and a seed of its own, trained in one compiled program.

A lane is one model. Its numbers are operands of the program, so whatever their values are, it is compiled once. Lanes
are run in groups: a group's lanes are split over the devices, which never talk to each other, and on each device run
side by side (`vmap`) or one after the other (`map`). On CPUs one after the other is faster, since a product of many
small matrices is slower than many products; on accelerators side by side is the default.
"""

import collections
import functools
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from spikejax.devices import mesh as meshes
from spikejax.devices.memory import available, needed_by
from spikejax.sweeps import grid as grids
from spikejax.sweeps.trials import Init, Mode, TrainEpoch, default_mode, programs
from spikejax.training.progress import Interrupted, stop_signal

LANES_A_DEVICE = 16  # in a group, at most: what a killed run can lose

Row = dict[str, Any]


class _Member(NamedTuple):
    """One model of a sweep."""

    number: int
    point: dict[str, float]
    seed: int


def run(
    init: Init,
    train_epoch: TrainEpoch,
    grid: Mapping[str, Sequence[float]] | Sequence[Mapping[str, float]],
    seeds: Sequence[int],
    *,
    epochs: int,
    shared: Any = None,
    lanes: Mode | None = None,
    mesh: Mesh | None = None,
    group: int | None = None,
    memory: int | None = None,
    finished: Sequence[Row] = (),
    keep: Callable[[list[Row], Any], None] | None = None,
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
      finished: rows of an earlier run; a lane of which all epochs are there is not trained again.
      keep: called with the rows of a finished group and the states of its lanes, stacked.
      tell: called after each epoch with the group, the number of groups and the epoch, counted from 1.

    Returns:
      A row a lane and epoch: lane, the point's values, seed, epoch, the metrics, and "diverged". A lane whose metrics
      or state are no longer finite keeps the state that it had before and has None for metrics from then on.

    With several processes (`mesh.start`) each trains its share of the lanes, and all return all rows.

    Raises:
      ValueError: no points, points with different names, values that are not finite numbers, no seeds or epochs,
        metrics that are not scalars, or one lane a device that does not fit.
      Interrupted: Ctrl-C or SIGTERM, at the end of an epoch; finished groups were kept.

    >>> def init(point, seed):
    ...     return jnp.zeros(()) + seed
    >>> def train_epoch(state, point, shared):
    ...     return state + point["rate"], {"loss": state}
    >>> rows = run(init, train_epoch, {"rate": (0.5, 2.0)}, seeds=(0, 1), epochs=2)
    >>> rows[-1]
    {'lane': 3, 'rate': 2.0, 'seed': 1, 'epoch': 2, 'loss': 3.0, 'diverged': False}
    """
    points = grids.product(grid) if isinstance(grid, Mapping) else list(grid)
    _check(points, seeds, epochs, lanes, group, memory)
    members = [
        _Member(number, {name: float(x) for name, x in point.items()}, int(seed))
        for number, (point, seed) in enumerate(itertools.product(points, seeds))
    ]
    # Which lanes are whose depends on nothing that could differ between processes.
    mine = members[jax.process_index() :: jax.process_count()]
    done = [row for row in finished if row["lane"] in {member.number for member in mine}]
    count = collections.Counter(row["lane"] for row in done)
    todo = [member for member in mine if count[member.number] < epochs]
    rows = [row for row in done if count[row["lane"]] == epochs]
    problem = None
    try:
        if todo:
            mesh = mesh or meshes.over(jax.local_devices())
            sizes = {"group": group, "memory": memory, "epochs": epochs}
            rows += _train_all(
                init, train_epoch, todo, shared, lanes or default_mode(), mesh, keep, tell, **sizes
            )
    except Exception as error:
        if jax.process_count() == 1:
            raise
        problem = error  # the others are told before
    return sorted(_gather(rows, problem), key=lambda row: (row["lane"], row["epoch"]))


def _train_all(
    init, train_epoch, members, shared, lanes, mesh, keep, tell, *, group, memory, epochs
):
    """The rows of this process's lanes."""
    shared, rows = meshes.replicate(shared, mesh), []
    size = group_size(len(members), mesh.size, group)
    compiled, size = _compile(init, train_epoch, members, shared, lanes, mesh, size, memory)
    groups = [members[start : start + size] for start in range(0, len(members), size)]
    with stop_signal() as stopped:
        for number, chosen in enumerate(groups, 1):
            told = functools.partial(tell, number, len(groups)) if tell else None
            state, history = _train(compiled, chosen, size, shared, mesh, epochs, stopped, told)
            rows += (new := _rows(chosen, history))
            if keep is not None:
                keep(new, state)
            if stopped.is_set():
                raise Interrupted("stopped after a group; finished groups are kept")
    return rows


def _check(points, seeds, epochs, lanes, group, memory):
    if not points or not len(seeds) or epochs < 1:
        raise ValueError(
            f"expected at least one point, one seed and one epoch, found {len(points)}, {len(seeds)} and {epochs}"
        )
    if lanes not in (None, "vmap", "map"):
        raise ValueError(f"expected lanes of vmap or map, found {lanes!r}")
    for name, value in (("group", group), ("memory", memory)):
        if value is not None and value < 1:
            raise ValueError(f"expected {name} of at least 1, found {value}")
    for seed in seeds:
        if not 0 <= seed < 2**31:
            raise ValueError(f"expected seeds from 0 to 2147483647, found {seed}")
    for point in points:
        if set(point) != set(points[0]):
            raise ValueError(f"expected points of one set of names, found {points[0]} and {point}")
        for name, value in point.items():
            if isinstance(value, bool | str) or not np.isfinite(value):
                raise ValueError(
                    f"expected finite numbers, found {name}={value!r}; sweep each choice on its own"
                )


def group_size(lanes: int, devices: int, most: int | None = None) -> int:
    """Lanes of a group: groups of one size, a multiple of the devices, of `most` lanes where there are as many.

    >>> group_size(20, devices=2, most=16), group_size(3, devices=2)
    (10, 4)
    """
    groups = math.ceil(lanes / (most or LANES_A_DEVICE * devices))
    return math.ceil(math.ceil(lanes / groups) / devices) * devices


def _compile(init, train_epoch, members, shared, lanes, mesh, size, memory):
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
        given = of_lanes(jax.eval_shape(lambda size=size: _stack(members[:1] * size)))
        trained = of_lanes(jax.eval_shape(start, None, given))
        lowered = epoch.lower(whole, trained)
        for name, metric in lowered.out_info[1].items():
            if metric.shape != (size,):
                raise ValueError(
                    f"expected metrics that are scalars, found {name} {list(metric.shape[1:])}; take its mean"
                )
        try:
            compiled = lowered.compile()
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


def _stack(members):
    """The points `[size]` by name, and the seeds `[size]`."""
    points = {
        name: jnp.asarray([member.point[name] for member in members]) for name in members[0].point
    }
    return points, jnp.asarray([member.seed for member in members])


def _train(compiled, members, size, shared, mesh, epochs, stopped, tell):
    """The states of a group after its last epoch, and (metrics, alive) of each epoch."""
    start, epoch = compiled
    split = NamedSharding(mesh, PartitionSpec(meshes.AXIS))
    # The last lane stands in where a group is not full.
    given = _stack(members + members[-1:] * (size - len(members)))
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
    return jax.tree.map(lambda x: x[: len(members)], group.state), history


def _rows(members, history):
    rows = []
    for i, member in enumerate(members):
        for number, (metrics, alive) in enumerate(history, 1):
            good = bool(alive[i])
            values = {name: float(values[i]) if good else None for name, values in metrics.items()}
            row = {"lane": member.number, **member.point, "seed": member.seed, "epoch": number}
            rows.append({**row, **values, "diverged": not good})
    return rows


def _gather(rows, problem):
    """The rows of all processes; raises where one of them could not go on."""
    if jax.process_count() == 1:
        return rows
    said = [json.loads(text) for text in meshes.gather_texts(json.dumps([rows, repr(problem)]))]
    if problem is not None:
        raise problem
    for i, (_, other) in enumerate(said):
        if other != "None":
            raise Interrupted(f"process {i} could not go on: {other}; finished groups are kept")
    return [row for theirs, _ in said for row in theirs]
