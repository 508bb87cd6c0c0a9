"""Layers: every neuron as a Flax layer gives the spikes that its step gives."""

import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from spikejax.dynamics.layer import Feedback, feedback, unroll
from spikejax.inputs import encode
from spikejax.layers import Linear, Recurrent, Spiking
from spikejax.networks import MLP
from spikejax.neurons import NEURONS
from spikejax.neurons.core.contract import fields, neuron, param
from spikejax.neurons.core.parameters import named_numbers
from spikejax.neurons.lif import LIF, LIFState
from spikejax.neurons.tc_lif import TCLIF

STEPS, BATCH, FEATURES = 6, 3, 4
KEY = jax.random.key(0)
LAYERS = {"spiking": Spiking, "recurrent": Recurrent}

# Compiling is what these tests spend their time on.
fast_jit = functools.partial(
    jax.jit,
    compiler_options={
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
    },
)

# Of every kind one: the layers do not know more of a neuron than its kind.
SAMPLED = ["lif", "tc_lif", "ar_lif", "leaky_integrator", "two_compartment"]

every_neuron = pytest.mark.parametrize("name", NEURONS)
sampled_neuron = pytest.mark.parametrize("name", SAMPLED)
every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)


def make_currents(dtype=np.float32, shape=(STEPS, BATCH, FEATURES)):
    return np.random.default_rng(0).normal(0.4, 1.0, shape).astype(dtype)


def surrogate_numbers(model):
    """The numbers of a model's surrogate, under their names as variables."""
    return {
        f"{field}_{number.name}": getattr(getattr(model, field), number.name)
        for field in fields(model, "surrogate")
        for number in dataclasses.fields(getattr(model, field))
    }


def make_variables(module, currents):
    """Variables as `init` makes them, from NumPy: the model's numbers, and a synapse drawn at random."""
    draw = np.random.default_rng(1)
    shapes = jax.eval_shape(module.init, KEY, currents)

    def value(path, leaf):
        numbers = {**vars(module.neuron), **surrogate_numbers(module.neuron)}
        number = numbers.get(path[-1].key)
        value = draw.normal(0, 0.5, leaf.shape) if number is None else number
        return jnp.asarray(value, leaf.dtype)

    return jax.tree_util.tree_map_with_path(value, shapes)


@functools.cache
def compiled(module):
    """The layer's apply; tests that share a layer share its compilation."""
    return fast_jit(module.apply)


def first_number(name):
    return next(iter(fields(NEURONS[name])))


def plain_run(model, currents, synapse=None):
    """The same without a layer."""
    state = model.init_state(currents[0])
    if synapse is None:
        return unroll(model.step, state, currents)
    kernel, bias = synapse
    state = Feedback(state, jnp.zeros_like(currents[0]))
    return unroll(feedback(model.step, lambda spikes: spikes @ kernel + bias), state, currents)


def assert_equal(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


def assert_close(one, other, **tolerance):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **tolerance), one, other)


# --- Variables ------------------------------------------------------------------------------------


@every_layer
@sampled_neuron
def test_learned_numbers_are_params_and_the_others_constants(name, layer):
    first, *others = fields(NEURONS[name])
    module = layer(NEURONS[name](), learn=(first,))
    variables = jax.eval_shape(module.init, KEY, make_currents())
    synapse = {"kernel", "bias"} if layer is Recurrent else set()
    assert set(variables["params"]) == {first} | synapse
    surrogate = set(surrogate_numbers(module.neuron))
    assert set(variables.get("constants", {})) == set(others) | surrogate
    numbers = [leaf for part in variables.values() for n, leaf in part.items() if n not in synapse]
    assert {(leaf.shape, leaf.dtype) for leaf in numbers} == {((), jnp.dtype("float32"))}


@sampled_neuron
def test_nothing_is_learned_unless_asked_for(name):
    model, currents = NEURONS[name](), make_currents()
    assert set(jax.eval_shape(Spiking(model).init, KEY, currents)) == {"constants"}
    everything = Spiking(model, learn=tuple(fields(model)))
    variables = jax.eval_shape(everything.init, KEY, currents)
    assert set(variables["params"]) == set(fields(model))
    assert set(variables.get("constants", {})) == set(surrogate_numbers(model))


def test_numbers_start_as_those_of_the_model():
    model, currents = LIF(decay=0.3, threshold=0.6), make_currents()
    (spikes, _), variables = Spiking(model, learn=("decay",)).init_with_output(KEY, currents)
    assert variables["params"]["decay"] == np.float32(0.3)
    assert variables["constants"]["threshold"] == np.float32(0.6)
    np.testing.assert_array_equal(spikes, plain_run(model, currents)[1])


@sampled_neuron
def test_learned_arrays_are_used_as_constants_are(name, float64):
    """An array is one number a neuron: neuron 2 does what it does where the whole layer has its number."""
    model, currents, first = NEURONS[name](), make_currents(np.float64), first_number(name)
    values = np.linspace(0.2, 0.8, FEATURES)
    module = Spiking(dataclasses.replace(model, **{first: values}), learn=tuple(fields(model)))
    params = {number: jnp.asarray(getattr(module.neuron, number)) for number in fields(model)}
    shapes = jax.eval_shape(module.init, KEY, currents)["params"]
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(jnp.shape, shapes)
    assert shapes[first].shape == (FEATURES,)
    constants = jax.tree.map(jnp.asarray, surrogate_numbers(model))
    _, state = fast_jit(module.apply)({"params": params, "constants": constants}, currents)
    alike = {"constants": {**constants, **params, first: values[2]}}
    _, expected = compiled(Spiking(model))(alike, currents)
    for variable, other in zip(state, expected, strict=True):
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


# --- The run --------------------------------------------------------------------------------------


@every_layer
@sampled_neuron
def test_equals_the_plain_run(name, layer, float64):
    model, currents = NEURONS[name](), make_currents(np.float64)
    module = layer(model)
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
    module = layer(model)
    variables, apply = make_variables(module, currents), compiled(module)
    before = apply(variables, currents)
    traces = apply._cache_size()
    for number in fields(model):
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
    module = layer(model)
    variables, apply = make_variables(module, currents), compiled(module)
    whole, last = apply(variables, currents)
    # No steps at all give the state before the first.
    nothing, state = apply(variables, currents[:0])
    assert nothing.shape == (0, BATCH, FEATURES)
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

    level: float = param(0.9, doc="membrane at the start")

    def init_state(self, current):
        return LIFState(jnp.zeros_like(current) + self.level)

    def step(self, state, current):
        return LIF().step(state, current)


@every_layer
def test_a_start_other_than_zero(layer):
    """The level is a number of the layer like any other."""
    currents = make_currents()
    module = layer(Charged())
    variables, apply = make_variables(module, currents), compiled(module)
    first_spikes = {}
    for level in (0.0, 0.9):
        variables["constants"]["level"] = jnp.float32(level)
        _, state = apply(variables, currents[:0])
        membrane = state.neuron.membrane if layer is Recurrent else state.membrane
        np.testing.assert_array_equal(membrane, np.full((BATCH, FEATURES), level, np.float32))
        first_spikes[level] = apply(variables, currents)[0][0].sum()
    assert first_spikes[0.9] > first_spikes[0.0]


@every_layer
def test_activity_is_sown_when_asked_for(layer):
    currents = make_currents()
    module = layer(LIF())
    variables = make_variables(module, currents)
    (spikes, _), sown = module.apply(variables, currents, mutable=["activity"])
    assert spikes.any()
    (recorded,) = sown["activity"]["spikes"]
    np.testing.assert_array_equal(recorded, spikes)


@every_layer
@sampled_neuron
def test_bfloat16(name, layer):
    """The currents' dtype is that of the spikes and the state, also with variables in float32."""
    module = layer(NEURONS[name](), learn=(first_number(name),))
    variables = make_variables(module, make_currents())
    assert variables["params"][first_number(name)].dtype == jnp.float32
    result = jax.eval_shape(module.apply, variables, make_currents(jnp.bfloat16))
    assert {leaf.dtype for leaf in jax.tree.leaves(result)} == {jnp.dtype("bfloat16")}


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
    drawn = Spiking(dataclasses.replace(model, **{first_number(name): jax.random.uniform}))
    shapes = jax.eval_shape(drawn.init, KEY, maps)
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
        module = Spiking(dataclasses.replace(model, **{first: value}))
        return module.init_with_output(KEY, currents)[0]

    together = run(values)
    variables = make_variables(Spiking(model), currents)
    for i, value in enumerate(values):
        variables["constants"][first] = jnp.asarray(value)
        alone = compiled(Spiking(model))(variables, currents)
        assert_close(jax.tree.map(lambda x, i=i: x[i], together), alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "name, layer", [*((name, Spiking) for name in SAMPLED), ("tc_lif", Recurrent)]
)
def test_gradients_reach_every_learned_number(name, layer, float64):
    model, currents = NEURONS[name](), make_currents(np.float64)
    module = layer(model, learn=tuple(fields(model)))
    variables = make_variables(module, currents)
    params = variables["params"]
    weights = np.random.default_rng(2).normal(size=currents.shape)

    def loss(params):
        return (module.apply({**variables, "params": params}, currents)[0] * weights).sum()

    gradients = fast_jit(jax.grad(loss))(params)
    assert set(fields(model)) <= set(gradients)
    for number, gradient in gradients.items():
        assert np.isfinite(gradient).all() and np.any(gradient != 0), number


# --- Errors ---------------------------------------------------------------------------------------


@every_layer
@pytest.mark.parametrize(
    "currents, message",
    [
        (np.ones((64, 784), np.float32), r"found shape \(64, 784\).*encode\.repeat"),
        (np.ones((5, 2, 4), np.int32), r"floating point currents, found int32; divide"),
        (np.ones((5, 2, 4), bool), r"floating point currents, found bool"),
    ],
)
def test_unfit_currents(layer, currents, message):
    with pytest.raises(ValueError, match=message):
        layer(LIF()).init(KEY, currents)


@every_layer
def test_unknown_name_to_learn(layer):
    message = r"LIF has no number 'beta' to learn; expected one of \['decay', 'surrogate_width', 'threshold'\]"
    with pytest.raises(ValueError, match=message):
        layer(LIF(), learn=("beta",)).init(KEY, make_currents())


@pytest.mark.parametrize("name", ["psn", "masked_psn"])
def test_a_neuron_of_whole_sequences_is_not_fed_back(name):
    with pytest.raises(ValueError, match="whole sequence at once.*recurrent=\\(\\)"):
        Recurrent(NEURONS[name]()).init(KEY, make_currents())


def test_no_number_is_called_like_a_synapse():
    """A recurrent layer has a kernel and a bias beside the numbers of its neuron."""
    for model in NEURONS.values():
        assert not {"kernel", "bias"} & set(named_numbers(model()))


def test_an_option_cannot_be_learned():
    with pytest.raises(ValueError, match="no number 'reset' to learn"):
        Spiking(LIF(), learn=("reset",)).init(KEY, make_currents())


# --- Inside an NNX model --------------------------------------------------------------------------


class NNXModel(nnx.Module):
    def __init__(self, layer, x):
        draw = np.random.default_rng(4)

        def kernel(key, shape, dtype):
            return jnp.asarray(draw.normal(size=shape), dtype)

        self.dense = nnx.Linear(x.shape[-1], FEATURES, kernel_init=kernel, rngs=nnx.Rngs(0))
        self.neuron = nnx.bridge.ToNNX(layer, rngs=nnx.Rngs(1))
        nnx.bridge.lazy_init(self.neuron, self.dense(x))

    def __call__(self, x):
        return self.neuron(self.dense(x))[0]


def test_inside_nnx():
    x = make_currents(shape=(STEPS, BATCH, 5))
    module = Spiking(TCLIF(), learn=("c1", "c2"))
    model = NNXModel(module, x)
    params = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    assert set(params["neuron"]) == {"c1", "c2"}
    names = (fields(TCLIF).keys() | surrogate_numbers(module.neuron)) - {"c1", "c2"}
    constants = {name: getattr(model.neuron, name)[...] for name in names}
    weights = np.random.default_rng(3).normal(size=(STEPS, BATCH, FEATURES)).astype(np.float32)

    def linen(params):
        currents = x @ params["dense"]["kernel"] + params["dense"]["bias"]
        variables = {"params": params["neuron"], "constants": constants}
        spikes, _ = module.apply(variables, currents)
        return (spikes * weights).sum(), spikes

    @nnx.jit
    def grad(model):
        return nnx.grad(lambda model: (model(x) * weights).sum())(model)

    expected, spikes = jax.jit(jax.grad(linen, has_aux=True))(params)
    assert 0.05 < spikes.mean() < 0.95
    np.testing.assert_array_equal(model(x), spikes)
    assert np.any(expected["neuron"]["c1"] != 0)
    assert_close(nnx.to_pure_dict(grad(model)), expected, rtol=1e-4, atol=1e-5)


# --- Linear ---------------------------------------------------------------------------------------


def test_linear_is_uniform_within_fan_in():
    fan_in, bound = 16, 0.25
    dense = Linear(2000).init(KEY, jnp.ones((1, 1, fan_in)))["params"]
    assert dense["kernel"].shape == (fan_in, 2000) and dense["bias"].shape == (2000,)
    for values in dense.values():
        values = np.asarray(values)
        assert 0.99 * bound < values.max() <= bound
        assert -bound <= values.min() < -0.99 * bound
        assert abs(values.mean()) < 0.05 * bound
        np.testing.assert_allclose(values.std(), bound / 3**0.5, rtol=0.03)  # of a uniform


def test_linear_is_a_matrix_product():
    x, draw = make_currents(), np.random.default_rng(5)
    kernel, bias = draw.normal(size=(FEATURES, 5)), draw.normal(size=5)
    dense = {"kernel": jnp.asarray(kernel, jnp.float32), "bias": jnp.asarray(bias, jnp.float32)}
    currents = Linear(5).apply({"params": dense}, x)
    np.testing.assert_allclose(currents, x @ kernel + bias, rtol=1e-5, atol=1e-5)


def test_the_width_of_a_surrogate_is_a_variable():
    """It changes the gradient, not the spikes, and without a new program."""
    module, currents = Spiking(LIF()), make_currents()
    variables = make_variables(module, currents)

    @fast_jit
    @chex.assert_max_traces(n=1)
    def gradient(width, currents):
        constants = {**variables["constants"], "surrogate_width": width}
        return jax.grad(lambda x: module.apply({"constants": constants}, x)[0].sum())(currents)

    narrow, wide = (gradient(jnp.float32(width), currents) for width in (0.5, 2.0))
    assert np.count_nonzero(narrow) < np.count_nonzero(wide)


@pytest.mark.parametrize("dtype", [None, jnp.bfloat16])
def test_the_precision_of_a_product_is_no_other_precision(dtype):
    """Weights that bfloat16 holds and spikes, which it holds too: the same currents, and neurons in float32."""
    network = MLP((16,), 3, LIF(), dtype=dtype)
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (9, 2, 5)), jnp.float32)
    variables = network.init(jax.random.key(0), x[:1])
    coarse = jax.tree.map(lambda w: w.astype(jnp.bfloat16).astype(jnp.float32), variables)
    (logits, state), sown = network.apply(coarse, x, mutable=["activity"])
    expected, _ = MLP((16,), 3, LIF()).apply(coarse, x)
    spikes = sown["activity"]["neuron_0"]["spikes"][0]
    assert set(np.unique(spikes)) == {0.0, 1.0}
    assert logits.dtype == spikes.dtype == state[0].membrane.dtype == jnp.float32
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)


def test_bfloat16_rounds_weights_and_trains():
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (9, 2, 5)), jnp.float32)
    network = Linear(3, dtype=jnp.bfloat16)
    variables = network.init(jax.random.key(0), x)

    def loss(variables, network):
        return jnp.square(network.apply(variables, x)).sum()

    exact = jax.grad(loss)(variables, Linear(3))["params"]["kernel"]
    found = jax.grad(loss)(variables, network)["params"]["kernel"]
    assert found.dtype == jnp.float32 and not np.array_equal(found, exact)
    np.testing.assert_allclose(found, exact, rtol=0.05, atol=0.05 * np.abs(exact).max())


def test_float64_everywhere(float64):
    x = jnp.ones((4, 2, 3), jnp.float64)
    network = MLP((5,), 2, LIF(), learn=("decay",), recurrent=(0,))
    variables = network.init(jax.random.key(0), x)
    outputs = network.apply(variables, x)
    assert {leaf.dtype for leaf in jax.tree.leaves((variables, outputs))} == {jnp.dtype("float64")}
    assert encode.sequence(jnp.zeros((2, 3, 1), jnp.uint8)).dtype == jnp.float64
