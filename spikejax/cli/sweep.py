"""`spikejax sweep RECIPE`."""

import dataclasses
import itertools
import json
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from spikejax import paths
from spikejax.cli.errors import usage_errors
from spikejax.cli.flags import type_of
from spikejax.cli.parts import SEVERAL, kind_of, made
from spikejax.cli.train import (
    OUT_OF_TIME,
    RunFlags,
    parse_configs,
    prepare,
    say_where,
    with_learn,
)
from spikejax.devices import processes
from spikejax.paths import Place
from spikejax.recipes import Recipe, recipe_for
from spikejax.registry import UnknownName
from spikejax.runs import report, sweep
from spikejax.runs.config import Config
from spikejax.sweeps import grid as grids
from spikejax.sweeps.grid import Point, Range
from spikejax.sweeps.groups import Placement

BIASED = (
    "the test set was used for selection, so the best score is optimistically biased; --validation 0.1 selects on "
    "held-out training samples"
)
Axes = tuple[Annotated[str, tyro.conf.arg(metavar="PATH=A,B,...")], ...]


@dataclasses.dataclass(frozen=True)
class SweepFlags(RunFlags):
    """Train a recipe at every point of a grid, points of equal structure in one compiled program.

    An axis is any value, named by its path or the end of it: beta1, surrogate.width, learning_rate, gain, batch_size,
    …; or a part: neuron, surrogate, optimiser, loss, …. A part that the recipe, or a flag, has there keeps its values
    on the axis, any other one has the recipe's values or its defaults.
    """

    grid: Annotated[Axes, tyro.conf.UseAppendAction] = ()
    """An axis, for example beta1=-0.2,-0.5; every combination is a point. With --random also a range to sample from,
    for example learning_rate=1e-4..1e-2:log. Where a point has several values they are joined by +, and () is none:
    hidden=64,64+128 or recurrent=(),0+1."""
    zip: Annotated[Axes, tyro.conf.UseAppendAction] = ()
    """An axis that varies together with the other --zip axes, not in every combination with them."""
    random: int | None = None
    """Sample this many points at random instead of taking every combination."""
    mode: Literal["vmap", "map", "loop"] | None = None
    """Run trials side by side or one after the other on a device, or in turn; by default chosen by backend."""
    group: int | None = None
    """Most trials trained at the same time; by default 16 per device, on a GPU as many as fill it."""
    memory: int | None = None
    """Megabytes that a device may use; by default all it has (half of it on CPUs)."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    with usage_errors():
        name, configs, flags = parse_configs(arguments, "sweep", SweepFlags)
        config = next(iter(configs.values()))
        seeds = grids.parse_seeds(flags.seeds) if flags.seeds else (config.seed,)
        for own in ("group", "memory", "random"):
            value = getattr(flags, own)
            if value is not None and value < 1:
                raise ValueError(f"expected --{own} of at least 1, found {value}")
        config, points = swept(configs, flags, recipe_for(arguments[0]))
        for point in points:
            paths.replace(config, point)  # refuses values out of their bounds
        processes.start(flags.coordinator, flags.processes, flags.process)
    out = flags.out or Path("runs") / f"sweep_{name}"
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


def swept(
    configs: dict[str, Config], flags: SweepFlags, recipe: Recipe
) -> tuple[Config, list[Point]]:
    """The config that is swept, that of the first neuron, and its points.

    Args:
      configs: by their neuron's name.
      flags: the axes, and what is learned.
      recipe: that of the configs.

    Raises:
      UnknownName: an axis, a part on one or a parameter to learn that is not known.
      ValueError: invalid axes or values.
    """
    points = [point for config in configs.values() for point in _points(flags, config, recipe)]
    if len(configs) > 1:
        points = _of_neurons(configs, points)
    _check(points)
    return _with_learn(next(iter(configs.values())), points, flags.learn)


def _points(flags: SweepFlags, config: Config, recipe: Recipe) -> list[Point]:
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
        points = grids.draw(dict(axes), flags.random, config.seed)
    else:
        ranges = [name for name, axis in (*axes, *zipped) if isinstance(axis, Range)]
        if ranges:
            raise ValueError(
                f"{', '.join(ranges)} is a range, which needs --random N; give values for a grid"
            )
        together = grids.side_by_side(dict(zipped)) if zipped else [{}]
        points = [{**point, **other} for point in grids.product(dict(axes)) for other in together]
    return [_typed(point, known, recipe) for point in points]


def _of_neurons(configs, points):
    """The points of several neurons, those of each after those of the one before, with the neuron."""
    each, found = len(points) // len(configs), []
    for number, config in enumerate(configs.values()):
        path = paths.find("neuron", paths.places(config))
        for point in points[number * each : (number + 1) * each]:
            if path in point:
                raise ValueError(
                    "expected neurons after --neuron or on an axis, found both; give one neuron, or no such axis"
                )
            found.append({path: paths.places(config)[path].value, **point})
    return found


def _check(points):
    """Raises ValueError for an axis inside a part that does not have it at every point."""
    for point in points:
        for outer, path in itertools.permutations(point, 2):
            part, inside = point[outer], path.startswith(f"{outer}.")
            if not inside or not dataclasses.is_dataclass(part):
                continue
            if path.removeprefix(f"{outer}.") not in paths.places(part):
                raise ValueError(
                    f"expected {path} at every point, found none in {type(part).__name__}; run two sweeps"
                )


def _with_learn(config, points, learn):
    """The config and the points with the parameters to learn, which are in the points if these differ in them."""
    if learn is None:
        return config, points
    trained = with_learn({i: paths.replace(config, p) for i, p in enumerate(points)}, learn)
    known = [paths.places(own) for own in trained.values()]
    path = paths.find("learn", known[0])
    if path in points[0]:
        raise ValueError(
            "expected what is learned after --learn or on an axis, found both; leave one of them out"
        )
    learned = [places[path].value for places in known]
    if len(set(learned)) == 1:
        return paths.replace(config, {path: learned[0]}), points
    both = zip(points, learned, strict=True)
    return config, [{**point, path: own} for point, own in both]


def _typed(point: Point, known: Mapping[str, Place], recipe: Recipe) -> Point:
    """A point as written, with parts in place of their names and other values as their flags would have them."""
    typed = {}
    for name, value in point.items():
        path = paths.find(name, known)
        kind = kind_of(known[path])
        if kind is None:
            typed[path] = _value(value, name, known[path])
        else:
            names = _pieces(value) if kind in SEVERAL else [value]
            typed[path] = made(list(map(str, names)), path, known[path], recipe)
    return typed


def _pieces(value):
    """The values that are joined in one."""
    if value == "()":
        return []
    return value.split("+") if isinstance(value, str) else [value]


def _value(value: Any, name: str, place: Place) -> Any:
    choices = () if place.field is None else place.field.metadata.get("choices", ())
    if value in choices:
        return choices[choices.index(value)]  # an integer or a truth value for 1.0
    wanted = type_of(place) or (float if place.role == "leaf" else type(place.value))
    kinds = typing.get_args(wanted) if _is_union(wanted) else (wanted,)
    if value == "None" and type(None) in kinds and place.role != "derived":
        return None
    for kind in kinds:
        if typing.get_origin(kind) is tuple:
            inner = typing.get_args(kind)
            return tuple(_one(piece, name, inner) for piece in _pieces(value))
    return _one(value, name, kinds)


def _is_union(kind):
    return typing.get_origin(kind) in (types.UnionType, typing.Union)


def _one(value, name, kinds):
    """A number as one of some types, or a word where they allow words."""
    if isinstance(value, bool) or not {int, float} & set(kinds):
        return value
    whole = float not in kinds
    try:
        number = float(value)
    except ValueError:
        if any(typing.get_origin(kind) is Literal for kind in kinds):
            return value
        expected = "integers" if whole else "numbers"
        raise UnknownName(f"expected {expected} for {name}, found {value!r}") from None
    if whole and not number.is_integer():
        raise ValueError(f"expected integers for {name}, found {number:g}")
    return int(number) if whole else number
