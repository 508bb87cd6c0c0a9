"""`spikejax sweep RECIPE`."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from spikejax import paths
from spikejax.cli.train import OUT_OF_TIME, TrainFlags, parse_configs, prepare, say_where
from spikejax.devices import processes
from spikejax.registry import UnknownName
from spikejax.runs import report, sweep
from spikejax.runs.config import Config
from spikejax.runs.serial import REGISTRIES
from spikejax.sweeps import grid as grids
from spikejax.sweeps.grid import Point, Range
from spikejax.sweeps.groups import Placement

BIASED = (
    "the test set was used for selection, so the best score is optimistically biased; --validation 0.1 selects on "
    "held-out training samples"
)
Axes = tuple[Annotated[str, tyro.conf.arg(metavar="PATH=A,B,...")], ...]


@dataclasses.dataclass(frozen=True)
class SweepFlags(TrainFlags):
    """Train a recipe at every point of a grid, points of equal structure in one compiled program.

    An axis is any value, named by its path or the end of it: beta1, surrogate.width, learning_rate, gain, batch_size,
    …; or a part: neuron, surrogate, optimiser, loss, ….
    """

    grid: Annotated[Axes, tyro.conf.UseAppendAction] = ()
    """An axis, for example beta1=-0.2,-0.5; every combination is a point. With --random also a range to sample from,
    for example learning_rate=1e-4..1e-2:log."""
    zip: Annotated[Axes, tyro.conf.UseAppendAction] = ()
    """An axis that varies together with the other --zip axes, not in every combination with them."""
    random: int | None = None
    """Sample this many points at random instead of taking every combination."""
    mode: Literal["vmap", "map", "loop"] | None = None
    """Run trials side by side or one after the other on a device, or in turn; by default chosen by backend."""
    group: int | None = None
    """Most trials trained at the same time; by default 16 per device."""
    memory: int | None = None
    """Megabytes that a device may use; by default all it has (half of it on CPUs)."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    name, configs, flags = parse_configs(arguments, "sweep", SweepFlags)
    config = next(iter(configs.values()))
    seeds = grids.parse_seeds(flags.seeds) if flags.seeds else (config.seed,)
    for own in ("group", "memory", "random"):
        value = getattr(flags, own)
        if value is not None and value < 1:
            raise ValueError(f"expected --{own} of at least 1, found {value}")
    points = _points(flags, config)
    if len(configs) > 1:
        points = [
            {"network.neuron": paths.places(other)["network.neuron"].value, **point}
            for other in configs.values()
            for point in points
        ]
    out = flags.out or Path("runs") / f"sweep_{name}"
    processes.start(flags.coordinator, flags.processes, flags.process)
    prepare(configs, flags)
    memory = None if flags.memory is None else flags.memory * 2**20
    try:
        result = sweep(
            config,
            points,
            out,
            seeds=seeds,
            placement=Placement(flags.mode, None, flags.group, memory),
            data_dir=flags.data_dir,
            resume=flags.resume,
            overwrite=flags.overwrite,
            seconds=flags.seconds,
        )
    except processes.Interrupted as stop:
        print(f"\n{stop}; continue with the same command and --resume", file=sys.stderr)
        return 130
    code = 0 if result["complete"] else OUT_OF_TIME
    if not processes.is_first():
        return code
    if flags.json:
        print(json.dumps(result, indent=1))
        return code
    print(f"{name}: {result['provenance']['data']['note']}\n")
    if result["complete"]:
        print(report.sweep_table(result))
        trials, metric = len(points) * len(seeds), result["provenance"]["selection"]["metric"]
        print(f"\n{trials} trials, ranked by {metric.replace('_', ' ')}")
        if metric.startswith("test_"):
            print(BIASED)
    say_where(result, out, ("record.json", "trials.csv", "learning_curves.png", "heat_map.png"))
    return code


def _points(flags: SweepFlags, config: Config) -> list[Point]:
    axes = [grids.parse_axis(text) for text in flags.grid]
    zipped = [grids.parse_axis(text) for text in flags.zip]
    known = paths.places(config)
    names = [paths.find(name, known) for name, _ in (*axes, *zipped)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        found = f"{', '.join(twice)} twice" if twice else "none"
        raise ValueError(
            f"expected axes with --grid PATH=A,B,... or --zip, each once, found {found}"
        )
    if flags.random is not None:
        if zipped:
            raise ValueError("--zip and --random exclude each other; choose one")
        drawn = grids.draw(dict(axes), flags.random, config.seed)
        return [_typed(point, config) for point in drawn]
    ranges = [name for name, axis in (*axes, *zipped) if isinstance(axis, Range)]
    if ranges:
        raise ValueError(
            f"{', '.join(ranges)} is a range, which needs --random N; give values for a grid"
        )
    together = grids.side_by_side(dict(zipped)) if zipped else [{}]
    points = [{**point, **other} for point in grids.product(dict(axes)) for other in together]
    return [_typed(point, config) for point in points]


def _typed(point: Point, config: Config) -> Point:
    """A point as written, with parts in place of their names and integers for sizes."""
    known, made = paths.places(config), {}
    for path, value in point.items():
        place = known[paths.find(path, known)]
        of = place.field.metadata.get("of") or place.name if place.field is not None else ""
        current: Any = place.value
        if place.role == "part" and of in REGISTRIES:
            value = REGISTRIES[of].find(str(value))()
        elif (
            isinstance(value, float) and isinstance(current, int) and not isinstance(current, bool)
        ):
            if not value.is_integer():
                raise ValueError(f"expected integers for {path}, found {value:g}")
            value = int(value)
        elif isinstance(value, str) and place.role in ("leaf", "derived"):
            raise UnknownName(f"expected numbers for {path}, found {value!r}")
        made[path] = value
    return made
