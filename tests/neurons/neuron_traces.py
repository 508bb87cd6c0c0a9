"""Traces of a neuron and their gradients, for comparison with those of an oracle, of a paper and by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from fast_compilation import fast_jit
from spikejax.dynamics.layer import unroll
from spikejax.neurons.core.contract import start

STEPS, BATCH, FEATURES = 24, 2, 3
NOISE = np.random.default_rng(0).normal(size=(STEPS, BATCH, FEATURES))
VECTOR = np.array([0.5, 0.7, 0.9])  # one parameter per neuron
KEY = jax.random.key(7)


def draws(steps, shape):
    """The uniform numbers that a neuron with this key draws."""
    key, found = KEY, []
    for _ in range(steps):
        key, now = jax.random.split(key)
        found.append(jax.random.uniform(now, shape, jnp.float64))
    return np.stack(found)


def variables(neuron, currents):
    """{variable: [T, ...]}: the state after each step and "spikes"."""
    currents = jnp.asarray(currents)
    state = start(neuron, currents[0], KEY)
    if not neuron.streams:
        return {"spikes": neuron.sequence(state, currents)[1]}

    def save(state, spikes):
        held = {k: v for k, v in state._asdict().items() if v is not None}
        shown = {k: v for k, v in held.items() if v.shape == currents[0].shape}
        return {**shown, "spikes": spikes}

    return unroll(neuron.step, state, currents, save=save, linear=neuron.is_linear)[1]


trace = fast_jit(variables)


@fast_jit
def trace_and_slopes(neuron, currents, weights):
    """The trace, and the gradient of Σ weights · trace by the neuron's parameters and the currents."""

    def loss(neuron, currents):
        found = variables(neuron, currents)
        return sum((weights[name] * found[name]).sum() for name in weights), found

    return jax.grad(loss, argnums=(0, 1), has_aux=True)(neuron, currents)
