"""All steps of a linear step at once: a recurrence without a reset is a prefix sum."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

Matrix = list[list[Array]]  # of variables; [i][j] is what variable i adds to variable j


def scan(body: Callable[..., Any], state: Any, xs: Any, name: str) -> tuple[Any, Any]:
    """`lax.scan` of a body whose next state is linear in the state and in x, in a depth of log T.

        s[t] = A s[t−1] + b[t],   b[t] = body(0, x[t]),   A = body(·, 0)

    A couples the variables of one neuron: a step that mixes neurons is refused. States of two steps each are combined
    first, with A², and so on, which takes 2T products in place of T and memory of about 4T states. What the body saves
    is computed of all s[t−1] at once.

    Args:
      body: `(state, x) -> (state, saved)`.
      state: before the first step.
      xs: with leading axis T, at least 1.
      name: of the step, for messages.

    Raises:
      ValueError: variables of different shapes, or a next state that is not linear or mixes neurons.

    Reference: Blelloch (1990), Prefix sums and their applications, Section 1.4 on first-order recurrences.

    >>> def body(state, x):
    ...     state = 0.5 * state + x
    ...     return state, state
    >>> scan(body, jnp.zeros(1), jnp.ones((4, 1)), "body")[1].ravel()
    Array([1.   , 1.5  , 1.75 , 1.875], dtype=float32)
    """
    first, tree = jax.tree.flatten(state)
    zeros = [jnp.zeros_like(variable) for variable in first]
    still = jax.tree.map(lambda x: jnp.zeros_like(x[0]), xs)

    def after(variables, x):
        return jax.tree.leaves(body(tree.unflatten(variables), x)[0])

    _check(after, first, still, name)

    def column(i):
        unit = [jnp.ones_like(v) if i == j else v for j, v in enumerate(zeros)]
        return after(unit, still)

    matrix = [column(i) for i in range(len(first))]
    drive = jax.vmap(lambda x: after(zeros, x))(xs)
    entering = [b.at[0].add(s) for b, s in zip(drive, _times(matrix, first), strict=True)]
    states = _prefix(matrix, entering)
    before = [jnp.concatenate([f[None], s[:-1]]) for f, s in zip(first, states, strict=True)]
    states, saved = jax.vmap(body)(tree.unflatten(before), xs)
    return jax.tree.map(lambda s: s[-1], states), saved


def _prefix(matrix, drive):
    """The states [T, …] of s[t] = A s[t−1] + b[t] after s[−1] = 0."""
    steps = len(drive[0])
    if steps == 1:
        return drive
    pairs = _add(_times(matrix, [b[: steps - 1 : 2] for b in drive]), [b[1::2] for b in drive])
    odd = _prefix([_times(matrix, column) for column in matrix], pairs)
    later = _times(matrix, [s[: (steps - 1) // 2] for s in odd])
    later = _add(later, [b[2::2] for b in drive])
    even = [jnp.concatenate([b[:1], s]) for b, s in zip(drive, later, strict=True)]
    return [_woven(e, o) for e, o in zip(even, odd, strict=True)]


def _times(matrix, variables):
    """A s, for s with any axes in front."""
    count = len(variables)
    return [sum(matrix[i][j] * variables[i] for i in range(count)) for j in range(count)]


def _add(one, other):
    return [a + b for a, b in zip(one, other, strict=True)]


def _woven(even, odd):
    """Steps 0, 2, … and 1, 3, … in their order."""
    count = len(odd)
    both = jnp.stack([even[:count], odd], 1).reshape(2 * count, *odd.shape[1:])
    return jnp.concatenate([both, even[count:]])


def _check(after, state, x, name):
    """Refuses a step that is not linear: whatever is linear can be transposed."""
    shapes = [variable.shape for variable in state]
    if len(set(shapes)) != 1:
        raise ValueError(
            f"expected a linear step whose variables have one shape, found {shapes} of {name}; let its `is_linear` be "
            "False"
        )

    jax.eval_shape(after, state, x)  # errors of the step itself are not about its being linear

    def transposed(cotangents):
        return jax.linear_transpose(after, state, x)(cotangents)

    try:
        jax.eval_shape(transposed, state)
    except Exception as error:  # of no one type: rules of JAX raise, or assert
        raise ValueError(
            f"expected a step whose next state is linear in its state and current, as {name} says it is, found one "
            "that is not: a spike resets it, a constant is added or two variables are multiplied; let its `is_linear` "
            "be False"
        ) from error
    _check_elements(after, state, x, name)


def _check_elements(after, state, x, name):
    """Refuses a step in which a neuron's state depends on that of another."""
    from spikejax.dynamics.kernels.elements import ELEMENTWISE, SHAPES
    from spikejax.dynamics.kernels.jaxprs import inlined, trace, variables

    program, _ = inlined(trace(lambda *own: after(own, x), *state)[0], rules=False)
    of_state = set(program.arguments[-len(state) :])
    for eqn in program.equations:
        if of_state.isdisjoint(variables(eqn.invars)):
            continue
        if eqn.primitive.name not in ELEMENTWISE | SHAPES:
            raise ValueError(
                f"expected a linear step that acts element by element, found {eqn.primitive.name} of the state in "
                f"{name}; let its `is_linear` be False"
            )
        of_state.update(eqn.outvars)
