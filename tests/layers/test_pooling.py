"""Flax's pooling on sequences of images [T, B, H, W, C]: each step by itself; of spikes the maximum is spikes."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

WINDOW = (2, 2)
POOLS = {"average": (nn.avg_pool, np.mean), "maximum": (nn.max_pool, np.max)}


def spikes(shape=(3, 2, 6, 4, 5)):
    return (np.random.default_rng(0).random(shape) < 0.3).astype(np.float32)


@pytest.mark.parametrize("name", POOLS)
def test_each_step_is_pooled_by_itself(name):
    pool, over = POOLS[name]
    x = np.random.default_rng(1).normal(size=(3, 2, 6, 4, 5)).astype(np.float32)
    blocks = x.reshape(3, 2, 3, 2, 2, 2, 5)
    np.testing.assert_allclose(pool(x, WINDOW, WINDOW), over(blocks, (3, 5)), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "window, strides, padding", [((2, 2), (2, 2), "VALID"), ((3, 3), (2, 2), "SAME")]
)
def test_the_maximum_of_spikes_is_a_spike(window, strides, padding):
    pooled = nn.max_pool(spikes(), window, strides, padding)
    assert set(np.unique(pooled)) == {0, 1} and pooled.dtype == jnp.float32
    if padding == "VALID":
        either = spikes().astype(bool).reshape(3, 2, 3, 2, 2, 2, 5).any((3, 5))
        np.testing.assert_array_equal(pooled, either)


def test_the_average_of_spikes_is_none():
    """A layer after it receives quarters, which is not what neuromorphic hardware sends."""
    assert set(np.unique(nn.avg_pool(spikes(), WINDOW, WINDOW))) - {0, 1}


def test_the_gradient_of_a_maximum_reaches_one_value():
    gradient = jax.grad(lambda x: nn.max_pool(x, WINDOW, WINDOW).sum())(jnp.asarray(spikes()))
    np.testing.assert_array_equal(np.asarray(gradient).reshape(3, 2, 3, 2, 2, 2, 5).sum((3, 5)), 1)
