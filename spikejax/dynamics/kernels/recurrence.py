"""Finds the product of a recurrent layer in a step."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax.extend.core import Literal

from spikejax.dynamics.kernels.jaxprs import Program, dtypes
from spikejax.dynamics.kernels.parts import Feedback
from spikejax.dynamics.kernels.refusal import Refused


def find_feedback(
    program: Program,
    own: Sequence[Any],
    shape: tuple[int, ...],
    known: Callable[[Any], bool],
    dynamic: Callable[[Any], bool],
) -> tuple[Feedback, Any, Any] | None:
    """The product of what was emitted with a matrix, s[t−1] W: how it is made, the matrix, and its result.

    Args:
      program: of a body.
      own: the variables of the neurons.
      shape: `[B, *F]`.
      known: whether a value is known before the loop.
      dynamic: whether it belongs to the dynamics.

    Raises:
      Refused: another matrix product.
    """
    dots: list[Any] = [
        eqn
        for eqn in program.equations
        if eqn.primitive.name == "dot_general" and dynamic(eqn.outvars[0])
    ]
    if not dots:
        return None
    if len(dots) > 1:
        raise Refused(
            f"it has {len(dots)} matrix products in a step, at most one is supported, that of spikes fed back; compute "
            "products of currents before unroll"
        )
    (eqn,) = dots
    emitted, matrix = eqn.invars
    contracted, batched = eqn.params["dimension_numbers"]
    source: Any = _source(program, emitted)
    plain = (
        source in own
        and source.aval.shape == shape
        and dtypes([emitted]) == dtypes([matrix])
        and all(jnp.issubdtype(dtype, jnp.floating) for dtype in dtypes([source, matrix]))
        and not any(batched)
        and len(shape) == 2
        and contracted[0] == (1,)
        and not isinstance(matrix, Literal)
        and known(matrix)
        and matrix.aval.shape == (shape[1], shape[1])
    )
    if not plain:
        raise Refused(
            "it has a matrix product that is not that of a recurrent layer, spikes [B, F] of the step before times one "
            "matrix [F, F]; compute products of currents before unroll"
        )
    dtype = dtypes([matrix])[0]
    transposed = contracted[1] == (1,)
    feedback = Feedback(list(own).index(source), -1, dtype, eqn.params["precision"], transposed)
    return feedback, matrix, eqn.outvars[0]


def _source(program: Program, atom: Any) -> Any:
    """What a value is, up to one change of a floating-point dtype."""
    made: dict[Any, Any] = {var: eqn for eqn in program.equations for var in eqn.outvars}
    converted = False
    while not isinstance(atom, Literal) and atom in made:
        eqn = made[atom]
        before, after = eqn.invars[0].aval, atom.aval
        converts = eqn.primitive.name == "convert_element_type"
        if before.shape != after.shape or (converts and converted):
            return None
        if not converts and eqn.primitive.name != "reshape":
            return None
        converted = converted or converts
        atom = eqn.invars[0]
    return atom
