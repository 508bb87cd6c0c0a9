"""The points of a sweep: every combination of some values, values side by side, or randomly sampled points."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Point = dict[str, Any]
MOST = 100_000  # points of a grid, and seeds: more are a mistake, and would fill the memory before they are trained


class Range(NamedTuple):
    """An axis to sample from: uniform from low to high, log-uniform if `log`."""

    low: float
    high: float
    log: bool = False


def product(axes: Mapping[str, Sequence]) -> list[Point]:
    """Every combination; the last axis varies fastest.

    Raises:
      ValueError: an axis that is not several values, or more than `MOST` points.

    >>> product({"a": (1, 2), "b": (3, 4)})
    [{'a': 1, 'b': 3}, {'a': 1, 'b': 4}, {'a': 2, 'b': 3}, {'a': 2, 'b': 4}]
    """
    for name, values in axes.items():
        several = isinstance(values, Sequence) and not isinstance(values, str)
        if not several and np.ndim(values) == 0:
            remedy = "list(…)" if isinstance(values, Iterator) else f"[{values!r}]"
            raise ValueError(
                f"expected the values of {name} as a list, found {values!r}; give {remedy}"
            )
    check_count("points", math.prod(len(values) for values in axes.values()))
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def side_by_side(axes: Mapping[str, Sequence]) -> list[Point]:
    """The first values of all axes together, then the second ones, …

    Raises:
      ValueError: axes of different lengths.

    >>> side_by_side({"a": (1, 2), "b": (3, 4)})
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 4}]
    """
    lengths = {name: len(values) for name, values in axes.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"expected zipped axes of one length, found {lengths}")
    return [dict(zip(axes, values, strict=True)) for values in zip(*axes.values(), strict=True)]


def draw(axes: Mapping[str, Sequence | Range], points: int, seed: int = 0) -> list[Point]:
    """Different random points: each axis sampled independently, from its values or its range.

    Raises:
      ValueError: there are not enough, or more than `MOST` are wanted.

    >>> [sorted(point) for point in draw({"a": (1, 2), "b": Range(0, 1)}, points=2)]
    [['a', 'b'], ['a', 'b']]
    """
    check_count("points", points)
    random = np.random.default_rng(seed)

    def value(axis):
        if not isinstance(axis, Range):
            return axis[random.integers(len(axis))]
        if not axis.log:
            return float(random.uniform(axis.low, axis.high))
        return math.exp(random.uniform(math.log(axis.low), math.log(axis.high)))

    drawn: dict[tuple, Point] = {}
    for _ in range(100 * points):
        point = {name: value(axis) for name, axis in axes.items()}
        drawn.setdefault(tuple(point.values()), point)
        if len(drawn) == points:
            return list(drawn.values())
    raise ValueError(f"expected axes with {points} different points, found {len(drawn)}")


def parse_axis(text: str) -> tuple[str, Sequence | Range]:
    """Reads an axis: "name=1,2,3", "name=paper,code", or a range to sample from, "name=0..1" or "name=1e-4..1e-2:log".

    Raises:
      ValueError: anything else.

    >>> parse_axis("beta1=-0.2,-0.5"), parse_axis("learning_rate=1e-4..1e-2:log")
    (('beta1', (-0.2, -0.5)), ('learning_rate', Range(low=0.0001, high=0.01, log=True)))
    """
    name, equals, values = text.partition("=")
    if not (name and equals and values):
        raise ValueError(
            f"expected an axis like beta1=-0.2,-0.5 or learning_rate=1e-4..1e-2:log, found {text!r}"
        )
    if ".." in values:
        log = values.endswith(":log")
        low, _, high = values.removesuffix(":log").partition("..")
        try:
            axis = Range(float(low), float(high), log)
        except ValueError as error:
            raise ValueError(f"expected a range like {name}=0..1, found {text!r}") from error
        finite = math.isfinite(axis.low) and math.isfinite(axis.high)
        if not finite or not axis.low < axis.high or (log and axis.low <= 0):
            raise ValueError(
                f"expected a range from low to high{', above 0' if log else ''}, found {text!r}"
            )
        return name, axis
    words = [word.strip() for word in values.split(",")]
    if not all(words) or len(set(words)) < len(words):
        raise ValueError(f"expected different values with commas between, found {text!r}")
    found = tuple(map(_value, words))
    if len(set(found)) < len(found):
        raise ValueError(f"expected different values, found {text!r}")
    if not all(math.isfinite(value) for value in found if isinstance(value, float)):
        raise ValueError(f"expected finite values, found {text!r}")
    return name, found


def parse_seeds(text: str) -> tuple[int, ...]:
    """Reads seeds: "0..3" is 0, 1, 2, 3; "1,5" is 1 and 5.

    Raises:
      ValueError: anything else.

    >>> parse_seeds("0..3"), parse_seeds("7")
    ((0, 1, 2, 3), (7,))
    """
    try:
        numbers = [int(word) for word in text.split(".." if ".." in text else ",")]
        first, last = numbers if ".." in text else (0, -1)
    except ValueError as error:
        raise ValueError(f"expected seeds like 0..3 or 1,5, found {text!r}") from error
    check_count("seeds", last + 1 - first)
    seeds = tuple(range(first, last + 1)) if ".." in text else tuple(numbers)
    if not seeds or min(seeds) < 0 or max(seeds) >= 2**31 or len(set(seeds)) < len(seeds):
        raise ValueError(f"expected different seeds from 0 to 2147483647, found {text!r}")
    return seeds


def check_count(what: str, count: int) -> None:
    """Raises ValueError if a sweep would have too many points or seeds."""
    if count > MOST:
        raise ValueError(
            f"expected at most {MOST:,} {what} in a sweep, found {count:,}; sweep fewer"
        )


def _value(word):
    if word in ("true", "false"):
        return word == "true"
    try:
        return float(word)
    except ValueError:
        return word
