"""The executor: every chunk length, with or without segments, gives the same run and the same gradients."""

import functools

import jax
import numpy as np
import pytest

from chunked_networks import (
    BATCH,
    CLASSES,
    INPUT,
    NETWORK,
    T,
    applied,
    assert_close,
    at_rest,
    bare,
    differentiate,
    execution,
    make_bare_variables,
    make_variables,
    whole,
    whole_bare,
)
from fast_compilation import fast_jit
from spikejax import Time
from spikejax.dynamics.network import run
from spikejax.networks.core import pure


def test_the_reference_fires_and_differentiates(float64):
    gradients, (outputs, _) = whole()
    _, found = NETWORK.apply(make_variables(), INPUT, mutable=["activity"])
    (spikes,) = jax.tree.leaves(found)
    assert 0.1 < spikes.mean() < 0.9
    assert outputs.shape == (T, BATCH, CLASSES)
    assert all(np.any(leaf != 0) for leaf in jax.tree.leaves(gradients["params"]))


@pytest.mark.parametrize(
    "chunk, checkpoint", [*((k, True) for k in range(1, T + 1)), (1, False), (5, False)]
)
def test_every_chunk_length_gives_the_same(chunk, checkpoint, float64):
    def execute(variables, x):
        return run(bare, variables, x, at_rest(x), Time(chunk=chunk, checkpoint=checkpoint))

    gradients, (spikes, state) = differentiate(execute, make_bare_variables())
    expected, (expected_spikes, expected_state) = whole_bare()
    np.testing.assert_array_equal(spikes, expected_spikes)
    assert 0.1 < spikes.mean() < 0.9
    assert_close((gradients, state), (expected, expected_state))


@pytest.mark.parametrize("chunk, checkpoint", [(4, True), (6, False)])
def test_chunks_of_a_recurrent_network(chunk, checkpoint, float64):
    execute = execution(chunk=chunk, checkpoint=checkpoint)
    assert_close(differentiate(execute, make_variables()), whole())


@pytest.mark.parametrize("chunk, segment", [(2, 4), (3, 6), (2, 12), (4, 16), (1, 5)])
def test_segments_change_nothing(chunk, segment, float64):
    segmented = execution(chunk=chunk, segment=segment)
    assert_close(differentiate(segmented, make_variables()), whole())


def test_one_step(float64):
    variables = make_variables()
    expected = fast_jit(applied)(variables, INPUT[:1])
    for options in ({}, {"chunk": 1}, {"chunk": 1, "truncate": True}):
        assert_close(fast_jit(execution(**options))(variables, INPUT[:1]), expected)


def test_inputs_may_be_a_pytree(float64):
    def network(variables, x, state):
        outputs, state = applied(variables, x["pixels"] * x["gain"], state)
        return (outputs, x["gain"]), state

    gain = np.linspace(0.5, 1.5, T)[:, None, None]
    variables = make_variables()
    expected, last = fast_jit(applied)(variables, INPUT * gain)
    first = pure.first_carry(NETWORK, variables, INPUT)
    inputs = {"pixels": INPUT, "gain": gain}
    in_chunks = fast_jit(functools.partial(run, network, time=Time(chunk=5)))
    (outputs, gains), state = in_chunks(variables, inputs, first)
    np.testing.assert_array_equal(gains, gain)
    assert_close((outputs, state), (expected, last))
