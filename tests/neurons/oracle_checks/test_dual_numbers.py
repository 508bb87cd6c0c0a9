"""The dual numbers of the oracles: arithmetic against central differences, and functions at their corners."""

import numpy as np
import pytest

import oracles
from oracle_inputs import TRIANGLE
from oracles import Dual

EXPRESSIONS = {
    "add": lambda x, y: x + y + 2.0 + np.float64(1.5) + x,
    "subtract": lambda x, y: x - y - 2.0 * x + (1.0 - y),
    "multiply": lambda x, y: np.arange(3.0) * x * y * 3.0,
    "divide": lambda x, y: x / y + 2.0 / x + y / 4.0,
    "negate": lambda x, y: -x * y,
    "sigmoid": lambda x, y: oracles.sigmoid(x * y),
    "tanh": lambda x, y: oracles.tanh(x - y),
    "power": lambda x, y: x**3 - (x * y) ** 2,
    "exp": lambda x, y: oracles.exp(-x / y),
    "log": lambda x, y: oracles.log(x * x + y * y),
    "root": lambda x, y: oracles.square_root(1.0 + (x * y) ** 2) / y,
    "turn": lambda x, y: oracles.cos(x * y) - 2.0 * oracles.sin(x + y),
    "extremes": lambda x, y: oracles.maximum(x, y) - 3.0 * oracles.minimum(x * y, 0.1),
    "shapes": lambda x, y: x[1] * y - y[2] / x + x[0],
    "relu": lambda x, y: oracles.relu(x * y) - 2.0 * oracles.relu(-(x * y)),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_dual_arithmetic(name):
    f = EXPRESSIONS[name]
    x, y, step = np.array([0.3, -1.2, 2.5]), np.array([-0.7, 0.4, 1.1]), 1e-6
    along_x, along_y = np.ones((2, 3)) * [[1], [0]], np.ones((2, 3)) * [[0], [1]]
    result = f(Dual(x, along_x), Dual(y, along_y))
    np.testing.assert_allclose(result.value, f(x, y), rtol=1e-15)
    by_x = (f(x + step, y) - f(x - step, y)) / (2 * step)
    by_y = (f(x, y + step) - f(x, y - step)) / (2 * step)
    np.testing.assert_allclose(result.tangent, [by_x, by_y], rtol=1e-7, atol=1e-8)


def test_functions_at_their_corners():
    x = Dual([-1.0, 0.0, 1.0], np.ones((1, 3)))
    np.testing.assert_array_equal(oracles.relu(x).tangent, [[0, 0, 1]])
    np.testing.assert_array_equal(oracles.fire(x, TRIANGLE).value, [0, 1, 1])
    np.testing.assert_array_equal(oracles.fire(x, TRIANGLE, strict=True).value, [0, 0, 1])
    np.testing.assert_array_equal(oracles.fire(x, TRIANGLE).tangent, [[0, 1, 0]])
    x = Dual([-0.1, 0.0, 1.5, 2.5, 3.0, 9.0], np.ones((1, 6)))
    np.testing.assert_array_equal(oracles.count(x, 3).value, [0, 0, 2, 2, 3, 3])
    np.testing.assert_array_equal(oracles.count(x, 3).tangent, [[0, 1, 1, 1, 1, 0]])
    np.testing.assert_array_equal(oracles.sigmoid([-2000.0, 0.0, 2000.0]), [0, 0.5, 1])


@pytest.mark.parametrize("along", [(1, 0), (0, 1), (1, 1)])
def test_a_product_of_matrices(along):
    """Along a direction of the left factor, of the right one, and of both."""
    draw, step = np.random.default_rng(0), 1e-6
    sizes = ((2, 3), (3, 4))
    values = [draw.normal(size=size) for size in sizes]
    ways = [on * draw.normal(size=size) for on, size in zip(along, sizes, strict=True)]
    duals = [Dual(v, w[None]) if w.any() else v for v, w in zip(values, ways, strict=True)]
    result = oracles.product(*duals)
    ahead, behind = (
        oracles.product(*(v + sign * step * w for v, w in zip(values, ways, strict=True)))
        for sign in (1, -1)
    )
    np.testing.assert_allclose(result.value, values[0] @ values[1], rtol=1e-15)
    np.testing.assert_allclose(result.tangent, [(ahead - behind) / (2 * step)], rtol=1e-7)
