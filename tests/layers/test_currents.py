"""The derivative of a loss by the currents of neurons: that of weights follows from it, and so does that of spikes."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
from spikejax import MLP, Spiking
from spikejax.analysis import gradient_shares
from spikejax.dynamics import Time
from spikejax.layers import DelayedRecurrent, current_gradients
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF

X = jax.random.normal(jax.random.key(0), (9, 4, 3))


def network_of(neuron, recurrent=()):
    network = MLP((6, 5), 2, neuron, recurrent=recurrent)
    return network, network.init(jax.random.key(1), X)


@pytest.mark.parametrize("recurrent", [(), (0,)])
def test_the_gradient_of_the_weights_follows(recurrent):
    """∂L/∂w = Σ ∂L/∂I x over steps and samples, and that of the bias Σ ∂L/∂I."""
    network, variables = network_of(TCLIF(), recurrent)

    def loss(params, x):
        return (spikejax.run(network, {**variables, "params": params}, x)[0] ** 2).sum()

    found = current_gradients(loss, variables["params"], X)
    assert list(found) == ["neuron_0", "neuron_1"]
    expected = jax.grad(loss)(variables["params"], X)["linear_0"]
    by_hand = jnp.einsum("tbi,tbo->io", X, found["neuron_0"])
    np.testing.assert_allclose(by_hand, expected["kernel"], rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(
        found["neuron_0"].sum((0, 1)), expected["bias"], rtol=2e-4, atol=1e-5
    )
    assert all(np.abs(x).sum() > 0 for x in found.values())


def test_the_gradient_of_a_bias_of_delayed_feedback_follows():
    layer = DelayedRecurrent(TCLIF(), 3, 1.0)
    variables = layer.init(jax.random.key(1), X)

    def loss(params):
        return (layer.apply({**variables, "params": params}, X) ** 2).sum()

    (found,) = current_gradients(loss, variables["params"]).values()
    expected = jax.grad(loss)(variables["params"])["bias"]
    assert np.abs(expected).min() > 0
    np.testing.assert_allclose(found.sum((0, 1)), expected, rtol=2e-4, atol=1e-5)


def test_a_silent_lif_decays_towards_the_past():
    """One neuron, a loss of its last potential: the gradient of the current at t is decay^(T − 1 − t)."""
    layer = Spiking(LIF(decay=0.5, threshold=100.0))
    variables = layer.init(jax.random.key(0), jnp.ones((6, 1, 1)))

    def loss(x):
        _, found = layer.apply(variables, x, mutable=["state"])
        return found["state"]["neuron"].membrane.sum()

    (found,) = current_gradients(loss, jnp.ones((6, 1, 1))).values()
    np.testing.assert_allclose(found.ravel(), 0.5 ** np.arange(5, -1, -1), rtol=1e-6)
    values = gradient_shares({"a": found})
    assert values.shape == (6, 1) and values.sum() == pytest.approx(1)
    assert values[-1] / values[0] == pytest.approx(32)


def test_shares_of_nothing():
    with pytest.raises(ValueError, match="expected gradients of one layer at least, found none; g"):
        gradient_shares({})
    silent = {"a": np.zeros((2, 3, 1)), "b": np.zeros((2, 3, 4))}
    with pytest.raises(ValueError, match="not all zero, found zeros in a, b, .*; use inputs that"):
        gradient_shares(silent)
    silent["b"][0, 0, 0] = 1e-30
    assert gradient_shares(silent).sum() == 1


def test_layers_in_the_order_in_which_they_run():
    class Reversed(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = Spiking(LIF(), name="z")(x)
            return Spiking(LIF(), name="a")(x)

    network = Reversed()
    variables = network.init(jax.random.key(0), X)
    assert list(
        current_gradients(lambda x: network.apply(variables, x, mutable=["state"])[0].sum(), X)
    ) == ["z", "a"]


def test_what_cannot_be_is_refused():
    network, variables = network_of(LIF())

    def chunked(x):
        return spikejax.run(network, variables, x, time=Time(chunk=3))[0].sum()

    with pytest.raises(ValueError, match="without chunks"):
        current_gradients(chunked, X)
    with pytest.raises(ValueError, match="expected a network with layers of neurons"):
        current_gradients(lambda x: x.sum(), X)
