"""The flags of `spikejax sweep`: those of a training, and the axes."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Literal

import tyro

from spikejax.cli.flags import TrainFlags, parse_job
from spikejax.runs.sweeping import SETTINGS, Study
from spikejax.sweeps import grid as grids
from spikejax.sweeps.grid import Point, Range

Axes = tuple[Annotated[str, tyro.conf.arg(metavar="NAME=A,B,...")], ...]


@dataclasses.dataclass(frozen=True)
class SweepFlags(TrainFlags):
    """Train a neuron at every point of a grid, all in one compiled program.

    An axis is a number of the neuron (beta1, threshold, surrogate.width, ...), of the optimiser (lr, weight_decay) or
    of the initial weights (gain); or a choice, which makes one program each: an option of the neuron, or surrogate.
    """

    grid: Annotated[Axes, tyro.conf.UseAppendAction] = ()
    """An axis, for example beta1=-0.2,-0.5; every combination is a point. With --random also a range to draw from,
    for example lr=1e-4..1e-2:log."""
    zip: Annotated[Axes, tyro.conf.UseAppendAction] = ()
    """An axis that goes side by side with the others of --zip, not in every combination with them."""
    random: int | None = None
    """Draw so many points at random instead of taking every combination."""
    seeds: str | None = None
    """Seeds that each point is trained with, for example 0..3 or 1,5; the one of --seed if not given."""
    lanes: Literal["vmap", "map"] | None = None
    """Lanes side by side or one after the other on a device; map on CPUs and vmap elsewhere if not given."""
    group: int | None = None
    """Lanes trained at the same time at most, and what a killed run can lose; 16 a device if not given."""
    memory: int | None = None
    """Megabytes that a device may use; what it has (half of it on CPUs) if not given."""


def parse_sweep(arguments: Sequence[str]) -> tuple[Study, SweepFlags]:
    """Reads `TASK [flags]` of a sweep.

    Raises:
      UnknownName, ValueError: a task, a neuron or an axis that cannot be.
    """
    job, flags = parse_job(arguments, "sweep", SweepFlags)
    seeds = grids.parse_seeds(flags.seeds) if flags.seeds else (job.settings.seed,)
    for name in ("group", "memory", "random"):
        value = getattr(flags, name)
        if value is not None and value < 1:
            raise ValueError(f"expected --{name} of at least 1, found {value}")
    memory = None if flags.memory is None else flags.memory * 2**20
    points = _points(flags, job.settings.seed)
    return Study(job, points, seeds, flags.lanes, flags.group, memory), flags


def _points(flags: SweepFlags, seed: int) -> list[Point]:
    axes = [grids.parse_axis(text) for text in flags.grid]
    zipped = [grids.parse_axis(text) for text in flags.zip]
    names = [SETTINGS.get(name, name) for name, _ in (*axes, *zipped)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        found = f"{', '.join(twice)} twice" if twice else "none"
        raise ValueError(
            f"expected axes with --grid NAME=A,B,... or --zip, each name once, found {found}"
        )
    if flags.random is not None:
        if zipped:
            raise ValueError("--zip and --random exclude each other; choose one")
        return grids.draw(dict(axes), flags.random, seed)
    ranges = [name for name, axis in (*axes, *zipped) if isinstance(axis, Range)]
    if ranges:
        raise ValueError(
            f"{', '.join(ranges)} is a range, from which --random N draws; give values for a grid"
        )
    together = grids.side_by_side(dict(zipped)) if zipped else [{}]
    return [{**point, **other} for point in grids.product(dict(axes)) for other in together]
