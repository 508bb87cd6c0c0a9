"""What the forward and the backward kernel of a layer share: what they run, and how they are given arrays."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.dynamics.kernels import products
from spikejax.dynamics.kernels.backends import Backend
from spikejax.dynamics.kernels.jaxprs import Program, dtypes
from spikejax.dynamics.kernels.parts import Dynamics
from spikejax.dynamics.kernels.tiles import Place, Tiles, stored_as


class Kinds(NamedTuple):
    """The dtypes of a step's arguments and results."""

    constants: list[Any]
    product: list[Any]  # of the feedback, one if there is one
    state: list[Any]
    inputs: list[Any]
    saved: list[Any]


class Cut(NamedTuple):
    """T steps as several times as many as a kernel computes between two accesses to its state, and a rest."""

    whole: int
    unroll: int
    rest: int

    @property
    def marks(self) -> int:
        """How often the state is kept."""
        return self.whole + bool(self.rest)


class Kernel(NamedTuple):
    """A layer's dynamics as they are compiled.

    Attributes:
      dynamics: what is run.
      step: its step without calls.
      backend: of Pallas.
      tiles: where a program finds its neurons.
      unroll: steps between two states that are kept for the backward kernel, which computes those in between again.
      mode: of the product of the feedback.
      exact: whether what is fed back is exact in bfloat16.
      ahead: whether the inputs of the next steps are read before those of the present ones are used.
      resident: parts of the matrix that a program reads once and keeps.
      warps: of a program on a GPU.
    """

    dynamics: Dynamics
    step: Program
    backend: Backend
    tiles: Tiles
    unroll: int
    mode: str
    exact: bool
    ahead: bool
    resident: int
    warps: int

    @property
    def fed(self) -> bool:
        """Whether there is feedback."""
        return self.dynamics.feedback is not None

    @property
    def kinds(self) -> Kinds:
        """The dtypes of the step's arguments and results."""
        dynamics = self.dynamics
        own = dtypes(self.step.arguments)
        counts = [dynamics.constants, int(self.fed), dynamics.states, dynamics.inputs]
        saved = dtypes(self.step.results[dynamics.states :])
        constants, product, state, inputs = split(own, counts)
        return Kinds(constants, product, state, inputs, saved)

    def cut(self, steps: int) -> Cut:
        """How so many steps are cut."""
        unroll = min(self.unroll, steps)
        return Cut(steps // unroll, unroll, steps % unroll)

    @property
    def states_alone(self) -> Program:
        """The step without what it saves."""
        return self.step._replace(results=self.step.results[: self.dynamics.states])


def split(items: Sequence[Any], counts: Sequence[int]) -> list[list[Any]]:
    """Items in groups of these counts."""
    rest, found = list(items), []
    for count in counts:
        found.append(rest[:count])
        rest = rest[count:]
    return found


class Operands:
    """The arrays that a kernel is given, in groups, with the part of each that a program sees."""

    def __init__(self, tiles: Tiles):
        self.tiles, self.arrays, self.specs, self.counts = tiles, [], [], []

    def _add(self, arrays, spec):
        self.arrays += [x.astype(stored_as(x.dtype)) for x in arrays]
        self.specs += [spec] * len(arrays)
        self.counts.append(len(arrays))

    def whole(self, arrays: list[Array]) -> None:
        """Arrays that all programs share."""
        self._add(arrays, self.tiles.whole())

    def once(self, arrays: list[Array]) -> None:
        """Arrays `[B, *F]`."""
        self._add([self.tiles.arranged(x, False) for x in arrays], self.tiles.spec(None))

    def steps(self, arrays: list[Array], steps: int) -> None:
        """Arrays `[T, B, *F]`."""
        self._add([self.tiles.arranged(x, True) for x in arrays], self.tiles.spec(steps))

    def kept(self, arrays: list[Array], steps: int) -> None:
        """Results of another kernel, of so many steps."""
        self._add(arrays, self.tiles.spec(steps))

    def constants(self, arrays: list[Array], scalars: bool) -> None:
        """Scalars, if the back end has them in kernels, or arrays `[B, *F]`."""
        for x in arrays:
            if x.ndim or not scalars:
                self.once([jnp.broadcast_to(x, self.tiles.shape)])
            else:
                self.whole([x.reshape(1)])
        added = len(arrays)
        self.counts[len(self.counts) - added :] = [added]


class Results:
    """The arrays that a kernel returns, in groups."""

    def __init__(self, tiles: Tiles):
        self.tiles, self.shapes, self.specs, self.counts = tiles, [], [], []

    def add(self, kinds: Sequence[Any], steps: int | None) -> None:
        """Arrays of these dtypes, of so many steps or of one."""
        self.shapes += [self.tiles.like(kind, steps) for kind in kinds]
        self.specs += [self.tiles.spec(steps)] * len(kinds)
        self.counts.append(len(kinds))


def read_constants(
    kernel: Kernel, place: Place, refs: list[Any], values: list[Array]
) -> Callable[[int], list[Array]]:
    """The constants inside a kernel, as a function of the tile."""

    def of_tile(tile):
        found = []
        for ref, value, kind in zip(refs, values, kernel.kinds.constants, strict=True):
            if value.ndim or not kernel.backend.scalars:
                found.append(place.load(ref, kind, None, tile))
            else:
                found.append(ref[0] != 0 if kind == jnp.bool_ else ref[0])
        return found

    if kernel.tiles.rows:  # many tiles, so that registers are scarce
        return of_tile
    known = of_tile(0)
    return lambda tile: known


def blocks(values: list[Any], kinds: list[Any], tiles: Tiles) -> list[Array]:
    """Values as blocks of these dtypes: a state that was filled with a number is a scalar until then."""
    pairs = zip(values, kinds, strict=True)
    return [jnp.broadcast_to(value, tiles.block).astype(kind) for value, kind in pairs]


def matrix_operands(kernel: Kernel, weights: Array | None) -> list[Array]:
    """The matrix of the feedback as the parts that are multiplied, each filled to whole tiles."""
    if weights is None:
        return []
    more = kernel.tiles.columns - weights.shape[0]
    return products.parts(kernel.mode, jnp.pad(weights, [(0, more), (0, more)]))


def fed_back(kernel: Kernel, refs: list[Any]) -> Callable[..., list[Array]]:
    """The product of tiles of rows with the matrix in these refs, as a function `(tiles, exact) -> tiles`."""
    width, every = kernel.tiles.block[-1], range(kernel.tiles.count)

    def part(n, i, j):
        def read():
            return refs[n][i * width : (i + 1) * width, j * width : (j + 1) * width]

        if n >= kernel.resident:
            return read
        value = read()
        return lambda: value

    parts = [[[part(n, i, j) for n in range(len(refs))] for j in every] for i in every]

    def multiplied(left, exact):
        found = []
        for j in every:
            terms = [products.multiply(kernel.mode, exact, left[i], parts[i][j]) for i in every]
            found.append(sum(terms[1:], terms[0]))
        return found

    return multiplied
