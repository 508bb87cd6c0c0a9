"""Buffers: variables `[N, B, *F]` of a state, such as the currents of the last N steps, as N variables `[B, *F]`.

A kernel holds variables in registers, which have no index. So a program with buffers is traced again with each of their
slices as an argument of its own; what joins, shifts and sums slices then happens while tracing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from spikejax.dynamics.kernels.elements import ELEMENTWISE
from spikejax.dynamics.kernels.jaxprs import RULED, Program, bind, dtypes, evaluate, trace
from spikejax.dynamics.kernels.refusal import Refused

MAPPED = ELEMENTWISE | {"stop_gradient", "copy"}


class Slices(NamedTuple):
    """A buffer while a program is traced."""

    items: tuple[Any, ...]


class Sliced(NamedTuple):
    """A program without buffers, the arrays that it closes over first, and how many slices each array has become.

    A count of None stands for an array that was no buffer.
    """

    program: Program
    states: list[Array]
    inputs: list[Array]
    counts: list[int | None]  # of the results


def without_buffers(
    program: Program, consts: list, states: list, inputs: list, shape: tuple[int, ...]
) -> Sliced:
    """The program of a body with the slices of its buffers as arguments.

    Args:
      program: of `(*consts, *states, *inputs)`.
      consts: what it closes over.
      states: before the first step.
      inputs: of all steps.
      shape: `[B, *F]`.

    Raises:
      Refused: a buffer is used in another way than by its slices.
    """

    def size(aval):
        return aval.shape[0] if aval.shape[1:] == shape and shape else None

    own = [size(var.aval) for var in program.arguments[len(consts) :]]
    counts: list[int | None] = []
    like = [var.aval for var in program.arguments[: len(consts)]]
    for var, count in zip(program.arguments[len(consts) :], own, strict=True):
        single = var.aval if count is None else jax.ShapeDtypeStruct(shape, dtypes([var])[0])
        like += [single] * (1 if count is None else count)

    def run(*values):
        rest = list(values[len(consts) :])
        given: list[Any] = list(values[: len(consts)])
        for count in own:
            given.append(rest.pop(0) if count is None else Slices(tuple(rest[:count])))
            rest = rest if count is None else rest[count:]
        found = evaluate(program, given, lambda eqn, read: _apply(eqn, read, shape))
        counts[:] = [len(x.items) if isinstance(x, Slices) else None for x in found]
        return [item for x in found for item in (x.items if isinstance(x, Slices) else (x,))]

    made, more = trace(run, *like)
    if more:
        raise Refused("it makes arrays inside a step")
    places = len(states)
    return Sliced(
        made,
        [x for state, n in zip(states, own[:places], strict=True) for x in _slices(state, n, 0)],
        [x for xs, n in zip(inputs, own[places:], strict=True) for x in _slices(xs, n, 1)],
        counts,
    )


def _slices(x, count, axis):
    if count is None:
        return [x]
    return [lax.index_in_dim(x, i, axis, keepdims=False) for i in range(count)]


def joined(values: Sequence[Array], counts: Sequence[int | None], axis: int) -> list[Array]:
    """Results of a program without buffers, the slices of each buffer joined along an axis."""
    rest, found = list(values), []
    for count in counts:
        found.append(rest.pop(0) if count is None else jnp.stack(rest[:count], axis))
        rest = rest if count is None else rest[count:]
    return found


def _apply(eqn, values, shape):
    name, after = eqn.primitive.name, eqn.outvars[0].aval
    if not any(isinstance(value, Slices) for value in values):
        if after.shape[1:] == shape and shape and eqn.invars and eqn.invars[0].aval.shape == shape:
            if name == "reshape" or eqn.params.get("broadcast_dimensions") == tuple(
                range(1, after.ndim)
            ):
                return [Slices((values[0],) * after.shape[0])]
        return bind(eqn, values)
    (first, *_) = values
    if name in MAPPED:
        return _mapped(eqn, values, after.shape[0])
    if name in RULED and all(len(v.items) == 1 for v in values if isinstance(v, Slices)):
        # A rule of differentiation insists on the shapes that it was traced with.
        whole = [
            lax.reshape(v.items[0], (1, *shape)) if isinstance(v, Slices) else v for v in values
        ]
        return [Slices((lax.reshape(x, shape),)) for x in bind(eqn, whole)]
    if name == "concatenate" and eqn.params["dimension"] == 0:
        pairs = zip(values, eqn.invars, strict=True)
        return [Slices(tuple(x for v, atom in pairs for x in _items(v, atom.aval.shape[0])))]
    if name == "slice" and after.shape[1:] == shape:
        start, limit = eqn.params["start_indices"][0], eqn.params["limit_indices"][0]
        step = (eqn.params["strides"] or (1,))[0]
        return [Slices(first.items[start:limit:step])]
    if name in ("squeeze", "reshape") and after.shape == shape:
        return [first.items[0]]
    if name == "reduce_sum" and eqn.params["axes"] == (0,):
        return [sum(first.items[1:], first.items[0])]
    raise Refused(f"it contains {name} of a buffer of shape {list(eqn.invars[0].aval.shape)}")


def _mapped(eqn, values, count):
    """An equation that acts element by element, for each slice."""
    sliced = [
        _items(value, count)
        if isinstance(value, Slices) or jnp.ndim(value) == eqn.outvars[0].aval.ndim
        else (value,) * count
        for value in values
    ]
    found = [bind(eqn, own) for own in zip(*sliced, strict=True)]
    return [Slices(tuple(items)) for items in zip(*found, strict=True)]


def _items(value, count):
    items = (
        value.items
        if isinstance(value, Slices)
        else tuple(lax.index_in_dim(value, i, 0, keepdims=False) for i in range(value.shape[0]))
    )
    return items * count if len(items) == 1 else items
