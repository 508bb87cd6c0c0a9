"""Every neuron as a Flax layer gives the spikes that its step gives, whole, streamed and transformed."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import (
    BATCH,
    FEATURES,
    KEY,
    SAMPLED,
    STEPS,
    assert_close,
    assert_equal,
    compiled,
    every_layer,
    fast_jit,
    first_number,
    make_currents,
    make_variables,
    plain_run,
    sampled_neuron,
    started,
)
from spikejax.dynamics.layer import Feedback
from spikejax.fields import fields_of, param
from spikejax.layers import Recurrent, Spiking
from spikejax.neurons import NEURONS
from spikejax.neurons.core.contract import neuron
from spikejax.neurons.lif import LIF, LIFState


@every_layer
@sampled_neuron
def test_equals_the_plain_run(name, layer, float64):
    model, currents = NEURONS[name](), make_currents(np.float64)
    module = layer(model, learn=())
    variables = make_variables(module, currents)
    spikes, state = compiled(module)(variables, currents)
    assert spikes.shape == currents.shape and spikes.dtype == currents.dtype
    params = variables.get("params", {})
    synapse = (params["kernel"], params["bias"]) if layer is Recurrent else None
    expected_state, expected = fast_jit(plain_run)(model, currents, synapse)
    if model.spiking:
        assert 0.05 < spikes.mean() < 0.95
        np.testing.assert_array_equal(spikes, expected)
    assert_close((spikes, state), (expected, expected_state), rtol=1e-12, atol=1e-12)


@every_layer
@sampled_neuron
def test_setting_a_constant_does_not_retrace(name, layer, float64):
    model, currents = NEURONS[name](), make_currents(np.float64)
    module = layer(model, learn=())
    variables, apply = make_variables(module, currents), compiled(module)
    before = apply(variables, currents)
    traces = apply._cache_size()
    for number in fields_of(model):
        constants = dict(variables["constants"])
        constants[number] = 0.7 * constants[number] + 0.1
        after = apply({**variables, "constants": constants}, currents)
        changed = jax.tree.map(lambda a, b: bool(np.any(a != b)), before, after)
        assert any(jax.tree.leaves(changed)), f"{number} has no effect"
    assert apply._cache_size() == traces


@every_layer
@sampled_neuron
def test_streaming_equals_one_run(name, layer, float64):
    model, currents = NEURONS[name](), make_currents(np.float64)
    module = layer(model, learn=())
    variables, apply = make_variables(module, currents), compiled(module)
    whole, last = apply(variables, currents)
    state = started(module, variables, currents[:1])
    expected = model.init_state(currents[0])
    if layer is Recurrent:
        expected = Feedback(expected, np.zeros((BATCH, FEATURES)))
    assert_equal(state, expected)
    pieces = []
    for piece in np.split(currents, 3):
        spikes, state = apply(variables, piece, state)
        pieces.append(spikes)
    if model.spiking:
        np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert_close((np.concatenate(pieces), state), (whole, last), rtol=1e-12, atol=1e-12)


@neuron(LIFState)
class Charged:
    """A LIF that starts at its own level."""

    level: float = param(default=0.9, doc="membrane at the start")

    def init_state(self, current):
        return LIFState(jnp.zeros_like(current) + self.level)

    def step(self, state, current):
        return LIF().step(state, current)


@every_layer
def test_a_start_other_than_zero(layer):
    """The level is a parameter of the layer like any other."""
    currents = make_currents()
    module = layer(Charged())
    variables, apply = make_variables(module, currents), compiled(module)
    first_spikes = {}
    for level in (0.0, 0.9):
        variables["constants"]["level"] = jnp.float32(level)
        state = started(module, variables, currents)
        membrane = state.neuron.membrane if layer is Recurrent else state.membrane
        np.testing.assert_array_equal(membrane, np.full((BATCH, FEATURES), level, np.float32))
        first_spikes[level] = apply(variables, currents)[0][0].sum()
    assert first_spikes[0.9] > first_spikes[0.0]


@every_layer
@sampled_neuron
def test_bfloat16(name, layer):
    """Spikes have the currents' dtype; the neuron's state and its variables are float32."""
    module = layer(NEURONS[name](), learn=(first_number(name),))
    variables = make_variables(module, make_currents())
    assert variables["params"][first_number(name)].dtype == jnp.float32
    spikes, state = jax.eval_shape(compiled(module), variables, make_currents(jnp.bfloat16))
    assert spikes.dtype == jnp.bfloat16
    inner = state.neuron if isinstance(state, Feedback) else state
    assert {leaf.dtype for leaf in jax.tree.leaves(inner)} == {jnp.dtype("float32")}


def test_bfloat16_spikes_are_0_or_1():
    module = Spiking(LIF())
    variables = make_variables(module, make_currents())
    spikes, _ = compiled(module)(variables, make_currents(jnp.bfloat16))
    assert set(np.unique(spikes.astype(np.float32))) == {0.0, 1.0}


@pytest.mark.parametrize("name", ["tc_lif", "leaky_integrator"])
def test_feature_maps(name):
    """Neurons of a map [T, B, H, W, C] are those of a vector, and numbers have the shape of the map."""
    model = NEURONS[name]()
    maps = make_currents(shape=(STEPS, 2, 3, 2, 2))
    variables = make_variables(Spiking(model), maps)
    spikes, state = compiled(Spiking(model))(variables, maps)
    assert spikes.shape == maps.shape
    flat, flat_state = compiled(Spiking(model))(variables, maps.reshape(STEPS, 2, 12))
    np.testing.assert_array_equal(spikes.reshape(flat.shape), flat)
    assert_equal(jax.tree.map(lambda x: x.reshape(2, 12), state), flat_state)
    sampled = Spiking(dataclasses.replace(model, **{first_number(name): jax.random.uniform}), ())
    shapes = jax.eval_shape(sampled.init, KEY, maps)
    assert shapes["constants"][first_number(name)].shape == (3, 2, 2)


# --- Transformations ------------------------------------------------------------------------------


@sampled_neuron
def test_vmap_over_a_number_of_the_model(name, float64):
    """The template itself may hold a tracer."""
    model, currents, first = NEURONS[name](), make_currents(np.float64), first_number(name)
    values = np.array([0.2, 0.8])

    @fast_jit
    @jax.vmap
    def run(value):
        module = Spiking(dataclasses.replace(model, **{first: value}), learn=())
        return module.init_with_output(KEY, currents)[0]

    together = run(values)
    module = Spiking(model, learn=())
    variables = make_variables(module, currents)
    for i, value in enumerate(values):
        variables["constants"][first] = jnp.asarray(value)
        alone, _ = compiled(module)(variables, currents)
        assert_close(together[i], alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "name, layer", [*((name, Spiking) for name in SAMPLED), ("tc_lif", Recurrent)]
)
def test_gradients_reach_every_learned_number(name, layer, float64):
    model, currents = NEURONS[name](), make_currents(np.float64)
    module = layer(model, learn=tuple(fields_of(model)))
    variables = make_variables(module, currents)
    params = variables["params"]
    weights = np.random.default_rng(2).normal(size=currents.shape)

    def loss(params):
        return (module.apply({**variables, "params": params}, currents) * weights).sum()

    gradients = fast_jit(jax.grad(loss))(params)
    assert set(fields_of(model)) <= set(gradients)
    for number, gradient in gradients.items():
        assert np.isfinite(gradient).all() and np.any(gradient != 0), number
