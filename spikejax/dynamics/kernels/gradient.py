"""The gradient of a step as a program, by `jax.vjp`, with what it needs of the forward kernel."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Literal

from spikejax.dynamics.kernels.elements import same
from spikejax.dynamics.kernels.forward import Kept
from spikejax.dynamics.kernels.jaxprs import Program, evaluate, inlined, trace, used_arguments
from spikejax.dynamics.kernels.kernel import Kernel
from spikejax.dynamics.kernels.refusal import Refused

PRODUCT = -1  # the feedback's, among the inputs


class Wanted(NamedTuple):
    """What has a gradient, by its place among a step's constants and inputs, and what of the saved has a cotangent."""

    constants: tuple[int, ...]
    inputs: tuple[int, ...]
    saved: tuple[int, ...]


class Gradient(NamedTuple):
    """The gradient of a step.

    The arguments of `program` are those of the step, the cotangents of the state's floating-point variables after it,
    and those of what is saved; its results the cotangents of the constants, of the product of the feedback, of the
    state's floating-point variables and of the inputs.
    """

    program: Program
    wanted: Wanted
    states: tuple[int, ...]  # variables of the state that are floating point
    kept: Kept
    inputs: tuple[int, ...]  # that the backward kernel reads
    # By constant, what it is added to: its cotangents, summed over time, are also its own.
    elsewhere: dict[int, int]

    @property
    def summed(self) -> list[int]:
        """The places of the constants whose cotangents the kernel sums."""
        return [n for n in range(len(self.wanted.constants)) if n not in self.elsewhere]


def floats(variables: Any) -> tuple[int, ...]:
    """The places of the floating-point ones."""
    dtypes = enumerate(var.aval.dtype for var in variables)
    return tuple(i for i, dtype in dtypes if jnp.issubdtype(dtype, jnp.floating))


def gradient_of(kernel: Kernel, wanted: Wanted) -> Gradient:
    """The gradient of a kernel's step.

    Raises:
      Refused: it makes arrays that are no operands.
    """
    step = kernel.dynamics.step  # whose rules of differentiation are intact
    count, at_state = kernel.dynamics.states, kernel.dynamics.constants + kernel.fed
    at_inputs = at_state + count
    states = floats(step.arguments[at_state:at_inputs])
    places = [*wanted.constants, *range(kernel.dynamics.constants, at_state)]
    places += [*(at_state + i for i in states), *(at_inputs + i for i in wanted.inputs)]
    results = [*states, *(count + i for i in wanted.saved)]
    avals = [var.aval for var in step.arguments]

    def differentiated(*values):
        own, cotangents = list(values[: len(avals)]), list(values[len(avals) :])

        def function(*chosen):
            everything = list(own)
            for place, value in zip(places, chosen, strict=True):
                everything[place] = value
            found = evaluate(step, everything)
            return [found[place] for place in results]

        _, pullback = jax.vjp(function, *[own[place] for place in places])
        return list(pullback(cotangents))

    made, arrays = trace(differentiated, *avals, *[step.results[place].aval for place in results])
    program, more = inlined(made, rules=False)
    if arrays or more:
        raise Refused("its gradient makes arrays inside a step")
    used = used_arguments(program)
    if kernel.unroll > 1:  # states between those that are kept are computed again
        again = used_arguments(kernel.states_alone)
        used = [a or b for a, b in zip(used, [*again, *[True] * len(results)], strict=True)]
    kept = Kept(
        tuple(i for i in range(count) if used[at_state + i]),
        kernel.fed and used[at_state - 1],
    )
    read = tuple(i for i in range(kernel.dynamics.inputs) if used[at_inputs + i])
    return Gradient(
        program, wanted, states, kept, read, _elsewhere(kernel, program, wanted, states)
    )


def _elsewhere(kernel, program, wanted, states):
    """Constants that are added to a current or a product, as a bias is: their cotangents need no sum of their own."""
    root = same(program)
    first, constants = len(wanted.constants) + kernel.fed + len(states), len(wanted.constants)
    results = [root.get(atom, atom) for atom in program.results if not isinstance(atom, Literal)]
    if len(results) < len(program.results):
        return {}
    stored = {results[constants]: PRODUCT} if kernel.fed else {}
    stored |= {results[first + n]: n for n in range(len(wanted.inputs))}
    return {n: stored[results[n]] for n in range(constants) if results[n] in stored}
