"""The dynamics of a kernel as a `lax.scan`, for derivatives of second order."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from spikejax.dynamics.kernels.backward import Cotangents
from spikejax.dynamics.kernels.gradient import Gradient
from spikejax.dynamics.kernels.jaxprs import evaluate
from spikejax.dynamics.kernels.kernel import Kernel
from spikejax.dynamics.kernels.parts import unfilled


class Arrays(NamedTuple):
    """What a sequence is computed from."""

    constants: list[Array]  # scalars or [B, *F]
    weights: Array | None  # of the feedback, as they are multiplied, [F, F]
    product: Array | None  # of the feedback in the first step, [B, F]
    state: list[Array]  # before the first step, [B, *F]
    xs: list[Array]  # [T, B, *F]


def multiplied(kernel: Kernel, spikes: Array, weights: Array) -> Array:
    """The product of the feedback."""
    feedback: Any = kernel.dynamics.feedback
    (kind,) = kernel.kinds.product
    spikes = spikes.astype(feedback.dtype)
    return jnp.matmul(spikes, weights, precision=feedback.precision, preferred_element_type=kind)


def outer(kernel: Kernel, spikes: Array, cotangents: Array) -> Array:
    """The cotangent of the matrix, from what was fed back and the cotangents of its products, `[T, B, F]` both."""
    feedback: Any = kernel.dynamics.feedback
    return jnp.einsum(
        "tbi,tbo->io",
        spikes.astype(feedback.dtype),
        cotangents.astype(feedback.dtype),
        precision=feedback.precision,
        preferred_element_type=jnp.float32,
    )


def run(kernel: Kernel, arrays: Arrays, added: Array | None = None) -> tuple[list, list]:
    """The state after the last step and what is saved; `added` is added to the product of each step."""
    dynamics, step = kernel.dynamics, kernel.dynamics.step
    arguments: tuple[Any, ...] = step.arguments
    shapes = [var.aval.shape for var in arguments]
    count, at_state = dynamics.states, dynamics.constants + kernel.fed
    state_shapes, input_shapes = shapes[at_state:][:count], shapes[at_state + count :]

    def own(values, shapes):
        return [unfilled(value, shape) for value, shape in zip(values, shapes, strict=True)]

    constants = own(arrays.constants, shapes[: dynamics.constants])

    def body(carry, given):
        (state, product), (xs, more) = carry, given
        fed = [] if product is None else [product if more is None else product + more]
        values = [*constants, *fed, *own(state, state_shapes), *own(xs, input_shapes)]
        found = [_whole(x, dynamics.shape) for x in evaluate(step, values)]
        after, saved = found[:count], found[count:]
        if dynamics.feedback is not None and arrays.weights is not None:
            product = multiplied(kernel, after[dynamics.feedback.variable], arrays.weights)
        return (after, product), saved

    (state, _), saved = lax.scan(body, (arrays.state, arrays.product), (arrays.xs, added))
    return state, saved


def _whole(x, shape):
    """A result as the kernels return it, for all neurons."""
    x = jnp.asarray(x)
    return x.reshape(shape) if x.size == math.prod(shape) else jnp.broadcast_to(x, shape)


def cotangents(
    kernel: Kernel, gradient: Gradient, arrays: Arrays, final: list[Array], saved: list[Array]
) -> Cotangents:
    """What the backward kernel returns."""
    wanted, shape = gradient.wanted, kernel.dynamics.shape
    products = []
    if arrays.product is not None:
        products = [jnp.zeros((arrays.xs[0].shape[0], *shape), arrays.product.dtype)]

    def function(found):
        constants, state, xs = (list(x) for x in (arrays.constants, arrays.state, arrays.xs))
        for place, value in zip(wanted.constants, found.constants, strict=True):
            constants[place] = value
        for place, value in zip(gradient.states, found.state, strict=True):
            state[place] = value
        for place, value in zip(wanted.inputs, found.inputs, strict=True):
            xs[place] = value
        changed = Arrays(constants, arrays.weights, arrays.product, state, xs)
        after, saved = run(kernel, changed, *found.products)
        return [after[i] for i in gradient.states], [saved[i] for i in wanted.saved]

    at = Cotangents(
        [jnp.broadcast_to(arrays.constants[i], shape) for i in wanted.constants],
        products,
        [arrays.state[i] for i in gradient.states],
        [arrays.xs[i] for i in wanted.inputs],
    )
    _, pullback = jax.vjp(function, at)
    (found,) = pullback((final, saved))
    return found
