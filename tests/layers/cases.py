"""Layers and neurons that the tests of this folder share."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.dynamics.layer import Feedback, feedback, unroll
from spikejax.fields import fields_of
from spikejax.layers import Recurrent, Spiking
from spikejax.neurons import NEURONS

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
        for field in fields_of(model, "surrogate")
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
    """The layer as `(variables, currents, state) -> (spikes, state)`; tests that share one share its compilation."""

    @fast_jit
    def run(variables, currents, state=None):
        given = {} if state is None else {"state": {"neuron": state}}
        spikes, after = module.apply({**variables, **given}, currents, mutable=["state"])
        return spikes, after["state"]["neuron"]

    return run


def started(module, variables, currents):
    """The state before the first step."""
    _, found = module.apply(variables, currents, mutable=["start"])
    return found["start"]["neuron"]


def first_number(name):
    return next(iter(fields_of(NEURONS[name])))


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
