"""Eligibility traces of recurrent and deep networks against e-prop, written in NumPy from its paper.

Bellec et al. (2020), A solution to the learning dilemma for recurrent networks of spiking neurons: LIF and adaptive LIF
with a pseudo-derivative, whose reset carries no gradient. The learning signal of a layer below another one is that of
the layer above at the same step, times its pseudo-derivative and its weights.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax import MLP
from spikejax.fields import Leaf, param
from spikejax.networks.core.online import online_gradients
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.lif import LIF
from spikejax.surrogate import Scaled, Surrogate, Triangle, spike

ALPHA, RHO, BETA, HEIGHT = 0.8, 0.95, 0.4, 0.3
STEPS, BATCH, INPUTS, CLASSES = 15, 2, 3, 2


class AdaptiveState(NamedTuple):
    membrane: jax.Array
    adaptation: jax.Array
    spikes: jax.Array


@neuron(AdaptiveState)
class Adaptive(Neuron):
    """The adaptive LIF of that paper; a neuron of the reader's own."""

    strength: Leaf = param(default=BETA, doc="of the adaptation")
    surrogate: Surrogate = surrogate_field(default=Scaled(Triangle(), HEIGHT))

    def step(self, state, current):
        reset = jax.lax.stop_gradient(state.spikes)
        membrane = ALPHA * state.membrane + current - reset
        adaptation = RHO * state.adaptation + state.spikes
        spikes = spike(membrane - 1 - self.strength * adaptation, self.surrogate)
        return AdaptiveState(membrane, adaptation, spikes), spikes


class Layer:
    """One hidden layer of the paper; all arrays begin with the samples."""

    def __init__(self, weights, fed_back, beta):
        self.weights, self.fed_back, self.beta = weights, fed_back, beta
        inputs, features = weights["kernel"].shape
        self.v, self.a, self.z = np.zeros((3, BATCH, features))
        count = inputs + 1 + (features if fed_back else 0)
        self.filtered = np.zeros((BATCH, count))  # z bar, the presynaptic low-pass
        self.slow = np.zeros((BATCH, count, features))  # epsilon_a
        self.psi = np.zeros((BATCH, features))
        self.sum = np.zeros((count, features))

    def forward(self, x):
        before = [x, np.ones((BATCH, 1))]
        current = x @ self.weights["kernel"] + self.weights["bias"]
        if self.fed_back:
            current = current + self.z @ self.fed_back["kernel"] + self.fed_back["bias"]
            before.append(self.z)
        # epsilon_a[t+1] = psi[t] zbar[t-1] + (rho - psi[t] beta) epsilon_a[t]
        psi = self.psi[:, None]
        self.slow = psi * self.filtered[..., None] + (RHO - psi * self.beta) * self.slow
        self.filtered = ALPHA * self.filtered + np.concatenate(before, 1)
        self.v = ALPHA * self.v + current - self.z
        self.a = RHO * self.a + self.z
        distance = self.v - (1 + self.beta * self.a)
        self.psi = HEIGHT * np.maximum(0, 1 - np.abs(distance))
        self.z = (distance >= 0).astype(float)
        return self.z

    def learn(self, signal):
        """Adds L e, e[t] = psi[t] (zbar[t-1] - beta epsilon_a[t]); returns the signal of the layer below."""
        e = self.psi[:, None] * (self.filtered[..., None] - self.beta * self.slow)
        self.sum += np.einsum("bj,bij->ij", signal, e)
        return (signal * self.psi) @ self.weights["kernel"].T

    def gradients(self):
        inputs = len(self.weights["kernel"])
        found = [{"kernel": self.sum[:inputs], "bias": self.sum[inputs]}]
        if self.fed_back:
            found.append({"kernel": self.sum[inputs + 1 :], "bias": self.sum[inputs]})
        return found


def eprop(params, x, labels, beta, recurrent):
    """The gradients of Σ_t |y[t] − labels|² / 2, and the fraction of steps with a spike in each layer."""
    count = sum(name.startswith("linear") for name in params)
    layers = [
        Layer(params[f"linear_{i}"], params[f"neuron_{i}"] if i in recurrent else None, beta)
        for i in range(count)
    ]
    readout = {"kernel": np.zeros_like(params["readout"]["kernel"]), "bias": np.zeros(CLASSES)}
    rates = np.zeros(count)
    for now in x:
        for i, layer in enumerate(layers):
            now = layer.forward(now)
            rates[i] += now.mean() / len(x)
        error = now @ params["readout"]["kernel"] + params["readout"]["bias"] - labels
        readout["kernel"] += now.T @ error
        readout["bias"] += error.sum(0)
        signal = error @ params["readout"]["kernel"].T
        for layer in reversed(layers):
            signal = layer.learn(signal)
    found = {"readout": readout}
    for i, layer in enumerate(layers):
        found |= dict(zip((f"linear_{i}", f"neuron_{i}"), layer.gradients(), strict=False))
    return found, rates


CURVE = Scaled(Triangle(), HEIGHT)
NEURONS = {
    "lif": (LIF(decay=ALPHA, reset_timing="next", detach_reset=True, surrogate=CURVE), 0.0),
    "alif": (Adaptive(), BETA),
}


@pytest.mark.parametrize(("hidden", "recurrent"), [((5,), (0,)), ((5, 4), ()), ((5, 4, 3), (0, 1))])
@pytest.mark.parametrize("name", NEURONS)
def test_recurrent_and_deep_networks_are_those_of_e_prop(name, hidden, recurrent, float64):
    model, beta = NEURONS[name]
    network = MLP(hidden, CLASSES, model, (), recurrent, gain=3.0)
    draw = np.random.default_rng(0)
    x = draw.normal(0.7, 1, (STEPS, BATCH, INPUTS))
    labels = draw.normal(size=(BATCH, CLASSES))
    variables = network.init(jax.random.key(1), x)
    variables = jax.tree.map(lambda a: a.astype(x.dtype), variables)

    def loss(outputs, labels, step):
        return jnp.square(outputs - labels).sum() / 2

    @fast_jit
    def online(variables):
        return online_gradients(network, variables, x, labels, loss)[1]

    params = jax.tree.map(np.asarray, variables["params"])
    expected, rates = eprop(params, x, labels, beta, recurrent)
    assert np.all(rates > 0.05) and np.all(rates < 0.8)
    found = online(variables)
    assert jax.tree.structure(found) == jax.tree.structure(params)
    for layer, values in found.items():
        for part, value in values.items():
            np.testing.assert_allclose(value, expected[layer][part], rtol=1e-10, atol=1e-12)
            assert np.abs(value).max() > 1e-3, (layer, part)
