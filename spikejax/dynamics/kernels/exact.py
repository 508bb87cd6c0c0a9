"""Whether a variable of the state is exact in bfloat16 after every step: spikes are, graded outputs are not."""

from typing import Any

import jax.numpy as jnp
from jax.extend.core import Literal

from spikejax.dynamics.kernels.elements import SHAPES
from spikejax.dynamics.kernels.jaxprs import Program
from spikejax.dynamics.kernels.parts import Dynamics


def is_exact(step: Program, dynamics: Dynamics, variable: int) -> bool:
    """Whether a variable of the state is 0 or 1 after a step, by the equations that make it.

    One that may be held over from the step before is not: nothing is known of the first one.

    Args:
      step: without calls.
      dynamics: its arguments.
      variable: its place in the state.
    """
    made = {var: eqn for eqn in step.equations for var in eqn.outvars}

    def binary(atom: Any) -> bool:
        if isinstance(atom, Literal):
            return float(atom.val) in (0.0, 1.0)
        if atom not in made:
            return False
        eqn = made[atom]
        name = eqn.primitive.name
        if name == "convert_element_type":
            return eqn.invars[0].aval.dtype == jnp.bool_ or binary(eqn.invars[0])
        if name in SHAPES or name == "mul":
            return all(map(binary, eqn.invars))
        if name == "select_n":
            return all(map(binary, eqn.invars[1:]))
        return False

    return binary(step.results[variable])
