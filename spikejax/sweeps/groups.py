"""Sweeps: many models, each with its own parameters and seed, trained in one compiled program.

A trial is one model. Its parameters are operands of the program, so whatever their values are, it is compiled once.
Trials are run in groups: a group's trials are split over the devices, which never communicate, and on each device run
side by side (`vmap`), one after the other (`map`), or in turn from Python (`loop`). On CPUs one after the other is
faster, since a product of many small matrices is slower than many products; on accelerators side by side is the
default.
"""

import collections
import functools
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from spikejax.devices import mesh as meshes
from spikejax.devices.processes import Interrupted, OutOfTime, gather_texts, stop_signal
from spikejax.sweeps import grid as grids
from spikejax.sweeps.compiling import Compiled, compile_programs, group_size
from spikejax.sweeps.trials import Init, Mode, TrainEpoch, default_mode

Row = dict[str, Any]


class Member(NamedTuple):
    """One trial of a sweep."""

    number: int
    point: dict[str, float]
    seed: int


class Placement(NamedTuple):
    """Where and how trials are run.

    Attributes:
      mode: "vmap", "map" or "loop"; None is "map" on CPUs and "vmap" elsewhere.
      mesh: devices of this process that share the trials; None is all of them.
      group: most trials trained at the same time; None is 16 per device.
      memory: bytes that a device may use; groups are halved until the compiled program fits. None is what the device
        reports, or its share of half of the machine's memory.
    """

    mode: Mode | None = None
    mesh: Mesh | None = None
    group: int | None = None
    memory: int | None = None


class Keeping(NamedTuple):
    """What a sweep keeps and reports, so that nothing is lost.

    Attributes:
      finished: rows of an earlier run; a trial whose epochs are all there is not trained again.
      keep: `(rows, states)`, called for a finished group with its rows and the states of its trials, stacked.
      suspend: `(numbers, group, history)`, called for a group that is stopped before it has finished.
      resume: `(numbers, group) -> (group, history)` or None, for a group like the one given.
      tell: `(group, groups, epoch)`, called after each epoch, all counted from 1.
      over: returns whether the time of the sweep is over; called after each epoch.
    """

    finished: Sequence[Row] = ()
    keep: Callable[[list[Row], Any], None] | None = None
    suspend: Callable[[list[int], Any, list[Any]], None] | None = None
    resume: Callable[[list[int], Any], tuple[Any, list[Any]] | None] | None = None
    tell: Callable[[int, int, int], None] | None = None
    over: Callable[[], bool] | None = None


def run(
    init: Init,
    train_epoch: TrainEpoch,
    grid: Mapping[str, Sequence[float]] | Sequence[Mapping[str, float]],
    seeds: Sequence[int],
    *,
    epochs: int,
    shared: Any = None,
    placement: Placement = Placement(),
    keeping: Keeping = Keeping(),
) -> list[Row]:
    """Trains a model for every point of a grid and every seed.

    Args:
      init: `(point, seed) -> state`, pure; the values of point and the seed are scalars.
      train_epoch: `(state, point, shared) -> (state, metrics)`, pure; metrics are scalars by name. An `Epoch` can also
        be run step by step.
      grid: values by name, of which every combination is a point; or the points themselves (`grid.side_by_side`,
        `grid.draw`).
      seeds: each point is trained once with each.
      epochs: calls of `train_epoch` for each trial.
      shared: arrays that all trials read, a data set for example.
      placement: where and how trials are run.
      keeping: what is kept and reported.

    Returns:
      A row per trial and epoch: trial, the point's values, seed, epoch, the metrics, and "diverged". A trial whose
      metrics or state are no longer finite keeps the state that it had before and has None for metrics from then on.

    With several processes (`processes.start`) each trains its share of the trials, and all return all rows.

    Raises:
      ValueError: no points, points with different names, values that are not finite numbers, no seeds or epochs,
        metrics that are not scalars, or one trial per device that does not fit.
      Interrupted: Ctrl-C or SIGTERM, at the end of an epoch; finished groups were kept. `OutOfTime` if time is over.

    >>> import jax.numpy as jnp
    >>> def init(point, seed):
    ...     return jnp.zeros(()) + seed
    >>> def train_epoch(state, point, shared):
    ...     return state + point["rate"], {"loss": state}
    >>> rows = run(init, train_epoch, {"rate": (0.5, 2.0)}, seeds=(0, 1), epochs=2)
    >>> rows[-1]
    {'trial': 3, 'rate': 2.0, 'seed': 1, 'epoch': 2, 'loss': 3.0, 'diverged': False}
    """
    points = grids.product(grid) if isinstance(grid, Mapping) else list(grid)
    check(placement)
    _check(points, seeds, epochs)
    members = [
        Member(number, {name: float(x) for name, x in point.items()}, int(seed))
        for number, (point, seed) in enumerate(itertools.product(points, seeds))
    ]
    # The assignment of trials depends on nothing that could differ between processes.
    mine = members[jax.process_index() :: jax.process_count()]
    own = {member.number for member in mine}
    done = [row for row in keeping.finished if row["trial"] in own]
    count = collections.Counter(row["trial"] for row in done)
    todo = [member for member in mine if count[member.number] < epochs]
    rows = [row for row in done if count[row["trial"]] == epochs]
    problem = None
    try:
        if todo:
            rows += _train_all((init, train_epoch), todo, shared, epochs, placement, keeping)
    except Exception as error:
        if jax.process_count() == 1:
            raise
        problem = error  # raised after the other processes know about it
    return sorted(_gather(rows, problem), key=lambda row: (row["trial"], row["epoch"]))


def _train_all(functions, members, shared, epochs, placement, keeping):
    """The rows of this process's trials."""
    mesh = placement.mesh or meshes.over(jax.local_devices())
    placement = placement._replace(mesh=mesh, mode=placement.mode or default_mode())
    shared, rows = meshes.replicate(shared, mesh), []
    size = group_size(len(members), mesh.size, placement.group)
    compiled, size = compile_programs(functions, members, shared, size, placement)
    groups = [members[start : start + size] for start in range(0, len(members), size)]
    with stop_signal() as stopped:

        def halted():
            if stopped.is_set():
                return Interrupted
            return OutOfTime if keeping.over is not None and keeping.over() else None

        for number, chosen in enumerate(groups, 1):
            tell = functools.partial(keeping.tell, number, len(groups)) if keeping.tell else None
            state, history = _train(compiled, chosen, size, epochs, keeping, tell, halted)
            rows += (new := _rows(chosen, history))
            if keeping.keep is not None:
                keeping.keep(new, state)
            if number < len(groups) and (stop := halted()) is not None:
                raise stop(f"stopped after group {number} of {len(groups)}, saved")
    return rows


def _train(compiled: Compiled, members, size, epochs, keeping, tell, halted):
    """The states of a group after its last epoch, and (metrics, alive) of each epoch."""
    numbers = [member.number for member in members]
    group, history = compiled.start(members, size), []
    if keeping.resume is not None:
        found = keeping.resume(numbers, group)
        group, history = found if found is not None else (group, history)
    first = len(history)
    for number in range(first, epochs):
        stop = halted()
        # However short the time, one epoch is completed: so a sweep that is continued often enough will finish.
        if stop is Interrupted or (stop is not None and number > first):
            end = "finished groups are kept"
            if keeping.suspend is not None and history:
                keeping.suspend(numbers, group, history)
                end = "saved"
            raise stop(f"stopped after epoch {number} of {epochs} of a group; {end}")
        group, metrics = compiled.epoch(group)
        history.append(_plain(jax.device_get((metrics, group.alive))))
        if tell is not None:
            tell(number + 1)
    return jax.tree.map(lambda x: x[: len(members)], group.state), history


def _plain(found):
    """Metrics and alive of an epoch as lists, which JSON can hold."""
    metrics, alive = found
    values = {name: np.asarray(x, float).tolist() for name, x in metrics.items()}
    return [values, np.asarray(alive).tolist()]


def _rows(members, history):
    rows = []
    for i, member in enumerate(members):
        for number, (metrics, alive) in enumerate(history, 1):
            good = bool(alive[i])
            values = {name: values[i] if good else None for name, values in metrics.items()}
            row = {"trial": member.number, **member.point, "seed": member.seed, "epoch": number}
            rows.append({**row, **values, "diverged": not good})
    return rows


def check(placement: Placement) -> None:
    """Raises ValueError for an unknown mode, or a group or a memory below 1."""
    if placement.mode not in (None, "vmap", "map", "loop"):
        raise ValueError(f"expected a mode of vmap, map or loop, found {placement.mode!r}")
    for name, value in (("group", placement.group), ("memory", placement.memory)):
        if value is not None and value < 1:
            raise ValueError(f"expected {name} of at least 1, found {value}")


def _check(points, seeds, epochs):
    if not points or not len(seeds) or epochs < 1:
        raise ValueError(
            f"expected at least one point, one seed and one epoch, found {len(points)}, {len(seeds)} and {epochs}"
        )
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


def _gather(rows, problem):
    """The rows of all processes; raises if one of them failed."""
    if jax.process_count() == 1:
        return rows
    everyone = [json.loads(text) for text in gather_texts(json.dumps([rows, repr(problem)]))]
    if problem is not None:
        raise problem
    for i, (_, other) in enumerate(everyone):
        if other != "None":
            raise Interrupted(f"process {i} failed: {other}; finished groups are kept")
    return [row for theirs, _ in everyone for row in theirs]
