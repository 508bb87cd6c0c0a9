"""Truncated backpropagation through time: no gradient passes from a chunk to the one before it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chunked_networks import (
    INPUT,
    TOLERANCE,
    WEIGHTS,
    T,
    applied,
    assert_close,
    charge,
    differentiate,
    execution,
    make_variables,
    whole,
)
from fast_compilation import fast_jit
from spikejax import Time


def loop_with_borders(variables, x, chunk):
    """Truncation by hand: the state between two chunks is a constant."""
    state, parts = None, []
    for start in range(0, len(x), chunk):
        outputs, state = applied(variables, x[start : start + chunk], state)
        parts.append(outputs)
        if start + chunk < len(x):
            state = jax.lax.stop_gradient(state)
    return jnp.concatenate(parts), state


@functools.cache
def truncated_by_hand(chunk):
    return differentiate(functools.partial(loop_with_borders, chunk=chunk), make_variables())


@pytest.mark.parametrize("checkpoint", [True, False])
def test_truncation_stops_the_gradient_at_the_borders(checkpoint, float64):
    execute = execution(chunk=5, checkpoint=checkpoint, truncate=True)
    gradients, results = differentiate(execute, make_variables())
    assert_close((gradients, results), truncated_by_hand(chunk=5))
    full, untruncated_results = whole()
    assert_close(results, untruncated_results)  # what comes out is the same
    for name in ("linear_0", "neuron_0"):
        differences = jax.tree.map(
            lambda a, b: np.abs(a - b).max(), gradients["params"][name], full["params"][name]
        )
        assert max(jax.tree.leaves(differences)) > 0.01, name


def test_truncation_without_a_border_is_the_full_gradient(float64):
    assert_close(differentiate(execution(chunk=T, truncate=True), make_variables()), whole())


def test_truncation_leaves_the_first_state_alone(float64):
    """The start of the first chunk is no border: a learned start has the gradient of its chunk."""
    variables, x, weights = {"level": jnp.asarray(0.9)}, INPUT[:4], WEIGHTS[:4]

    def loss(variables):
        return (charge(Time(chunk=2, truncate=True))(variables, x)[0] * weights).sum()

    def first_chunk(variables):
        return (charge()(variables, x[:2])[0] * weights[:2]).sum()

    expected = fast_jit(jax.grad(first_chunk))(variables)["level"]
    assert expected != 0
    found = fast_jit(jax.grad(loss))(variables)["level"]
    np.testing.assert_allclose(found, expected, **TOLERANCE)
