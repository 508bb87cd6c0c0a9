"""The equations of a step, evaluated on blocks of neurons instead of whole arrays.

An equation of a recurrence acts element by element, so its arrays `[B, *F]` may be replaced by blocks of any shape.
What only changes an array's shape has nothing to do; a sum over samples and features, which a gradient of a parameter
contains, is put off until after the loop, where the sums of all steps and blocks are added.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax
from jax.extend.core import Literal

from spikejax.dynamics.kernels.backends import Backend
from spikejax.dynamics.kernels.jaxprs import Program, bind, dtypes, evaluate, variables
from spikejax.dynamics.kernels.refusal import Refused

SHAPES = {
    "reshape",
    "squeeze",
    "broadcast_in_dim",
    "expand_dims",
    "copy",
    "copy_p",
    "pvary",
    "pcast",
    "reshard",
    "stop_gradient",
}
SUM = "reduce_sum"
ELEMENTWISE = set(
    """
    abs acos acosh add add_any and asin asinh atan atan2 atanh cbrt ceil clamp convert_element_type cos cosh div eq erf
    erf_inv erfc exp exp2 expm1 floor ge gt integer_pow is_finite le log log1p logistic lt max min mul ne neg nextafter
    not one_minus_square or pow rem round rsqrt select_n shift_left shift_right_arithmetic shift_right_logical sign sin
    sinh sqrt square sub tan tanh xor
    """.split()
)
# The results of these are linear in each argument named, so a sum that was put off may pass through them.
LINEAR = {"add": (0, 1), "add_any": (0, 1), "sub": (0, 1), "neg": (0,), "mul": (0, 1), "div": (0,)}
LINEAR |= {"convert_element_type": (0,), "select_n": (1, 2)}


def _sign(x):
    one, minus, zero = (jnp.asarray(value, x.dtype) for value in (1, -1, 0))
    return jnp.where(x > 0, one, jnp.where(x < 0, minus, zero))


REWRITTEN: dict[str, Callable[..., Any]] = {"sign": _sign, "add_any": lax.add}


def on_blocks(program: Program, values: Sequence[Any]) -> list[Any]:
    """The results of a step for blocks: of values that are scalars or blocks, all of one shape."""
    return evaluate(program, values, _apply)


def _apply(eqn, values):
    name = eqn.primitive.name
    if name in SHAPES or name == SUM:
        return [jnp.asarray(values[0], eqn.outvars[0].aval.dtype)]
    dtypes = [atom.aval.dtype for atom in eqn.invars]
    values = [jnp.asarray(value, dtype) for value, dtype in zip(values, dtypes, strict=True)]
    shape = next((value.shape for value in values if value.shape), ())
    values = [value if value.shape == shape else jnp.broadcast_to(value, shape) for value in values]
    if name in REWRITTEN:
        return [REWRITTEN[name](*values)]
    return bind(eqn, values)


def check(program: Program, shape: tuple[int, ...], backend: Backend) -> None:
    """Checks that a step acts element by element, with primitives that a back end has.

    Args:
      program: of a step or of its gradient.
      shape: of one step's currents, `[B, *F]`.
      backend: which compiles it.

    Raises:
      Refused: naming the primitive.
    """
    summed: set[Any] = set()
    for eqn in program.equations:
        name = eqn.primitive.name
        if name in SHAPES:
            _check_shapes(eqn, shape)
        elif name == SUM:
            _check_sum(eqn, shape)
            if eqn.invars[0].aval.size != eqn.outvars[0].aval.size:
                summed.update(eqn.outvars)
        elif name not in ELEMENTWISE:
            raise Refused(f"it contains {name}, which does not act element by element")
        elif name in backend.missing:
            raise Refused(f"it contains {name}, which {backend.name} does not have")
        own = [
            i
            for i, atom in enumerate(eqn.invars)
            if not isinstance(atom, Literal) and atom in summed
        ]
        if own and name in SHAPES and eqn.outvars[0].aval.size != eqn.invars[0].aval.size:
            raise Refused("it sums over neurons or samples in a step (reduce_sum)")
        if own and name not in SHAPES and name != SUM:
            linear = LINEAR.get(name, ())
            product = name == "mul" and len(own) > 1
            wide = math.prod(eqn.outvars[0].aval.shape) == math.prod(shape) > 1
            if product or wide or any(i not in linear for i in own):
                raise Refused("it sums over neurons or samples in a step (reduce_sum)")
        if own:
            summed.update(eqn.outvars)
        if any(jnp.dtype(var.aval.dtype).itemsize > 4 for var in eqn.outvars):
            raise Refused(f"it computes in {eqn.outvars[0].aval.dtype}, kernels in float32")


def _check_shapes(eqn, shape):
    before, after = eqn.invars[0].aval.shape, eqn.outvars[0].aval.shape
    sizes = math.prod(before), math.prod(after)
    if sizes[0] == 1 or (eqn.primitive.name != "broadcast_in_dim" and sizes[0] == sizes[1]):
        plain = True
    else:
        dims = eqn.params.get("broadcast_dimensions")
        aligned = dims == tuple(range(len(after) - len(before), len(after)))
        plain = aligned and len(after) <= len(shape)
    if not plain:
        raise Refused(f"it contains {eqn.primitive.name} from {list(before)} to {list(after)}")


def _check_sum(eqn, shape):
    """A sum over samples or features of an array `[B, *F]`; over the variables of a neuron it would be another one."""
    before = eqn.invars[0].aval.shape
    if (
        math.prod(before) != math.prod(shape)
        and math.prod(before) != 1
        and len(before) > len(shape)
    ):
        raise Refused("it sums over neurons or samples in a step (reduce_sum)")


def check_no_sum(program: Program) -> None:
    """Checks that a step does not sum over neurons; its gradient may.

    Raises:
      Refused: it does.
    """
    if any(eqn.primitive.name == SUM for eqn in program.equations):
        raise Refused("it sums over neurons or samples in a step (reduce_sum)")


def same(program: Program) -> dict[Any, Any]:
    """For each variable that is another one in a different shape, or its sum, that other one."""
    root: dict[Any, Any] = {}
    for eqn in program.equations:
        if eqn.primitive.name in SHAPES or eqn.primitive.name == SUM:
            for source in variables(eqn.invars):
                if dtypes([source]) == dtypes(eqn.outvars):
                    root[eqn.outvars[0]] = root.get(source, source)
    return root
