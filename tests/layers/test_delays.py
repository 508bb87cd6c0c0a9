"""Delays of synapses and axons against NumPy in float64 and the published kernel; chunks, streams, whole delays."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import spikejax
from spikejax.layers import AxonalDelay, DelayedLinear, Spiking, with_whole_delays
from spikejax.networks.core import pure
from spikejax.neurons.lif import LIF
from spikejax.training.schedules import Ramp
from spikejax.training.state import Trainer, with_schedules

STEPS, BATCH, INPUTS, OUTPUTS, LONGEST, SIGMA = 9, 2, 3, 4, 5, 0.8
draw = np.random.default_rng(0)
X = draw.normal(size=(STEPS, BATCH, INPUTS))
W, B = draw.normal(size=(INPUTS, OUTPUTS)), draw.normal(size=OUTPUTS)
D = draw.uniform(0, LONGEST, (INPUTS, OUTPUTS))
G = draw.normal(size=(STEPS, BATCH, OUTPUTS))  # the derivative of a loss by the currents


def kappa(d, sigma):
    """Weights of delays 0 … LONGEST, and their derivative by d, by the rule for a quotient."""
    k = np.arange(LONGEST + 1)
    bell = np.exp(-0.5 * ((k - d) / sigma) ** 2)
    slope = bell * (k - d) / sigma**2
    return bell / bell.sum(), slope / bell.sum() - bell * slope.sum() / bell.sum() ** 2


def arriving(x, weights):
    """One train of inputs [T, B], each delayed by k = 0, 1, … with these weights."""
    found = np.zeros_like(x)
    for t in range(STEPS):
        for k, weight in enumerate(weights):
            if k <= t:
                found[t] += weight * x[t - k]
    return found


def loss(layer, sigma, variables, x, weights):
    given = {"params": variables, "constants": {"delay_width": jnp.asarray(sigma)}}
    currents = layer.apply(given, x)
    return (weights * currents).sum(), currents


@pytest.mark.usefixtures("float64")
def test_synaptic_delays_equal_numpy():
    expected, by_w, by_d = np.broadcast_to(B, G.shape).copy(), np.zeros_like(W), np.zeros_like(D)
    for i in range(INPUTS):
        for j in range(OUTPUTS):
            weights, slopes = kappa(D[i, j], SIGMA)
            expected[..., j] += W[i, j] * arriving(X[..., i], weights)
            by_w[i, j] = (G[..., j] * arriving(X[..., i], weights)).sum()
            by_d[i, j] = W[i, j] * (G[..., j] * arriving(X[..., i], slopes)).sum()
    layer = DelayedLinear(OUTPUTS, LONGEST)
    variables = {
        "kernel": jnp.asarray(W),
        "bias": jnp.asarray(B),
        "delay": jnp.asarray(D / LONGEST),
    }
    slopes, currents = jax.grad(loss, 2, has_aux=True)(layer, SIGMA, variables, X, G)
    np.testing.assert_allclose(currents, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(slopes["kernel"], by_w, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(slopes["bias"], G.sum((0, 1)), rtol=1e-12)
    np.testing.assert_allclose(slopes["delay"], LONGEST * by_d, rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_axonal_delays_equal_numpy():
    expected, by_d, weights = np.zeros_like(X), np.zeros(INPUTS), G[..., :INPUTS]
    for i in range(INPUTS):
        values, slopes = kappa(D[i, 0], SIGMA)
        expected[..., i] = arriving(X[..., i], values)
        by_d[i] = (weights[..., i] * arriving(X[..., i], slopes)).sum()
    variables = {"delay": jnp.asarray(D[:, 0] / LONGEST)}
    slopes, found = jax.grad(loss, 2, has_aux=True)(
        AxonalDelay(LONGEST), SIGMA, variables, X, weights
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(slopes["delay"], LONGEST * by_d, rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_it_is_the_published_kernel():
    """DCLS with Gaussians: positions from the oldest step on, a convolution of inputs with zeros before them."""
    size = LONGEST + 1
    position = LONGEST - D
    n = np.arange(size).reshape(-1, 1, 1)
    bell = np.exp(-0.5 * ((n - position) / SIGMA) ** 2)
    kernel = W * bell / (bell.sum(0) + 1e-7)
    padded = np.concatenate([np.zeros((size - 1, BATCH, INPUTS)), X])
    expected = [np.einsum("nbi,nij->bj", padded[t : t + size], kernel) for t in range(STEPS)]
    variables = {"kernel": W, "bias": np.zeros(OUTPUTS), "delay": D / LONGEST}
    _, found = loss(DelayedLinear(OUTPUTS, LONGEST), SIGMA, variables, X, G)
    np.testing.assert_allclose(found, expected, rtol=3e-7, atol=3e-7)


def network():
    layers = (
        DelayedLinear(6, LONGEST, gain=4.0),
        Spiking(LIF()),
        AxonalDelay(3),
        DelayedLinear(2, 4),
    )
    return nn.Sequential(layers)


def test_any_chunk_and_pieces_give_the_same():
    x = jnp.asarray(draw.uniform(0, 3, (14, BATCH, INPUTS)), jnp.float32)
    variables = network().init(jax.random.key(0), x)
    whole, last = spikejax.run(network(), variables, x)
    silent, _ = spikejax.run(network(), variables, 0 * x)
    assert not np.allclose(whole, silent)
    for chunk in (1, 5):
        found, after = spikejax.run(network(), variables, x, time=spikejax.Time(chunk=chunk))
        np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-5)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), after, last)
    first, carry = spikejax.run(network(), variables, x[:2])  # shorter than the delays
    rest, _ = spikejax.run(network(), variables, x[2:], carry)
    np.testing.assert_allclose(jnp.concatenate([first, rest]), whole, rtol=1e-5, atol=1e-5)


def test_whole_delays_are_shifts():
    layer, x = AxonalDelay(LONGEST), jnp.asarray(X, jnp.float32)
    delays = np.array([0.4, 2.6, 5.0])
    variables = {
        "params": {"delay": delays / LONGEST},
        "constants": {"delay_width": jnp.array(2.0)},
    }
    found = layer.apply(with_whole_delays(variables), x)
    for i, shift in enumerate((0, 3, 5)):
        np.testing.assert_array_equal(found[shift:, :, i], x[: STEPS - shift, :, i])
        assert not found[:shift, :, i].any()
    assert not np.allclose(layer.apply(variables, x), found)


def test_delays_start_anywhere_are_held_and_their_width_is_scheduled():
    layer, x = DelayedLinear(200, LONGEST, width=2.5), jnp.ones((1, 1, 50))
    variables = layer.init(jax.random.key(0), x)
    delays = variables["params"]["delay"]
    assert 0 <= delays.min() < 0.01 and 0.99 < delays.max() <= 1 and abs(delays.mean() - 0.5) < 0.01
    narrowing = Ramp(name="delay_width", start=2.5, end=0.5, epochs=2, shape="exponential")
    trainer = Trainer(
        lambda *_: None, optax.sgd(1.0), scheduled={narrowing.name: narrowing.rule(10, 8)}
    )
    for step, expected in ((0, 2.5), (10, 1.25**0.5), (20, 0.5), (70, 0.5)):
        constants = with_schedules(trainer, variables["constants"], jnp.int32(step))
        np.testing.assert_allclose(constants["delay_width"], expected, rtol=1e-6)
    declared = layer.apply(variables, x, mutable=["declared"])[1]["declared"]
    assert (declared["delay"].low, declared["delay"].high) == (0, 1)
    # Which is why the plan of a CPU runs it without chunks.
    assert pure.inspect_module(layer, variables, x).convolves


@pytest.mark.parametrize("longest", [0, 2.0, True])
def test_what_is_refused(longest):
    for layer in (DelayedLinear(2, longest), AxonalDelay(longest)):
        with pytest.raises(ValueError, match="longest, a whole number of steps"):
            layer.init(jax.random.key(0), jnp.ones((3, 1, 2)))
    with pytest.raises(ValueError, match=r"inputs \[T, B, F\] of DelayedLinear"):
        DelayedLinear(2, 3).init(jax.random.key(0), jnp.ones((3, 2)))
    for width in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="width, a number of steps of at least 0"):
            AxonalDelay(3, width).init(jax.random.key(0), jnp.ones((3, 1, 2)))
    with pytest.raises(ValueError, match="a delay_width, found none"):
        with_whole_delays({"constants": {"decay": jnp.ones(())}})
