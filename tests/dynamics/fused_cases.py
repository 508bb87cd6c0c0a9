"""A neuron run by fused kernels, which a CPU interprets, and by `lax.scan`: what both return, and their gradients."""

import contextlib
import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax.dynamics import Feedback, feedback, unroll
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.neurons import NEURONS, make
from spikejax.neurons.core.contract import start
from spikejax.neurons.core.parameters import initialise

# 7 steps are not a multiple of those that a kernel takes at once, 15 neurons not of a block.
STEPS, BATCH, FEATURES = 7, 3, 5
KEY = jax.random.key(3)


def neuron_of(name, features=(FEATURES,)):
    """A neuron by its name, with arrays for parameters that are initialisers."""
    return initialise(make(name), jax.random.key(1), features)


STREAMING = [name for name in NEURONS if neuron_of(name).streams]
MOSAIC_RUNS = pytest.mark.skipif(
    jax.__version_info__ < (0, 12), reason="Mosaic for GPUs runs loops from JAX 0.12 on"
)
# Reasons why a neuron runs as a scan, by back end.
REFUSED = {
    ("pinsky_rinzel", "tpu"): "it contains expm1, which Mosaic for TPUs does not have",
    ("pmsn", "mosaic"): "it contains floor, which Mosaic for GPUs does not have",
    ("pinsky_rinzel", "mosaic"): "it contains expm1, which Mosaic for GPUs does not have",
}


def currents_of(neuron, shape=(STEPS, BATCH, FEATURES), dtype=np.float32):
    """Currents that make a neuron fire."""
    draw = np.random.default_rng(0).normal(size=shape)
    return jnp.asarray(getattr(neuron, "drive", 1.0) * (0.7 + 0.6 * draw), dtype)


def matrix_of(neuron, features=FEATURES):
    """Feedback weights."""
    draw = np.random.default_rng(1).normal(size=(features, features))
    return jnp.asarray(0.3 * getattr(neuron, "drive", 1.0) * draw, jnp.float32)


def floating(x):
    return jnp.issubdtype(jnp.result_type(x), jnp.floating)


def results(neuron, currents, matrix, kernel, *, save=None):
    """What a neuron returns, with feedback if there is a matrix: all that floats, all that does not, and gradients.

    The gradients are those of a sum of everything that floats, by all parameters, the initial state, the currents and
    the matrix.
    """
    leaves, tree = jax.tree.flatten(neuron)
    state = start(neuron, currents[0], KEY)
    if matrix is not None:
        state = Feedback(state, jnp.zeros_like(currents[0]))
    variables, state_tree = jax.tree.flatten(state)
    weights = jnp.asarray(np.random.default_rng(2).normal(size=currents.shape), currents.dtype)
    keep = {} if save is None else {"save": save}

    def whole(chosen, everything):
        own = iter(chosen)
        return [next(own) if floating(leaf) else leaf for leaf in everything]

    @fast_jit
    def run(parameters, floats, currents, matrix):
        def loss(parameters, floats, currents, matrix):
            model = tree.unflatten(whole(parameters, leaves))
            step = model.step
            if matrix is not None:
                step = feedback(step, lambda spikes: spikes @ matrix)
            before = state_tree.unflatten(whole(floats, variables))
            after, saved = unroll(step, before, currents, kernel=kernel, **keep)
            found = jax.tree.leaves((after, saved))
            own = [x for x in found if floating(x)]
            total = sum(jnp.sin(x).sum() for x in own)
            total += sum((weights * x).sum() for x in own if x.shape == weights.shape)
            return total, (own, [x for x in found if not floating(x)])

        return jax.value_and_grad(loss, argnums=(0, 1, 2, 3), has_aux=True)(
            parameters, floats, currents, matrix
        )

    parameters = [jnp.asarray(leaf, jnp.float32) for leaf in leaves if floating(leaf)]
    floats = [leaf for leaf in variables if floating(leaf)]
    (_, (own, others)), gradients = run(parameters, floats, currents, matrix)
    keys = [
        jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x
        for x in others
    ]
    return own, keys, gradients


def check_equal(one, other, tolerance=2e-5):
    """Asserts that two `results` are equal: numbers that do not float exactly, others to rounding."""
    for a, b in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(
        jax.tree.leaves((one[0], one[2])), jax.tree.leaves((other[0], other[2])), strict=True
    ):
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        assert np.isfinite(a).all()
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * (1e-6 + np.abs(a).max()))


@contextlib.contextmanager
def no_fallback():
    """Inside, a step that runs as a scan although a kernel was wanted is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", KernelFallback)
        yield


def compare(neuron, *, recurrent=False, shape=(STEPS, BATCH, FEATURES), save=None, tolerance=2e-5):
    """Asserts that kernels and scan agree; returns the kernels' results."""
    currents = currents_of(neuron, shape)
    matrix = matrix_of(neuron, shape[-1]) if recurrent else None
    run = functools.partial(results, neuron, currents, matrix, save=save)
    with no_fallback():
        by_kernel = run("pallas")
    check_equal(run("scan"), by_kernel, tolerance)
    return by_kernel
