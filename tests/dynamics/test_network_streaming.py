"""The executor in several calls: step by step, in pieces of any length, and from a state other than zero."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from chunked_networks import (
    INPUT,
    NETWORK,
    T,
    applied,
    assert_close,
    charge,
    differentiate,
    execution,
    make_variables,
)
from fast_compilation import fast_jit
from spikejax import Time
from spikejax.dynamics.network import run
from spikejax.networks.core import pure


def test_one_step_at_a_time_is_a_loop_over_the_network(float64):
    variables, state, rows = make_variables(), None, []
    apply = fast_jit(applied)
    for t in range(T):
        row, state = apply(variables, INPUT[t : t + 1], state)
        rows.append(row)
    found = fast_jit(execution(chunk=1))(variables, INPUT)
    assert_close(found, (np.concatenate(rows), state))


def with_spikes(variables, x, carry):
    outputs, carry, activity = pure.apply(NETWORK, variables, x, carry, record=True)
    return {"logits": outputs, "activity": activity}, carry


def test_streaming_in_pieces_gives_the_very_spikes(float64):
    """Outputs may be a pytree; here they hold the spikes of the hidden layer."""
    variables = make_variables()
    expected, last = fast_jit(with_spikes)(variables, INPUT, {})
    stream = fast_jit(functools.partial(run, with_spikes), static_argnums=3)
    state, pieces = pure.first_carry(NETWORK, variables, INPUT), []
    for start, stop, chunk in [(0, 5, 2), (5, 6, None), (6, T, 3)]:
        outputs, state = stream(variables, INPUT[start:stop], state, Time(chunk=chunk))
        pieces.append(outputs)
    outputs = jax.tree.map(lambda *parts: np.concatenate(parts), *pieces)
    assert len(jax.tree.leaves(outputs["activity"])) == 1
    jax.tree.map(np.testing.assert_array_equal, outputs["activity"], expected["activity"])
    assert_close((outputs["logits"], state), (expected["logits"], last))


def test_a_start_other_than_zero_survives_chunks(float64):
    variables = {"level": jnp.asarray(0.9)}
    expected = differentiate(charge(), variables)
    result = differentiate(charge(Time(chunk=4)), variables)
    assert_close(result, expected)
    assert expected[0]["level"] != 0
    from_zero, _ = fast_jit(charge(Time(chunk=4)))({"level": jnp.asarray(0.0)}, INPUT)
    assert np.any(from_zero != expected[1][0])
