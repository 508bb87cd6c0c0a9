"""The back ends of Pallas, and what each of them needs: the one file to change when one of them ends.

Triton compiles for GPUs (CUDA from Ampere, ROCm), Mosaic for TPUs. On a CPU kernels are interpreted, for tests.
JAX has announced the end of Triton. Without it Mosaic compiles for GPUs too, from JAX 0.12 on, what has no feedback.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
from jax.experimental import pallas as pl

from spikejax.dynamics.choice import platform
from spikejax.dynamics.kernels.tiles import LANES, Tiles, triton


class Backend(NamedTuple):
    """A back end.

    Attributes:
      name: as messages call it.
      missing: primitives that it does not have.
      scalars: whether a kernel may compute with scalars; if not they are blocks.
      memory: bytes of the memory in which a program is given its part; None if it reads from that of the device.
      feedback: whether it can run a recurrent layer.
    """

    name: str
    missing: frozenset[str]
    scalars: bool
    memory: int | None
    feedback: bool = True


TRITON = Backend("Triton", frozenset("erf erf_inv erfc round".split()), True, None)
MOSAIC = Backend(
    "Mosaic for GPUs",
    frozenset(
        """
        acos acosh asin asinh atan atan2 atanh cbrt ceil cosh erf erf_inv erfc expm1 floor is_finite log1p nextafter
        pow rem sinh tan
        """.split()
    ),
    True,
    None,
    feedback=False,
)
TPU = Backend(
    "Mosaic for TPUs",
    frozenset("acos acosh asin asinh atan atan2 atanh cbrt cosh erfc expm1 sinh".split()),
    False,
    12 * 2**20,  # of the 16 MB of a TPU v5e, whose compiler needs some
)
INTERPRETED = Backend("the interpreter", frozenset(), True, None)
GPUS = ("gpu", "cuda", "rocm")


class Settings(NamedTuple):
    """How a kernel is cut; see `kernel.Kernel`."""

    tiles: Tiles
    unroll: int = 1
    ahead: bool = False
    resident: int = 0
    warps: int = 4


def current(tried: Mapping[str, Any] = MappingProxyType({})) -> Backend:
    """The back end for what is compiled for, or the `backend` that is tried instead."""
    found = {"tpu": TPU} | dict.fromkeys(GPUS, TRITON if triton else MOSAIC)
    return tried.get("backend", found.get(platform(), INTERPRETED))


def settings_of(
    backend: Backend,
    shape: tuple[int, ...],
    fed: bool,
    tried: Mapping[str, Any] = MappingProxyType({}),
) -> Settings:
    """How the kernel for one step's currents of this shape is cut, with feedback or without.

    Args:
      backend: which compiles it.
      shape: `[B, *F]`.
      fed: whether there is feedback.
      tried: settings in place of our own, see `choice.using`.
    """
    padded = backend is MOSAIC or triton is None  # only Triton's loads are masked
    if fed:
        columns = 1 << (shape[1] - 1).bit_length()
        block = (16, min(128, max(16, columns)))
        found = Settings(Tiles(shape, block, True, padded), 1, True, 0, 8 if columns <= 256 else 16)
    else:
        found = Settings(Tiles(shape, (256,), False, padded), 8)
    if backend is TPU:
        block = (LANES[0], -(-shape[1] // LANES[1]) * LANES[1]) if fed else LANES
        found = found._replace(tiles=Tiles(shape, block, fed, True), ahead=False)
    tiles = found.tiles._replace(block=tried.get("block", found.tiles.block))
    own = {key: value for key, value in tried.items() if key not in ("backend", "block")}
    return found._replace(tiles=tiles, **own)


def longest(kernel: Any, steps: int) -> int:
    """How many of so many steps a call runs: those that fit into its memory, fewer if all calls are equal then."""
    if kernel.backend.memory is None:
        return steps
    dynamics, tiles = kernel.dynamics, kernel.tiles
    fed, saved = kernel.fed, len(kernel.kinds.saved)
    # In the backward kernel: what was given and saved, with their cotangents, products, and states; each twice, since
    # the next part arrives while one is used.
    arrays = 2 * (dynamics.inputs + saved + fed) + dynamics.states
    matrix = 2 * 4 * tiles.columns**2 if fed else 0
    left = kernel.backend.memory - matrix
    size = tiles.block[0] * (tiles.columns if fed else tiles.block[1])
    fitting = min(steps, max(1, left // (2 * 4 * arrays * size)))
    calls = -(-steps // fitting)
    # A shorter last call would be another program, and what all of them save would be copied together.
    equal = next((count for count in range(calls, 2 * calls + 1) if steps % count == 0), None)
    return fitting if equal is None else steps // equal


def call(body: Any, kernel: Any, operands: Any, results: Any) -> list[jax.Array]:
    """Runs the body of a kernel, which has its name, for all neurons."""
    if kernel.backend is MOSAIC:
        return _by_mosaic(body, kernel, operands, results)
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


def _by_mosaic(body, kernel, operands, results):
    from jax.experimental.pallas import mosaic_gpu

    own: Any = mosaic_gpu  # not all of which is there before JAX 0.12
    specs = [*operands.specs, *results.specs]

    def of_program(*refs):
        i = jax.lax.axis_index("programs")
        body(*[_part(ref, spec, i) for ref, spec in zip(refs, specs, strict=True)])

    # Nothing is both read and written, so that no barriers are needed between steps.
    params = own.CompilerParams(unsafe_no_auto_barriers=True)
    return own.kernel(
        of_program,
        out_type=results.shapes,
        grid=(kernel.tiles.programs,),
        grid_names=("programs",),
        compiler_params=params,
        interpret=None if platform() in GPUS else own.InterpretGPUParams(),
    )(*operands.arrays)


def _part(ref, spec, program):
    """What a block specification gives a program of an array, which Mosaic gives whole."""
    if spec.block_shape is None:
        return ref
    return ref.at[tuple(program if n is None else slice(None) for n in spec.block_shape)]
