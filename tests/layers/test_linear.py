"""The synapse: a uniform start, one product, other precisions, events of any dtype."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax import run
from spikejax.inputs import Sequence
from spikejax.layers import Linear
from spikejax.networks import MLP
from spikejax.networks.core import pure
from spikejax.neurons.lif import LIF

KEY = jax.random.key(0)


def test_linear_is_uniform_within_fan_in():
    fan_in, bound = 16, 0.25
    dense = Linear(2000).init(KEY, jnp.ones((1, 1, fan_in)))["params"]
    assert dense["kernel"].shape == (fan_in, 2000) and dense["bias"].shape == (2000,)
    for values in dense.values():
        values = np.asarray(values)
        assert 0.99 * bound < values.max() <= bound
        assert -bound <= values.min() < -0.99 * bound
        assert abs(values.mean()) < 0.05 * bound
        np.testing.assert_allclose(values.std(), bound / 3**0.5, rtol=0.03)  # of a uniform


def test_linear_is_a_matrix_product():
    x, draw = (
        np.random.default_rng(0).normal(0.4, 1.0, (6, 3, 4)).astype(np.float32),
        np.random.default_rng(5),
    )
    kernel, bias = draw.normal(size=(4, 5)), draw.normal(size=5)
    dense = {"kernel": jnp.asarray(kernel, jnp.float32), "bias": jnp.asarray(bias, jnp.float32)}
    currents = Linear(5).apply({"params": dense}, x)
    np.testing.assert_allclose(currents, x @ kernel + bias, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [None, jnp.bfloat16])
def test_the_precision_of_a_product_is_no_other_precision(dtype):
    """Weights that bfloat16 holds and spikes, which it holds too: the same currents, and neurons in float32."""
    network = MLP((16,), 3, LIF(), dtype=dtype)
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (9, 2, 5)), jnp.float32)
    variables = network.init(jax.random.key(0), x[:1])
    coarse = jax.tree.map(lambda w: w.astype(jnp.bfloat16).astype(jnp.float32), variables)
    logits, carry, activity = pure.apply(network, coarse, x, {}, record=True)
    expected = MLP((16,), 3, LIF()).apply(coarse, x)
    spikes, state = activity["neuron_0"]["spikes"], carry["state"]["neuron_0"]["neuron"]
    assert set(np.unique(spikes)) == {0.0, 1.0}
    assert logits.dtype == spikes.dtype == state.membrane.dtype == jnp.float32
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)


def test_bfloat16_rounds_weights_and_trains():
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (9, 2, 5)), jnp.float32)
    network = Linear(3, dtype=jnp.bfloat16)
    variables = network.init(jax.random.key(0), x)

    def loss(variables, network):
        return jnp.square(network.apply(variables, x)).sum()

    exact = jax.grad(loss)(variables, Linear(3))["params"]["kernel"]
    found = jax.grad(loss)(variables, network)["params"]["kernel"]
    assert found.dtype == jnp.float32 and not np.array_equal(found, exact)
    np.testing.assert_allclose(found, exact, rtol=0.05, atol=0.05 * np.abs(exact).max())


def test_float64_everywhere(float64):
    x = jnp.ones((4, 2, 3), jnp.float64)
    network = MLP((5,), 2, LIF(), learn=("decay",), recurrent=(0,))
    variables = network.init(jax.random.key(0), x)
    outputs = run(network, variables, x)
    assert {leaf.dtype for leaf in jax.tree.leaves((variables, outputs))} == {jnp.dtype("float64")}
    assert Sequence().encode(jnp.zeros((2, 3, 1), jnp.uint8)).dtype == jnp.float64


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool"])
def test_events_of_whole_numbers_are_exact(dtype):
    """The currents and the gradient are those of the same events as floats."""
    layer = Linear(2)
    events = np.random.default_rng(0).integers(0, 2, (3, 2, 4))
    variables = layer.init(KEY, jnp.zeros((1, 1, 4)))

    def loss(variables, x):
        return jnp.square(layer.apply(variables, x)).sum()

    found = jax.value_and_grad(loss)(variables, events.astype(dtype))
    expected = jax.value_and_grad(loss)(variables, events.astype(np.float32))
    assert expected[0] > 0
    jax.tree.map(np.testing.assert_array_equal, found, expected)
