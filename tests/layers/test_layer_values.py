"""Layers with dynamics of their own against oracles in float64, and by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from layer_comparison import CASES, differences
from spikejax.layers import DHLIF, LAYERS, LTC

pytestmark = pytest.mark.usefixtures("float64")


def test_every_layer_has_an_oracle():
    assert {case.model for case in CASES.values()} == set(LAYERS)


@pytest.mark.parametrize("name", CASES)
def test_layer_equals_its_oracle(name):
    """Spikes, states and surrogate gradients, by the inputs, by every parameter and by the thresholds."""
    found = differences(CASES[name])
    assert found.keys() >= {"spikes", "membrane", "gradient_currents"}
    for what, difference in found.items():
        limit = 0 if what == "spikes" else 1e-8 if what.startswith("gradient") else 1e-10
        assert difference <= limit, (what, difference)


def test_two_branches_by_hand():
    """One neuron, an input on each branch: α = ½, β = ½ and ¾."""
    layer = DHLIF(features=1, branches=2, record=("branches", "membrane"))
    params = {
        "kernel": jnp.array([[8.0], [4.0]]),
        "bias": jnp.zeros((1, 2)),
        "membrane_logit": jnp.zeros(1),
        "branch_logit": jnp.log(jnp.array([[1.0, 3.0]])),
    }
    variables = {"params": params, "constants": {"branch": jnp.array([[0], [1]])}}
    x = jnp.array([[[1.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]])
    spikes, found = layer.apply(variables, x, mutable=["activity"])
    # C: 4, 2, 1 and 0, 1, ¾. U: 2; ½ · 2 + ½ · 3 − 1 = 1½; ½ · 1½ + ½ · 1¾ − 1 = ⅝.
    branches = [[4.0, 0.0], [2.0, 1.0], [1.0, 0.75]]
    np.testing.assert_allclose(found["activity"]["branches"][:, 0, 0], branches, rtol=1e-15)
    np.testing.assert_allclose(found["activity"]["membrane"].ravel(), [2, 1.5, 0.625], rtol=1e-15)
    assert spikes.ravel().tolist() == [1, 1, 0]


def test_a_liquid_time_constant_by_hand():
    """One neuron whose rate is σ(I): ½ without a current, and ¾ for one of log 3."""
    layer = LTC(baseline=0.5, strength=1.0, record=("membrane", "adaptation"))
    gate = {"membrane_kernel": jnp.array([[1.0], [0.0]]), "membrane_bias": jnp.zeros(1)}
    other = {"adaptation_kernel": jnp.zeros((2, 1)), "adaptation_bias": jnp.log(jnp.array([3.0]))}
    current = np.log(3.0)
    x = jnp.array([current, current, 0.0]).reshape(3, 1, 1)
    spikes, found = layer.apply({"params": {**gate, **other}}, x, mutable=["activity"])
    # A starts at ½: ⅜, θ = ⅞ and H = ¾ log 3 = 0.82; A = 9/32, θ = 25/32 and H = 15/16 log 3, a spike; A = 59/128.
    adaptation, membrane = [3 / 8, 9 / 32, 59 / 128], [0.75 * current, 0.0, 0.0]
    np.testing.assert_allclose(found["activity"]["adaptation"].ravel(), adaptation, rtol=1e-14)
    np.testing.assert_allclose(found["activity"]["membrane"].ravel(), membrane, rtol=1e-14)
    assert spikes.ravel().tolist() == [0, 1, 0]


@pytest.mark.parametrize("inputs, recurrent", [(7, False), (7, True), (1, False)])
def test_each_neuron_divides_its_inputs_equally(inputs, recurrent):
    layer = DHLIF(features=30, branches=4, recurrent=recurrent)
    x = jnp.zeros((1, 1, inputs))
    one, other = (layer.init(jax.random.key(seed), x)["constants"]["branch"] for seed in (0, 1))
    fan_in = inputs + 30 * recurrent
    counts = np.stack([(one == j).sum(0) for j in range(4)])
    assert one.shape == (fan_in, 30) and np.all(counts.sum(0) == fan_in)
    assert counts.max() <= -(-fan_in // 4)
    assert np.any(one != other) and np.any(one != one[:, :1])
