"""Delays of recurrent connections against NumPy in float64, on dual numbers; chunks, whole delays, learning."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import oracles
import spikejax
from fast_compilation import fast_jit
from oracles.trace import Spike
from spikejax.layers import DelayedRecurrent, Linear, Recurrent, with_whole_delays
from spikejax.neurons import NEURONS
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.neurons.wrappers.delayed import Delayed
from spikejax.surrogate import Triangle
from spikejax.training.schedules import Ramp

KEY, STEPS, BATCH, FEATURES, LONGEST = jax.random.key(0), 14, 2, 3, 5
PER = pytest.mark.parametrize("per", ["axon", "synapse"])
X = np.random.default_rng(0).normal(0.3, 0.8, (STEPS, BATCH, FEATURES))
COMPARED = {
    "lif": (LIF(surrogate=Triangle(1.5)), ("decay", "threshold"), {}),
    "tc_lif": (TCLIF(surrogate=Triangle(1.5)), ("c1", "c2"), {"gamma": 0.5, "order": "code"}),
}


def arriving(spikes, delay, sigma):
    """What leaves at one step, by the step at which it arrives: a triangle around 1 + d, its area 1."""
    for tau in range(1, LONGEST + 2):
        apart = tau - (1.0 + delay)
        apart = oracles.maximum(apart, -apart)
        yield tau, spikes * oracles.maximum(1.0 + sigma - apart, 0.0) / (1.0 + sigma) ** 2


def feed_back(currents, surrogate, *, neuron, kernel, bias, delay, sigma, **parameters):
    """The authors' algorithm: each spike is added to what its targets will receive at the steps to come."""
    due: list = [np.zeros((BATCH, FEATURES))] * (STEPS + LONGEST + 1)
    synaptic = oracles.lift(delay).value.ndim == 2

    def received():
        for t, x in enumerate(currents):
            yield x + due[t] + bias

    found = []
    steps = getattr(oracles, neuron).__wrapped__
    for t, step in enumerate(steps(received(), Spike(surrogate, False, False), **parameters)):
        s = step["spikes"]
        if synaptic:
            for tau, weights in arriving(kernel, delay, sigma):
                due[t + tau] = due[t + tau] + oracles.product(s, weights)
        else:
            for tau, sent in arriving(s, delay, sigma):
                due[t + tau] = due[t + tau] + oracles.product(sent, kernel)
        found.append(s)
    return {"spikes": oracles.stack(found)}


def variables_of(layer, x):
    """Weights and biases at which the feedback matters."""
    draw = np.random.default_rng(1)
    made = layer.init(KEY, x)
    params = {**made["params"]}
    params["kernel"] = jnp.asarray(draw.normal(0, 0.8, params["kernel"].shape))
    params["bias"] = jnp.asarray(draw.normal(0, 0.2, params["bias"].shape))
    return {**made, "params": params}


@PER
@pytest.mark.parametrize("sigma", [0.0625, 0.7, 3.1])
@pytest.mark.parametrize("name", COMPARED)
@pytest.mark.usefixtures("float64")
def test_spikes_and_gradients_equal_numpy(name, sigma, per):
    neuron, learned, options = COMPARED[name]
    layer = DelayedRecurrent(neuron, LONGEST, sigma, per, learn=learned)
    variables = variables_of(layer, X)
    weights = np.random.default_rng(2).normal(size=X.shape)

    def loss(params, x):
        spikes = layer.apply({**variables, "params": params}, x)
        return (weights * spikes).sum(), spikes

    slopes = fast_jit(jax.grad(loss, (0, 1), has_aux=True))
    (by_params, by_x), spikes = slopes(variables["params"], jnp.asarray(X))
    parameters = {key: np.asarray(value) for key, value in variables["params"].items()}
    parameters["delay"] = LONGEST * parameters["delay"]
    run = functools.partial(feed_back, neuron=name, sigma=sigma, **options)
    curve = functools.partial(oracles.SURROGATES["triangle"], width=1.5)
    expected = run(X, curve, **parameters)["spikes"]
    assert 0.1 < expected.mean() < 0.7
    np.testing.assert_array_equal(spikes, expected)
    wrt = ["currents", *parameters]
    theirs = oracles.gradient(run, X, curve, {"spikes": weights}, parameters, wrt)
    ours = {**by_params, "currents": by_x, "delay": by_params["delay"] / LONGEST}
    assert set(ours) == set(theirs)
    for key, slope in theirs.items():
        assert np.any(slope != 0), key
        np.testing.assert_allclose(ours[key], slope, rtol=1e-9, atol=1e-11, err_msg=key)


@PER
@pytest.mark.usefixtures("float64")
def test_the_gradient_of_delays_is_that_of_differences(per):
    """Of neurons without spikes, whose loss is smooth."""
    layer = DelayedRecurrent(LeakyIntegrator(decay=0.5), LONGEST, 1.3, per)
    variables = variables_of(layer, X)
    params = variables["params"]

    @jax.jit
    def loss(delay):
        given = {**variables, "params": {**params, "delay": delay}}
        return jnp.square(layer.apply(given, X)).sum()

    slope, delay = np.asarray(jax.grad(loss)(params["delay"])), np.asarray(params["delay"])
    for index in np.ndindex(delay.shape):
        step = np.zeros_like(delay)
        step[index] = 1e-6
        difference = (loss(delay + step) - loss(delay - step)) / 2e-6
        np.testing.assert_allclose(slope[index], difference, rtol=1e-5, atol=1e-6)


@PER
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_without_delays_it_is_recurrent(per, dtype):
    """Spikes and gradients, bit for bit where an axon has the delay."""
    x = jnp.asarray(X, dtype)
    plain, layer = Recurrent(TCLIF()), DelayedRecurrent(TCLIF(), LONGEST, 0.0, per)
    variables = variables_of(plain, x)
    delay = jnp.zeros((FEATURES,) * (1 if per == "axon" else 2))
    more = {"params": {"delay": delay}, "constants": {"delay_width": jnp.zeros(())}}
    both = {kind: {**variables[kind], **more[kind]} for kind in more}

    def found(module, given):
        def loss(params):
            spikes = module.apply({**given, "params": params}, x)
            return (spikes.astype(float) * X).sum(), spikes

        return jax.grad(loss, has_aux=True)(given["params"])

    (expected, spikes), (slopes, same) = found(plain, variables), found(layer, both)
    assert spikes.dtype == dtype and 0.1 < spikes.astype(float).mean() < 0.7
    np.testing.assert_array_equal(same, spikes)
    assert not slopes.pop("delay").any()
    tolerance = 0 if per == "axon" else 1e-5 if dtype == jnp.float32 else 3e-2
    for name, slope in expected.items():
        np.testing.assert_allclose(slopes[name], slope, rtol=tolerance, atol=tolerance)


@PER
def test_any_chunk_and_pieces_give_the_same(per):
    layers = [Linear(6, gain=3.0), DelayedRecurrent(LIF(), 4, 1.5, per, gain=3.0), Linear(2)]
    network, x = nn.Sequential(layers), jnp.asarray(X, jnp.float32)
    variables = network.init(KEY, x)
    whole, last = spikejax.run(network, variables, x)
    for chunk in (1, 5):
        found, after = spikejax.run(network, variables, x, time=spikejax.Time(chunk=chunk))
        np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-5)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), after, last)
    first, carry = spikejax.run(network, variables, x[:2])  # shorter than the delays
    rest, _ = spikejax.run(network, variables, x[2:], carry)
    np.testing.assert_allclose(jnp.concatenate([first, rest]), whole, rtol=1e-5, atol=1e-5)
    forgotten, _ = spikejax.run(network, variables, x[2:])
    assert not np.allclose(forgotten, rest)


def test_a_spike_returns_after_one_step_and_its_delay():
    """Three neurons that feed back to themselves alone, delays of 0.4, 2.6 and 5 steps, all hit at step 0."""
    layer = DelayedRecurrent(LIF(decay=0.0), LONGEST, 2.0)
    x = jnp.zeros((STEPS, 1, 3)).at[0].set(1.0)
    delays = {"kernel": jnp.eye(3), "bias": jnp.zeros(3), "delay": jnp.array([0.08, 0.52, 1.0])}
    variables = {**layer.init(KEY, x), "params": delays}
    spikes = layer.apply(with_whole_delays(variables), x)
    narrow = {**variables["constants"], "delay_width": 0.04}
    np.testing.assert_array_equal(layer.apply({**variables, "constants": narrow}, x), spikes)
    for i, period in enumerate((1, 4, 6)):
        np.testing.assert_array_equal(np.nonzero(spikes[:, 0, i])[0], np.arange(0, STEPS, period))
    assert layer.apply(variables, x).sum() == 3  # spread over several steps, none suffices


def test_learning_finds_the_delay():
    """One neuron is hit at step 2; another, half-way to its threshold at a later one, is to fire there."""
    layer = DelayedRecurrent(LIF(decay=0.2, surrogate=Triangle(2.0)), 12, learn=())
    width = Ramp(name="delay_width", start=6.0, end=0.1, shape="exponential").rule(1, 150)
    adam = optax.adam(0.02)

    @fast_jit
    def trained(meets, delay):
        x = jnp.zeros((20, 1, 2)).at[2, 0, 0].set(1.2).at[meets, 0, 1].set(0.5)
        made = layer.init(KEY, x)
        fixed = {"kernel": jnp.array([[0.0, 0.9], [0.0, 0.0]]), "bias": jnp.zeros(2)}

        def spikes(delay, width):
            constants = {**made["constants"], "delay_width": width}
            given = {"params": {**fixed, "delay": delay}, "constants": constants}
            return layer.apply(given, x)[meets, 0, 1]

        def update(carry, step):
            delay, state = carry
            slope = jax.grad(lambda own: -spikes(own, width(step)))(delay)
            change, state = adam.update(slope, state)
            return (jnp.clip(delay + change, 0, 1), state), None

        start = jnp.full(2, delay)
        (after, _), _ = jax.lax.scan(update, (start, adam.init(start)), jnp.arange(150))
        return 12 * after[0], spikes(start, 0.0), spikes(after, 0.0)

    for meets, start in ((6, 0.75), (12, 0.2)):
        delay, before, after = trained(meets, start)
        assert round(float(delay)) == meets - 3 and before == 0 and after == 1


def test_delays_and_variables_as_declared():
    layer, x = (
        DelayedRecurrent(LIF(), 7, 2.5, "synapse", record=("membrane",)),
        X.astype(np.float32),
    )
    wide = jnp.ones((1, 1, 100))
    delay = layer.init(KEY, wide)["params"]["delay"]
    assert delay.shape == (100, 100) and 0 <= delay.min() < 0.01 and 0.99 < delay.max() <= 1
    assert DelayedRecurrent(LIF(), 7).init(KEY, wide)["params"]["delay"].shape == (100,)
    variables = layer.init(KEY, x)
    assert variables["constants"]["delay_width"] == 2.5
    spikes, found = layer.apply(
        variables, jnp.asarray(x, jnp.bfloat16), mutable=["activity", "state", "declared"]
    )
    assert (found["declared"]["delay"].low, found["declared"]["delay"].high) == (0, 1)
    state = found["state"]["neuron"]
    np.testing.assert_array_equal(found["activity"]["membrane"][-1], state.neuron.membrane)
    np.testing.assert_array_equal(found["activity"]["spikes"], spikes)
    assert spikes.dtype == jnp.bfloat16 and state.arriving.dtype == jnp.float32
    assert state.arriving.shape == (8, BATCH, FEATURES)


@pytest.mark.parametrize("name", [name for name, model in NEURONS.items() if model().streams])
def test_any_neuron_that_streams(name):
    layer, x = DelayedRecurrent(NEURONS[name](), 3), jnp.asarray(X, jnp.float32)

    def run(key):
        keys = {"params": key, "noise": key}
        variables = layer.init(keys, x)
        return layer.apply(variables, x, rngs={"noise": key}, mutable=["state", "activity"])

    output, _ = jax.eval_shape(run, KEY)
    assert output.shape == x.shape and output.dtype == x.dtype


def test_what_is_refused():
    def made(given=X, longest=3, **options):
        module = DelayedRecurrent(options.pop("neuron", LIF()), longest, **options)
        jax.eval_shape(module.init, KEY, given)

    for longest in (0, 2.0, True):
        with pytest.raises(ValueError, match="longest, a whole number of steps from 1 on"):
            made(longest=longest)
    for options, message in (
        ({"width": -1.0}, "width, a number of steps of at least 0"),
        ({"per": "neuron"}, "per to be 'axon' or 'synapse', found 'neuron'"),
        ({"learn": ("reset",)}, "no parameter 'reset' to learn"),
        ({"record": "membrane"}, r"give record=\('membrane',\)"),
        ({"neuron": LIF}, r"DelayedRecurrent.neuron .* give an instance, LIF\(\)"),
        ({"neuron": Delayed(neuron=LIF())}, "Delayed has a parameter 'delay'"),
        ({"given": X[:, 0]}, r"\[T, B, \*F\], found shape \(14, 3\)"),
        ({"given": X.astype(int)}, "floating"),
    ):
        with pytest.raises(ValueError, match=message):
            made(**options)
