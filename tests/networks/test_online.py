"""Gradients by eligibility traces: of one layer those of backpropagation; memory, pieces, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
from fast_compilation import fast_jit
from spikejax import MLP
from spikejax.dynamics import Feedback, feedback, unroll
from spikejax.networks import LSTM
from spikejax.networks.core.online import online_gradients
from spikejax.neurons import NEURONS
from spikejax.neurons.core.parameters import named_parameters
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF
from spikejax.neurons.psn import PSN
from spikejax.neurons.wrappers.delayed import Delayed
from spikejax.neurons.wrappers.refractory import Refractory

KEY = jax.random.key(0)
BATCH, INPUTS, FEATURES, CLASSES = 3, 4, 5, 2
RNGS = {"noise": KEY}
FAST = ("ce_lif", "leaky_integrator", "lif", "stochastic_lif", "tc_lif")
# Steps that these need before a current reaches the surrogate.
STEPS = {"adex": 60, "pinsky_rinzel": 200}


def loss(outputs, labels, step):
    return jnp.square(outputs - labels).sum() * (1 + step)


def backpropagated(network, variables, x, labels):
    """Σ_t ℓ[t] and its gradient through time."""

    def total(params):
        outputs, _ = spikejax.run(network, {**variables, "params": params}, x, rngs=RNGS)
        return jax.vmap(loss, (0, None, 0))(outputs, labels, jnp.arange(len(x))).sum()

    return fast_jit(jax.value_and_grad(total))(variables["params"])


def forward(network, variables, x, labels, carry=None):
    def found(variables, x, carry):
        return online_gradients(network, variables, x, labels, loss, carry, rngs=RNGS)

    return fast_jit(found)(variables, x, carry)


def made(network, steps, drive=1.0):
    """Variables, inputs and labels, in double precision."""
    x = drive * (1.0 + jax.random.normal(KEY, (steps, BATCH, INPUTS)))
    variables = network.init({"params": jax.random.key(1), **RNGS}, x)
    variables = jax.tree.map(lambda a: a.astype(x.dtype), variables)
    return variables, x, jax.random.normal(jax.random.key(2), (BATCH, CLASSES))


def check_equal(found, expected, tolerance=1e-10):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        scale = max(np.abs(b).max(), 1e-3)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def check_one_layer(neuron, steps):
    network = MLP((FEATURES,), CLASSES, neuron, tuple(named_parameters(neuron)), gain=4.0)
    variables, x, labels = made(network, steps, neuron.drive)
    total, gradients, _ = forward(network, variables, x, labels)
    expected, slopes = backpropagated(network, variables, x, labels)
    np.testing.assert_allclose(total, expected, rtol=1e-12)
    check_equal(gradients, slopes)
    assert np.abs(slopes["linear_0"]["kernel"]).max() > 1e-6
    assert set(slopes["neuron_0"]) == set(named_parameters(neuron))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in FAST else pytest.mark.slow)
        for name, model in NEURONS.items()
        if model.streams
    ],
)
def test_one_layer_is_backpropagation_through_time(name, float64):
    """Of any neuron, all of its parameters learned."""
    steps = STEPS.get(name, 12)
    check_one_layer(NEURONS[name]().for_steps(steps), steps)


@pytest.mark.parametrize("neuron", [Delayed(neuron=LIF(), longest=3), Refractory(neuron=LIF())])
def test_a_neuron_in_a_wrapper(neuron, float64):
    check_one_layer(neuron, 12)


@pytest.mark.parametrize("name", ["alif", "lif", "tc_lif"])
def test_recurrence_is_backpropagation_without_the_way_through_other_neurons(name, float64):
    """Of spikes that are fed back no gradient is taken, but of the weights that they pass."""
    neuron = NEURONS[name]()
    network = MLP((FEATURES,), CLASSES, neuron, (), recurrent=(0,), gain=3.0)
    variables, x, labels = made(network, 12, neuron.drive)
    total, gradients, _ = forward(network, variables, x, labels)
    values = variables["constants"]["neuron_0"]
    neuron = type(neuron)(**{n: v for n, v in values.items() if not n.startswith("surrogate")})

    def detached(params):
        def affine(weights, x):
            return x @ weights["kernel"] + weights["bias"]

        def synapse(spikes):
            return affine(params["neuron_0"], jax.lax.stop_gradient(spikes))

        currents = affine(params["linear_0"], x)
        state = Feedback(neuron.init_state(currents[0]), jnp.zeros_like(currents[0]))
        spikes = unroll(feedback(neuron.step, synapse), state, currents)[1]
        outputs = affine(params["readout"], spikes)
        return jax.vmap(loss, (0, None, 0))(outputs, labels, jnp.arange(len(x))).sum()

    expected, slopes = fast_jit(jax.value_and_grad(detached))(variables["params"])
    np.testing.assert_allclose(total, expected, rtol=1e-12)
    check_equal(gradients, slopes)
    full = backpropagated(network, variables, x, labels)[1]["neuron_0"]["kernel"]
    assert np.abs(full - slopes["neuron_0"]["kernel"]).max() > 1e-3


def test_pieces_are_the_whole(float64):
    network = MLP((FEATURES, 4), CLASSES, LIF(), ("decay",), recurrent=(1,), gain=3.0)
    variables, x, labels = made(network, 11)
    total, gradients, carry = forward(network, variables, x, labels)
    first, by_first, between = forward(network, variables, x[:4], labels)
    rest, by_rest, after = forward(network, variables, x[4:], labels, between)
    np.testing.assert_allclose(first + rest, total, rtol=1e-12)
    check_equal(jax.tree.map(jnp.add, by_first, by_rest), gradients, 1e-12)
    check_equal(after, carry, 1e-12)
    assert carry.step == 11


def test_memory_does_not_depend_on_the_number_of_steps():
    network = MLP((16, 16), CLASSES, LIF(), ("decay",), recurrent=(0,))
    variables = jax.eval_shape(network.init, KEY, jnp.zeros((1, BATCH, INPUTS)))
    labels = jnp.zeros((BATCH, CLASSES))

    def online(variables, x):
        return online_gradients(network, variables, x, labels, loss)[:2]

    def through_time(variables, x):
        def total(params):
            outputs, _ = spikejax.run(network, {**variables, "params": params}, x)
            return jax.vmap(loss, (0, None, None))(outputs, labels, 0).sum()

        return jax.value_and_grad(total)(variables["params"])

    def temporary(function, steps):
        x = jax.ShapeDtypeStruct((steps, BATCH, INPUTS), jnp.float32)
        compiled = fast_jit(function).lower(variables, x).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert temporary(online, 100) == temporary(online, 1600)
    assert temporary(through_time, 1600) > 10 * temporary(through_time, 100)
    assert temporary(online, 1600) < temporary(through_time, 1600) / 2


@pytest.mark.parametrize(
    ("network", "shape", "words"),
    [
        (LSTM(4, CLASSES), (5, 3, 4), "expected an MLP, found LSTM"),
        (MLP((4,), CLASSES, PSN(steps=5)), (5, 3, 4), "PSN needs the whole sequence at once"),
        (MLP((4,), CLASSES, LIF(), dropout=0.5), (5, 3, 4), "without dropout, found dropout=0.5"),
        (MLP((4,), CLASSES, LIF()), (5, 4), r"expected inputs \[T, B, F\], found shape \(5, 4\)"),
        (MLP((4,), CLASSES, LIF()), (0, 3, 4), "one T of at least 1"),
    ],
)
def test_what_it_cannot_do_is_refused(network, shape, words):
    with pytest.raises(ValueError, match=words):
        online_gradients(network, {}, jnp.ones(shape), None, loss)


def test_a_loss_that_is_no_scalar_is_refused():
    network, x = MLP((FEATURES,), CLASSES, LeakyIntegrator()), jnp.ones((5, BATCH, INPUTS))
    variables = jax.eval_shape(network.init, KEY, x)

    def found(variables):
        return online_gradients(network, variables, x, None, lambda outputs, *_: outputs)

    with pytest.raises(ValueError, match="as a scalar, found shape"):
        jax.eval_shape(found, variables)
