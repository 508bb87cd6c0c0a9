"""The derivative of a state by an earlier one, against finite differences, matrices on paper, and products of steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.analysis import jacobian
from spikejax.neurons.alif import ALIF
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF


def test_lif_decays():
    lif, silent = LIF(decay=0.9), jnp.zeros((20, 3))
    found = jacobian(lif.step, lif.init_state(silent[0]), silent)
    np.testing.assert_allclose(found, np.full((3, 1, 1), 0.9**20), rtol=1e-5)


@pytest.mark.parametrize("order", ["paper", "code"])
def test_tc_lif_of_arrays_of_couplings(order):
    """A silent run: neither reset acts, and both orders are powers of [[1, β1], [β2, 1 + β1 β2]]."""
    with jax.enable_x64(True):
        beta1, beta2 = np.array([-0.2, -0.8, -0.5]), np.array([0.8, 0.4, 0.5])
        neuron, silent = TCLIF.from_beta(beta1, beta2, order=order), jnp.zeros((50, 3))
        found = jacobian(neuron.step, neuron.init_state(silent[0]), silent)
        for i, (b1, b2) in enumerate(zip(beta1, beta2, strict=True)):
            expected = np.linalg.matrix_power(np.array([[1, b1], [b2, 1 + b1 * b2]]), 50)
            np.testing.assert_allclose(found[i], expected, rtol=1e-10)


def test_the_product_of_steps_includes_spikes():
    """With spikes, where the surrogate counts: the whole is the product of the single steps, the last one first."""
    with jax.enable_x64(True):
        neuron = TCLIF.from_beta(-0.5, 0.5)
        currents = jax.random.normal(jax.random.key(0), (12, 5)) + 0.5
        state, product, spikes = neuron.init_state(currents[0]), np.eye(2), 0
        first = state
        for current in currents:
            product = np.asarray(jacobian(neuron.step, state, current[None])) @ product
            state, fired = neuron.step(state, current)
            spikes += int(fired.sum())
        assert spikes > 5
        found = jacobian(neuron.step, first, currents)
        np.testing.assert_allclose(found, product, rtol=1e-9, atol=1e-12)


def test_rows_are_of_the_later_state():
    """Against a shift of one variable of the first state, far from the threshold."""
    with jax.enable_x64(True):
        neuron = TCLIF.from_beta(-0.3, 0.6, threshold=1e6)
        currents, shift = jnp.array([[0.1], [0.2], [0.05]]), 1e-6
        state = neuron.init_state(currents[0])
        found = np.asarray(jacobian(neuron.step, state, currents))[0]
        for column, name in enumerate(state._fields):
            after = [state._replace(**{name: getattr(state, name) + s}) for s in (-shift, shift)]
            for current in currents:
                after = [neuron.step(x, current)[0] for x in after]
            slope = [
                float((b - a)[0]) / (2 * shift)
                for a, b in zip(*map(jax.tree.leaves, after), strict=True)
            ]
            np.testing.assert_allclose(found[:, column], slope, rtol=1e-6, atol=1e-9)


def test_all_variables_in_the_order_of_the_state():
    neuron, currents = ALIF(tau_membrane=20.0, tau_adaptation=100.0), jnp.full((3, 2), -5000.0)
    state = neuron.init_state(currents[0])
    found = jacobian(neuron.step, state, currents)
    assert found.shape == (2, 4, 4)
    place = state._fields.index("adaptation")
    np.testing.assert_allclose(found[:, place, place], np.exp(-3 / 100.0), rtol=1e-5)


def test_a_state_without_floats_is_refused():
    with pytest.raises(ValueError, match="expected floating-point variables of one shape"):
        jacobian(lambda state, x: (state, x), jnp.arange(3), jnp.zeros((2, 3)))
