"""The ways to run a neuron that the contract compares: eagerly in a loop, compiled, mapped over neurons, in pieces."""

import jax
import jax.numpy as jnp
import numpy as np

from drawn_neurons import BATCH, FEATURES, KEY, STEPS
from fast_compilation import fast_jit

NOISE = np.random.default_rng(0).normal(0.4, 0.8, (STEPS, BATCH, FEATURES))
WEIGHTS = np.random.default_rng(1).normal(size=NOISE.shape)


def start(neuron, current):
    current = jnp.asarray(current)
    return neuron.init_state(current, KEY) if neuron.stochastic else neuron.init_state(current)


def currents_of(model, noise=NOISE):
    return model.drive * noise


def run(neuron, currents):
    """The state after a sequence, and what the neuron sent."""
    return neuron.sequence(start(neuron, currents[0]), currents)


def run_and_slopes(neuron, currents):
    """Also the gradient of the weighted output by the neuron's leaves."""

    def loss(neuron):
        found = run(neuron, currents)
        weights = np.resize(WEIGHTS, found[1].shape)
        return (weights * found[1]).sum(), found

    return jax.grad(loss, has_aux=True)(neuron)


def sequence(neuron, state, currents):
    return neuron.sequence(state, currents)


continued = jax.jit(sequence)
quickly_continued = fast_jit(sequence)
jitted_slopes = fast_jit(run_and_slopes)
mapped_slopes = fast_jit(jax.vmap(run_and_slopes, (0, None)))


def jitted(neuron, currents):
    """`run`, all its steps compiled."""
    return quickly_continued(neuron, start(neuron, currents[0]), currents)


def looped(neuron, currents):
    """`run`, eagerly and step by step where the model can."""
    state, sent = start(neuron, currents[0]), []
    if not neuron.streams:
        return neuron.sequence(state, jnp.asarray(currents))
    for current in currents:
        state, spikes = neuron.step(state, jnp.asarray(current))
        sent.append(spikes)
    return state, np.stack(sent)


def arrays(tree):
    """The leaves as NumPy arrays, keys as their words."""
    leaves = jax.tree.leaves(tree)
    return [
        np.asarray(jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x)
        for x in map(jnp.asarray, leaves)
    ]


def check_close(found, expected, tolerance=1e-11):
    for a, b in zip(arrays(found), arrays(expected), strict=True):
        scale = max(1.0, np.max(np.abs(b), initial=0))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def stack(trees):
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(x) for x in leaves]), *trees)
