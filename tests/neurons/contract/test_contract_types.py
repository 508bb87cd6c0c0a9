"""Spikes have the types of the currents, states are float32 at least, and their structure stays."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np

from contract_runs import currents_of, jitted, run, start
from drawn_neurons import (
    FEATURES,
    STEPS,
    drawn_parameters,
    every_model,
    few_options,
    float64,
    settle,
)
from spikejax.fields import fields_of

TYPES = [
    (jnp.bfloat16, (2, 3)),
    (jnp.float16, (2, 3)),
    (jnp.float32, (2, 3)),
    (jnp.float64, (2, 4, 4, 3)),
]


def is_neuron_shaped(leaf, current):
    """A variable of each neuron, several of them at most; else a counter or a key."""
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
        return leaf.shape == ()
    wide = jnp.float64 if current.dtype == jnp.float64 else jnp.float32
    return leaf.shape[leaf.ndim - current.ndim :] == current.shape and leaf.dtype == wide


@every_model
@float64
def test_a_sequence_keeps_structure_shape_and_dtype(model):
    """For Python numbers and for arrays of one parameter per neuron, with strict type promotion."""
    (parameters,) = drawn_parameters(model, 1)
    for options, (dtype, shape) in itertools.product(few_options(model), TYPES):
        drawn = settle(model, **parameters, **options)
        current = jax.ShapeDtypeStruct(shape, dtype)
        currents = jax.ShapeDtypeStruct((STEPS, *shape), dtype)
        plain = [name for name, field in fields_of(model).items() if field.metadata["axes"] is None]
        neuron = jax.tree.map(lambda x, d=dtype: jnp.asarray(x, d) if jnp.ndim(x) else x, drawn)
        alike = jax.ShapeDtypeStruct(shape[1:], dtype)
        spread = dataclasses.replace(neuron, **dict.fromkeys(plain, alike))
        with jax.numpy_dtype_promotion("strict"):
            before = jax.eval_shape(start, neuron, current)
            after, spikes = jax.eval_shape(run, neuron, currents)
            by_arrays = jax.eval_shape(run, spread, currents)
        assert type(before) is type(after) is model.State
        assert before == after and (after, spikes) == by_arrays
        assert all(is_neuron_shaped(leaf, current) for leaf in jax.tree.leaves(after))
        assert (spikes.shape, spikes.dtype) == (currents.shape, dtype)


@every_model
def test_half_precision_computes(model):
    """Finite, spikes of 0 and 1, and, but for neurons in millivolts, about as many as in float32."""
    rates = {}
    noise = np.random.default_rng(3).normal(0.6, 0.8, (STEPS, 40, FEATURES))
    for dtype in (jnp.float32, jnp.bfloat16):
        neuron = jax.tree.map(lambda x, d=dtype: jnp.asarray(x, d), settle(model))
        state, sent = jitted(neuron, jnp.asarray(currents_of(model, noise), dtype))
        assert sent.dtype == dtype and np.all(np.isfinite(np.asarray(sent, np.float32)))
        for leaf in jax.tree.leaves(state):
            if jnp.issubdtype(leaf.dtype, jnp.floating):
                assert leaf.dtype == jnp.float32 and np.all(np.isfinite(np.asarray(leaf)))
        sent = np.asarray(sent, np.float32)
        if model.spiking:
            assert set(np.unique(sent)) <= {0.0, 1.0}
        rates[dtype] = sent.mean()
    if not model.current_unit and model.spiking:
        np.testing.assert_allclose(rates[jnp.bfloat16], rates[jnp.float32], atol=0.03)
