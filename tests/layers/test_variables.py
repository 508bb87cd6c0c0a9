"""A neuron's parameters as variables of a layer: which are learned, how they start, their bounds."""

import dataclasses

import chex
import jax
import jax.numpy as jnp
import numpy as np

from cases import (
    FEATURES,
    KEY,
    STEPS,
    assert_equal,
    compiled,
    every_layer,
    every_neuron,
    fast_jit,
    first_number,
    make_currents,
    make_variables,
    plain_run,
    sampled_neuron,
    surrogate_numbers,
)
from spikejax.fields import fields_of
from spikejax.layers import Recurrent, Spiking
from spikejax.neurons import NEURONS
from spikejax.neurons.core.parameters import learned_by_default, named_parameters
from spikejax.neurons.lif import LIF


@every_layer
@sampled_neuron
def test_learned_numbers_are_params_and_the_others_constants(name, layer):
    first, *others = fields_of(NEURONS[name])
    module = layer(NEURONS[name](), learn=(first,))
    variables = jax.eval_shape(module.init, KEY, make_currents())
    synapse = {"kernel", "bias"} if layer is Recurrent else set()
    assert set(variables["params"]) == {first} | synapse
    surrogate = set(surrogate_numbers(module.neuron))
    assert set(variables.get("constants", {})) == set(others) | surrogate
    numbers = [leaf for part in variables.values() for n, leaf in part.items() if n not in synapse]
    assert {(leaf.shape, leaf.dtype) for leaf in numbers} == {((), jnp.dtype("float32"))}


@every_layer
@every_neuron
def test_what_the_authors_learn_is_learned_by_default(name, layer):
    model = NEURONS[name]()
    if layer is Recurrent and not model.streams:
        return
    model = model.for_steps(STEPS)
    variables = jax.eval_shape(layer(model).init, KEY, make_currents())
    synapse = {"kernel", "bias"} if layer is Recurrent else set()
    learned = {name for name, field in fields_of(model).items() if field.metadata["learned"]}
    assert set(variables.get("params", {})) == learned | synapse
    assert learned == set(learned_by_default(model))
    assert set(variables.get("constants", {})) == set(named_parameters(model)) - learned


@sampled_neuron
def test_nothing_is_learned_where_nothing_is_asked_for(name):
    model, currents = NEURONS[name](), make_currents()
    assert set(jax.eval_shape(Spiking(model, learn=()).init, KEY, currents)) == {"constants"}
    everything = Spiking(model, learn=tuple(fields_of(model)))
    variables = jax.eval_shape(everything.init, KEY, currents)
    assert set(variables["params"]) == set(fields_of(model))
    assert set(variables.get("constants", {})) == set(surrogate_numbers(model))


def test_numbers_start_as_those_of_the_model():
    model, currents = LIF(decay=0.3, threshold=0.6), make_currents()
    spikes, variables = Spiking(model, learn=("decay",)).init_with_output(KEY, currents)
    assert variables["params"]["decay"] == np.float32(0.3)
    assert variables["constants"]["threshold"] == np.float32(0.6)
    np.testing.assert_array_equal(spikes, plain_run(model, currents)[1])


@sampled_neuron
def test_learned_arrays_are_used_as_constants_are(name, float64):
    """An array is one number a neuron: neuron 2 does what it does where the whole layer has its number."""
    model, currents, first = NEURONS[name](), make_currents(np.float64), first_number(name)
    values = np.linspace(0.2, 0.8, FEATURES)
    module = Spiking(dataclasses.replace(model, **{first: values}), learn=tuple(fields_of(model)))
    params = {number: jnp.asarray(getattr(module.neuron, number)) for number in fields_of(model)}
    shapes = jax.eval_shape(module.init, KEY, currents)["params"]
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(jnp.shape, shapes)
    assert shapes[first].shape == (FEATURES,)
    constants = jax.tree.map(jnp.asarray, surrogate_numbers(model))
    _, state = compiled(module)({"params": params, "constants": constants}, currents)
    alike = {"constants": {**constants, **params, first: values[2]}}
    _, expected = compiled(Spiking(model, learn=()))(alike, currents)
    for variable, other in zip(jax.tree.leaves(state), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(variable[:, 2], other[:, 2], rtol=1e-12, atol=1e-12)
    assert np.any(state[0] != expected[0])


@every_layer
def test_an_initialiser_is_called_with_the_shape_of_the_features(layer):
    asked = []

    def initialiser(key, shape, dtype):
        asked.append((shape, dtype))
        return jax.random.uniform(key, shape, dtype)

    module = layer(LIF(decay=initialiser, threshold=initialiser), learn=("decay",))
    variables = jax.eval_shape(module.init, KEY, make_currents())
    assert set(asked) == {((FEATURES,), jnp.dtype("float32"))}
    assert variables["params"]["decay"].shape == (FEATURES,)
    assert variables["constants"]["threshold"].shape == (FEATURES,)


def test_vmap_over_init_keys():
    module = Recurrent(LIF(decay=jax.random.uniform), learn=("decay",))
    currents, keys = make_currents()[:1], jax.random.split(KEY, 3)
    params = fast_jit(jax.vmap(lambda key: module.init(key, currents)))(keys)["params"]
    alone = fast_jit(lambda key: module.init(key, currents))(keys[1])["params"]
    assert_equal(jax.tree.map(lambda x: x[1], params), alone)
    for leaf in jax.tree.leaves(params):
        assert len(np.unique(leaf)) == leaf.size
    bound = FEATURES**-0.5
    assert 0.9 * bound < np.abs(params["kernel"]).max() <= bound
    assert 0.9 * bound < np.abs(params["bias"]).max() <= bound


# --- Bounds ---------------------------------------------------------------------------------------


def test_a_learned_parameter_stays_within_its_bounds_and_comes_back():
    """In a loop of one's own: outside of its bounds the nearest bound is used, and the gradient passes."""
    module, currents = Spiking(LIF(), learn=("decay",)), make_currents()
    variables = module.init(KEY, currents)

    def spikes(decay):
        return module.apply({**variables, "params": {"decay": jnp.float32(decay)}}, currents)

    np.testing.assert_array_equal(spikes(20.0), spikes(1.0))
    np.testing.assert_array_equal(spikes(-3.0), spikes(0.0))
    outside, inside = (jax.grad(lambda d: spikes(d).sum())(value) for value in (20.0, 1.0))
    assert outside == inside != 0


def test_the_width_of_a_surrogate_is_a_variable():
    """It changes the gradient, not the spikes, and without a new program."""
    module, currents = Spiking(LIF()), make_currents()
    variables = make_variables(module, currents)

    @fast_jit
    @chex.assert_max_traces(n=1)
    def gradient(width, currents):
        constants = {**variables["constants"], "surrogate_width": width}
        return jax.grad(lambda x: module.apply({"constants": constants}, x).sum())(currents)

    narrow, wide = (gradient(jnp.float32(width), currents) for width in (0.5, 2.0))
    assert np.count_nonzero(narrow) < np.count_nonzero(wide)
