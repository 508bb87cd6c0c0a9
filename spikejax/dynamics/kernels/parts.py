"""What a kernel runs, taken from the body of a scan: the dynamics of a layer, and its arrays; see `apart`."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.dynamics.kernels.jaxprs import Program
from spikejax.dynamics.kernels.refusal import Refused


class Feedback(NamedTuple):
    """The product of a recurrent layer, s[t−1] W."""

    variable: int  # of the state, which is multiplied
    saved: int  # the place of its values among what is saved
    dtype: Any  # of both factors
    precision: Any
    transposed: bool  # the matrix is stored as [out, in]


class Dynamics(NamedTuple):
    """What a kernel runs.

    The arguments of `step` are the constants, the product of the feedback if there is one, the state and the step's
    inputs; its results the state and what is saved.
    """

    shape: tuple[int, ...]  # of one step's currents, [B, *F]
    step: Program
    constants: int
    states: int
    inputs: int
    feedback: Feedback | None


class Parts(NamedTuple):
    """A body that was taken apart, and its arrays."""

    dynamics: Dynamics
    constants: list[Array]  # scalars or [B, *F]
    weights: Array | None
    state: list[Array]  # [B, *F]
    inputs: list[Array]  # [T, B, *F]
    # The scan's results from the kernel's.
    rebuild: Callable[[list[Array], list[Array]], tuple[Any, Any]]


def constant(value: Any, shape: tuple[int, ...]) -> Array:
    """A known value as a scalar or an array `[B, *F]`."""
    value = jnp.asarray(value)
    if math.prod(value.shape) == 1:
        return value.reshape(())
    return filled(value, shape)


def filled(value: Array, shape: tuple[int, ...]) -> Array:
    """An array broadcast to a shape.

    Raises:
      Refused: it does not have one like it.
    """
    if len(value.shape) > len(shape):
        raise Refused(
            f"it has an array of shape {list(value.shape)}, expected one like its currents {list(shape)}"
        )
    try:
        return jnp.broadcast_to(value, shape)
    except ValueError:
        raise Refused(
            f"it has an array of shape {list(value.shape)}, expected one like its currents {list(shape)}"
        ) from None


def filled_steps(value: Array, shape: tuple[int, ...]) -> Array:
    """Values of all steps, broadcast to `[T, *shape]`."""
    steps, *own = value.shape
    missing = [1] * (len(shape) - len(own))
    return filled(value.reshape(steps, *missing, *own), (steps, *shape))


def fits(own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether an array of its own shape is one of all neurons, or one that was broadcast to them."""
    trailing = shape[len(shape) - len(own) :] if len(own) <= len(shape) else own
    broadcast = all(a in (1, b) for a, b in zip(own, trailing, strict=True))
    return math.prod(own) in (1, math.prod(shape)) or (len(own) <= len(shape) and broadcast)


def unfilled(value: Array, shape: tuple[int, ...]) -> Array:
    """An array `[B, *F]` in its own shape again: of one that was broadcast all copies are equal."""
    if math.prod(shape) == value.size:
        return value.reshape(shape)
    if math.prod(shape) == 1:
        return value.reshape(-1)[0].reshape(shape)
    more = value.ndim - len(shape)
    own = zip(value.shape[more:], shape, strict=True)
    return value[(0,) * more + tuple(slice(None) if a == b else slice(0, 1) for a, b in own)]
