"""Adaptive average pooling against its definition, window by window."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.networks.core.adaptive_pooling import adaptive_average_pool


@pytest.mark.parametrize("rows, columns, size", [(4, 4, 7), (2, 3, 7), (10, 7, 4), (6, 6, 3)])
def test_each_value_is_the_mean_of_its_window(rows, columns, size, float64):
    x = np.random.default_rng(0).normal(size=(2, 1, rows, columns, 3))
    found = adaptive_average_pool(jnp.asarray(x), size)
    assert found.shape == (2, 1, size, size, 3)

    def window(i, length):
        return slice(math.floor(i * length / size), math.ceil((i + 1) * length / size))

    for i in range(size):
        for j in range(size):
            expected = x[:, :, window(i, rows), window(j, columns)].mean((2, 3))
            np.testing.assert_allclose(found[:, :, i, j], expected, rtol=1e-12)


def test_four_positions_spread_over_seven():
    """The windows that PyTorch's AdaptiveAvgPool2d(7) has for four positions: 0, 0-1, 1, 1-2, 2, 2-3, 3."""
    line = jnp.asarray([0.0, 2.0, 4.0, 6.0])
    found = adaptive_average_pool(jnp.broadcast_to(line[:, None, None], (4, 4, 1)), 7)
    np.testing.assert_array_equal(found[:, 0, 0], [0, 1, 2, 3, 4, 5, 6])


def test_as_many_windows_as_positions_change_nothing():
    x = jnp.arange(49.0).reshape(7, 7, 1)
    np.testing.assert_array_equal(adaptive_average_pool(x, 7), x)
