"""Variables of a state that follow from each other alone: PRNG keys, and counters that look something up."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Var

from spikejax.dynamics.kernels.elements import ELEMENTWISE, SHAPES
from spikejax.dynamics.kernels.jaxprs import Program, variables
from spikejax.dynamics.kernels.refusal import Refused


def is_key(x: Any) -> bool:
    """Whether an array holds PRNG keys."""
    return jnp.issubdtype(x.dtype, jax.dtypes.prng_key)


def chained(program: Program, given: tuple[Var, ...], follows: dict[Var, Any]) -> set[Var]:
    """The variables of the state whose values in all steps can be known before the loop, and have to be.

    Args:
      program: of a body.
      given: its arguments of each step.
      follows: by variable of the state, what it is after a step.

    Raises:
      Refused: a key that depends on the variables of the neurons.
    """
    own = set(follows)
    keys = {var for var in own if is_key(var.aval)}
    other = _depending(program, {*own, *given} - keys)
    if any(_among(follows[var], other) for var in keys):
        raise Refused("its PRNG key depends on its variables")
    counters = {var for var in own if _counts(var.aval)}
    other = _depending(program, {*own, *given} - counters - keys)
    if any(_among(follows[var], other) for var in counters):
        return keys
    counting = _depending(program, counters) - other
    looks_up = any(
        eqn.primitive.name not in ELEMENTWISE | SHAPES
        for eqn in program.equations
        if any(var in counting for var in variables(eqn.invars)) and eqn.outvars[0] in counting
    )
    return keys | counters if looks_up else keys


def _among(atom, found):
    return isinstance(atom, Var) and atom in found


def _counts(aval):
    return aval.shape == () and jnp.issubdtype(aval.dtype, jnp.integer)


def _depending(program, sources):
    """The variables that depend on any of these, themselves included."""
    found = set(sources)
    for eqn in program.equations:
        if any(var in found for var in variables(eqn.invars)):
            found.update(eqn.outvars)
    return found
