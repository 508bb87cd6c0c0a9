"""Where a program of a kernel finds its neurons: a block of the flattened `[B, *F]`, or rows of samples.

A program of Triton is given whole arrays and reads its part of them, beyond whose end it is masked. Others are given
their part, in an array that was padded.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl

try:
    from jax.experimental.pallas import triton
except ImportError:  # a JAX that has Triton no more
    triton: Any = None

LANES = (8, 128)  # of a TPU's registers


class Tiles(NamedTuple):
    """The blocks of a kernel.

    Attributes:
      shape: of one step's currents, `[B, *F]`.
      block: neurons of a program, or of each of its tiles in a kernel with feedback: `(rows, columns)`.
      rows: whether a program owns whole rows `[rows, F]`, in tiles of columns, as feedback requires.
      padded: whether a program is given its part of padded arrays.
    """

    shape: tuple[int, ...]
    block: tuple[int, ...]
    rows: bool
    padded: bool

    @property
    def count(self) -> int:
        """Tiles of a program."""
        return -(-self.shape[1] // self.block[1]) if self.rows else 1

    @property
    def programs(self) -> int:
        """Programs that cover all neurons."""
        if self.rows:
            return -(-self.shape[0] // self.block[0])
        return -(-math.prod(self.shape) // math.prod(self.block))

    @property
    def columns(self) -> int:
        """Features of a program's rows, with those that fill its last tile."""
        return self.count * self.block[1]

    def _stored(self):
        """The shape in which one step's neurons are stored."""
        if self.rows:
            return (self.programs * self.block[0], self.columns) if self.padded else self.shape
        return (self.programs, *self.block) if self.padded else (math.prod(self.shape),)

    def arranged(self, x: jax.Array, steps: bool) -> jax.Array:
        """An array `[B, *F]` or `[T, B, *F]` as a kernel receives it."""
        front = x.shape[:1] if steps else ()
        stored, n = self._stored(), len(front)
        if self.rows:
            more = [(0, 0)] * n + [(0, b - a) for a, b in zip(self.shape, stored, strict=True)]
        else:
            x = x.reshape(*front, -1)
            more = [(0, 0)] * n + [(0, math.prod(stored) - x.shape[-1])]
        if any(b for _, b in more):
            x = jnp.pad(x, more)
        return x.reshape(*front, *stored)

    def restored(self, x: jax.Array, steps: bool) -> jax.Array:
        """What `arranged` made, as it was."""
        front = x.shape[:1] if steps else ()
        if self.rows:
            return x[..., : self.shape[0], : self.shape[1]]
        return x.reshape(*front, -1)[..., : math.prod(self.shape)].reshape(*front, *self.shape)

    def like(self, dtype: Any, steps: int | None) -> jax.ShapeDtypeStruct:
        """Shape and dtype of a result, of so many steps or of one."""
        front = () if steps is None else (steps,)
        return jax.ShapeDtypeStruct((*front, *self._stored()), stored_as(dtype))

    def spec(self, steps: int | None) -> pl.BlockSpec:
        """Which part of an array a program is given."""
        if not self.padded:
            return pl.BlockSpec()
        front = () if steps is None else (steps,)
        zeros = (0,) * len(front)
        if self.rows:
            return pl.BlockSpec((*front, self.block[0], self.columns), lambda i: (*zeros, i, 0))
        own = (None, *self.block)
        return pl.BlockSpec((*front, *own), lambda i: (*zeros, i, *[0] * len(self.block)))

    def here(self) -> "Place":
        """Where a program's neurons are, to be called once in a kernel."""
        return Place(self, None if self.padded else pl.program_id(0))

    def whole(self) -> pl.BlockSpec:
        """The part of an array that all programs share: all of it."""
        return pl.BlockSpec()


class Place(NamedTuple):
    """A program's tiles of arrays, inside a kernel."""

    tiles: Tiles
    program: Any

    def _at(self, t, tile):
        """The index of a tile, and the mask of what exists, if not all does."""
        tiles, i = self.tiles, self.program
        front = () if t is None else (jnp.asarray(t, jnp.int32),)
        if tiles.padded:
            own = pl.ds(tile * tiles.block[-1], tiles.block[-1])
            whole = [slice(None)] * len(tiles.block)
            return (*front, *((slice(None), own) if tiles.rows else whole)), None
        if not tiles.rows:
            (size,), total = tiles.block, math.prod(tiles.shape)
            inside = i * size + jnp.arange(size, dtype=jnp.int32) < total
            return (*front, pl.ds(i * size, size)), inside if total % size else None
        (rows, columns), (batch, features) = tiles.block, tiles.shape
        mask = None
        if batch % rows:
            mask = (i * rows + jnp.arange(rows, dtype=jnp.int32) < batch)[:, None]
        if features % columns:
            inside = (tile * columns + jnp.arange(columns, dtype=jnp.int32) < features)[None, :]
            mask = inside if mask is None else mask & inside
        if mask is not None:
            mask = jnp.broadcast_to(mask, tiles.block)
        start = tile * columns
        if features % columns:
            # As an array it is not checked against the end, beyond which it is masked.
            start = jnp.asarray(start, jnp.int32)
        return (*front, pl.ds(i * rows, rows), pl.ds(start, columns)), mask

    def load(self, ref: Any, dtype: Any, t: Any = None, tile: int = 0) -> jax.Array:
        """A tile of an array, at step t if it has steps."""
        index, mask = self._at(t, tile)
        value = ref[index] if mask is None else triton.load(ref.at[index], mask=mask, other=0)
        return value != 0 if dtype == jnp.bool_ else value

    def store(self, ref: Any, value: jax.Array, t: Any = None, tile: int = 0) -> None:
        """Stores a tile of an array, at step t if it has steps."""
        index, mask = self._at(t, tile)
        value = jnp.broadcast_to(value, self.tiles.block).astype(ref.dtype)
        if mask is None:
            ref[index] = value
        else:
            triton.store(ref.at[index], value, mask=mask)

    def loads(
        self, refs: list[Any], kinds: list[Any], t: Any = None, tile: int = 0
    ) -> list[jax.Array]:
        """The same tile of several arrays."""
        return [self.load(ref, kind, t, tile) for ref, kind in zip(refs, kinds, strict=True)]

    def stores(self, refs: list[Any], values: list[Any], t: Any = None, tile: int = 0) -> None:
        """Stores the same tile of several arrays."""
        for ref, value in zip(refs, values, strict=True):
            self.store(ref, value, t, tile)


def stored_as(dtype: Any) -> Any:
    """The dtype in which an array is given to a kernel: truth values are bytes."""
    return jnp.int8 if dtype == jnp.bool_ else dtype
