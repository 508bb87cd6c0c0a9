"""The back ends of Pallas, and what each of them needs: the one file to change when one of them ends.

Triton compiles for GPUs (CUDA from Ampere, ROCm), Mosaic for TPUs. On a CPU kernels are interpreted, for tests.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton

from spikejax.dynamics.choice import platform
from spikejax.dynamics.kernels.tiles import LANES, Tiles


class Backend(NamedTuple):
    """A back end.

    Attributes:
      name: as messages call it.
      missing: primitives that it does not have.
      scalars: whether a kernel may compute with scalars; if not they are blocks.
      longest: steps of one call, as many as fit the memory in which a program is given its part; None for any number.
    """

    name: str
    missing: frozenset[str]
    scalars: bool
    longest: int | None


TRITON = Backend("Triton", frozenset("erf erf_inv erfc round".split()), True, None)
TPU = Backend(
    "Mosaic for TPUs",
    frozenset("acos acosh asin asinh atan atan2 atanh cbrt cosh erfc expm1 sinh".split()),
    False,
    112,
)
INTERPRETED = Backend("the interpreter", frozenset(), True, None)


class Settings(NamedTuple):
    """How a kernel is cut; see `kernel.Kernel`."""

    tiles: Tiles
    unroll: int = 1
    ahead: bool = False
    resident: int = 0
    warps: int = 4


_TRIED: contextvars.ContextVar[Any] = contextvars.ContextVar("tried", default=None)


@contextlib.contextmanager
def trying(**settings: Any) -> Iterator[None]:
    """Other settings for kernels that are traced inside, to measure them: `block`, or a field of `Settings`."""
    token = _TRIED.set(settings)
    try:
        yield
    finally:
        _TRIED.reset(token)


def current() -> Backend:
    """The back end for what is compiled for."""
    return {"gpu": TRITON, "cuda": TRITON, "rocm": TRITON, "tpu": TPU}.get(platform(), INTERPRETED)


def settings_of(backend: Backend, shape: tuple[int, ...], fed: bool) -> Settings:
    """How the kernel for one step's currents of this shape is cut, with feedback or without."""
    tried = dict(_TRIED.get() or {})
    if fed:
        columns = 1 << (shape[1] - 1).bit_length()
        block = (16, min(128, max(16, columns)))
        found = Settings(Tiles(shape, block, True, False), 1, True, 0, 8 if columns <= 256 else 16)
    else:
        found = Settings(Tiles(shape, (256,), False, False), 8)
    if backend is TPU:
        block = (LANES[0], -(-shape[1] // LANES[1]) * LANES[1]) if fed else LANES
        found = found._replace(tiles=Tiles(shape, block, fed, True), ahead=False)
    block = tried.pop("block", found.tiles.block)
    return found._replace(tiles=found.tiles._replace(block=block), **tried)


def call(body: Any, kernel: Any, operands: Any, results: Any) -> list[jax.Array]:
    """Runs the body of a kernel, which has its name, for all neurons."""
    own: dict[str, Any] = {}
    if kernel.backend is TRITON:
        own["compiler_params"] = triton.CompilerParams(num_warps=kernel.warps, num_stages=1)
    return pl.pallas_call(
        body,
        grid=(kernel.tiles.programs,),
        in_specs=operands.specs,
        out_specs=results.specs,
        out_shape=results.shapes,
        interpret=kernel.backend is INTERPRETED,
        **own,
    )(*operands.arrays)
