"""A delay that training has moved beyond its bounds acts as the nearest one, and its gradient brings it back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.wrappers.delayed import Delayed

LONGEST = 6
CURRENTS = jnp.asarray(np.cumsum(np.random.default_rng(3).normal(size=(60, 4, 1)), 0))


def output(delay, width=1.0):
    # As in training: a traced delay is not checked.
    neuron = Delayed(neuron=LeakyIntegrator(decay=0.0), delay=delay, width=width, longest=LONGEST)
    return neuron.sequence(neuron.init_state(CURRENTS[0]), CURRENTS)[1]


@jax.jit
@jax.value_and_grad
def loss(delay):
    return jnp.mean((output(delay, 2.5) - jax.lax.stop_gradient(output(3.0))) ** 2)


@pytest.mark.parametrize("start", [-2.7, 0.0, float(LONGEST), 9.5])
def test_it_returns(start):
    delay = start
    for _ in range(300):
        delay -= 0.2 * loss(delay)[1]
    np.testing.assert_allclose(delay, 3.0, atol=0.3)


@pytest.mark.parametrize("border, beyond, inside", [(0.0, -2.7, 1e-3), (6.0, 9.5, 5.999)])
def test_its_gradient_is_that_beside_the_border(border, beyond, inside):
    values, slopes = zip(*map(loss, (border, beyond, inside)), strict=True)
    assert values[0] == values[1]
    assert slopes[0] == slopes[1] != 0
    # At a whole delay the window has a kink: one of its weights counts from one side only.
    assert np.sign(slopes[0]) == np.sign(slopes[2])


@pytest.mark.parametrize("width", [0.0, 0.4, -1.0])
def test_a_width_below_1_acts_as_1(width):
    found = jax.jit(lambda width: output(1.25, width))(width)
    np.testing.assert_allclose(found, output(1.25, 1.0), rtol=1e-6)
