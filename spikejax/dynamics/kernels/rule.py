"""Joins the two kernels by a rule of differentiation; derivatives of higher order are those of the scan."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_derivatives import SymbolicZero

from spikejax.dynamics.kernels import backward, forward, scanned
from spikejax.dynamics.kernels.elements import check
from spikejax.dynamics.kernels.forward import Kept, Ran
from spikejax.dynamics.kernels.gradient import Gradient, Wanted, floats, gradient_of
from spikejax.dynamics.kernels.kernel import Kernel
from spikejax.dynamics.kernels.refusal import Refused, fall_back
from spikejax.dynamics.kernels.scanned import Arrays

EQUATIONS = 320  # of a step, its gradient and the step again that a kernel may have between two accesses to the state


class Told(NamedTuple):
    """What JAX tells when a gradient is taken: which arrays have one; and what the forward kernel then kept."""

    constants: tuple[int, ...]
    weights: bool
    inputs: tuple[int, ...]
    kept: Kept
    unroll: int


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Fixed:
    """Something that is no array among residuals."""

    value: Any


def sequence(kernel: Kernel, arrays: Arrays, name: str) -> tuple[list[Array], list[Array]]:
    """Runs all steps by kernels: the state after the last one, and what is saved.

    Args:
      kernel: what is run.
      arrays: what it is run on.
      name: of the step, for a warning.
    """

    @jax.custom_vjp
    def run(arrays):
        ran = forward.run(kernel, *arrays)
        return ran.state, ran.saved

    def forwards(told):
        arrays = jax.tree.map(lambda primal: primal.value, told)
        moved = Wanted(_moved(told.constants), _moved(told.xs), floats(_saved(kernel)))
        try:
            own, gradient = _with_gradient(kernel, moved)
        except Refused as refusal:
            fall_back(f"{name} is differentiated as a scan: {refusal}; see docs/kernels.md")
            results, pullback = jax.vjp(lambda arrays: scanned.run(kernel, arrays), arrays)
            return results, (pullback, None)
        ran = _forward(own, gradient.kept, name)(arrays)
        weights = told.weights is not None and told.weights.perturbed
        fixed = Told(moved.constants, weights, moved.inputs, gradient.kept, own.unroll)
        feedback = kernel.dynamics.feedback
        # What was fed back after each step is among what is saved.
        fed = ran.saved[feedback.saved] if feedback is not None and weights else None
        return (ran.state, ran.saved), ((arrays, ran.kept, ran.products, fed), Fixed(fixed))

    def backwards(residuals, cotangents):
        values, fixed = residuals
        state, saved = cotangents
        if fixed is None:
            like = jax.tree.map(_instantiated, cotangents, is_leaf=_is_zero)
            return values(like)
        arrays, kept, products, fed = values
        told: Told = fixed.value
        given = tuple(i for i in floats(_saved(kernel)) if not _is_zero(saved[i]))
        own = kernel._replace(unroll=told.unroll)
        gradient = gradient_of(own, Wanted(told.constants, told.inputs, given))
        gradient = gradient._replace(kept=told.kept)
        final = [_instantiated(state[i]) for i in gradient.states]
        found = _backward(own, gradient, name)(
            arrays, kept, products, final, [saved[i] for i in given]
        )
        return (_placed(own, gradient, arrays, fed, found),)

    run.defvjp(forwards, backwards, symbolic_zeros=True)
    return run(arrays)


def _moved(primals):
    return tuple(i for i, primal in enumerate(primals) if primal.perturbed)


def _saved(kernel):
    return kernel.step.results[kernel.dynamics.states :]


def _is_zero(x):
    return isinstance(x, SymbolicZero)


def _instantiated(x):
    return jnp.zeros(x.shape, x.dtype) if _is_zero(x) else x


def _with_gradient(kernel, wanted):
    """The kernel and its gradient, with as many steps between two kept states as their size allows."""
    gradient = gradient_of(kernel, wanted)
    check(gradient.program, kernel.dynamics.shape, kernel.backend)
    size = 2 * len(kernel.step.equations) + len(gradient.program.equations)
    allowed = 1 if kernel.fed else max(1, min(kernel.unroll, EQUATIONS // size))
    unroll = 1 << (allowed.bit_length() - 1)  # a power of two divides most numbers of steps
    kernel = kernel._replace(unroll=unroll)
    return kernel, gradient_of(kernel, wanted)


def _placed(kernel, gradient, arrays, fed, found):
    """The cotangents of a sequence's arrays."""
    constants: list[Any] = [None] * len(arrays.constants)
    for i, value in zip(gradient.wanted.constants, found.constants, strict=True):
        like = arrays.constants[i]
        constants[i] = (value if like.ndim else value.sum()).astype(like.dtype)
    xs: list[Any] = [None] * len(arrays.xs)
    for i, value in zip(gradient.wanted.inputs, found.inputs, strict=True):
        xs[i] = value.astype(arrays.xs[i].dtype)
    state: list[Any] = [None] * len(arrays.state)
    for i, value in zip(gradient.states, found.state, strict=True):
        state[i] = value.astype(arrays.state[i].dtype)
    weights = product = None
    if kernel.dynamics.feedback is not None:
        (products,) = found.products
        product = products[0]
        if fed is not None:
            weights = scanned.outer(kernel, fed[:-1], products[1:]).astype(arrays.weights.dtype)
    return Arrays(constants, weights, product, state, xs)


def _forward(kernel: Kernel, keep: Kept, name: str) -> Callable[[Arrays], Ran]:
    """The forward kernel, whose own derivative is that of the scan."""

    @jax.custom_vjp
    def run(arrays):
        constants, weights, product, state, xs = arrays
        return forward.run(kernel, constants, weights, product, state, xs, keep)

    def forwards(arrays):
        _of_second_order(name)

        # Inside a gradient, so that what is differentiated are the rules' own forward passes, as in a scan.
        def primal(arrays):
            return jax.vjp(lambda own: scanned.run(kernel, own), arrays)[0]

        _, pullback = jax.vjp(primal, arrays)
        return run(arrays), pullback

    def backwards(pullback, cotangents):
        # What is kept is read by the backward kernel alone, whose derivative does not go through it.
        return pullback((cotangents.state, cotangents.saved))

    run.defvjp(forwards, backwards)
    return run


def _backward(kernel: Kernel, gradient: Gradient, name: str) -> Callable[..., backward.Cotangents]:
    """The backward kernel, whose own derivative is that of the scan's gradient."""

    @jax.custom_vjp
    def run(arrays, kept, products, final, saved):
        weights = None if arrays.weights is None else arrays.weights.T
        constants, xs = arrays.constants, arrays.xs
        return backward.run(kernel, gradient, constants, weights, kept, products, xs, final, saved)

    def forwards(arrays, kept, products, final, saved):
        _of_second_order(name)
        _, pullback = jax.vjp(
            lambda *own: scanned.cotangents(kernel, gradient, *own), arrays, final, saved
        )
        return run(arrays, kept, products, final, saved), (pullback, kept, products)

    def backwards(residuals, cotangents):
        pullback, kept, products = residuals
        arrays, final, saved = pullback(cotangents)
        return arrays, *jax.tree.map(jnp.zeros_like, (kept, products)), final, saved

    run.defvjp(forwards, backwards)
    return run


def _of_second_order(name):
    # Of both kernels, whose derivatives are taken at different lines of a program.
    fall_back(
        f"{name}: a derivative of second order runs as a scan, since kernels have derivatives of first order only; see "
        "docs/kernels.md",
        anywhere=True,
    )
