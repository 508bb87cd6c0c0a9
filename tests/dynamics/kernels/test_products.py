"""The product of a recurrent layer at JAX's precision, and recurrent layers of any size."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fused_cases import compare, currents_of, no_fallback
from spikejax.dynamics import Feedback, feedback, unroll
from spikejax.dynamics.choice import using
from spikejax.dynamics.kernels import backends, fused, products
from spikejax.dynamics.kernels.apart import take_apart
from spikejax.layers.linear import synapse
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF


@pytest.mark.parametrize(
    ("mode", "error"), [("bf16", 2**-8), ("high", 2**-15), ("highest", 2**-22)]
)
@pytest.mark.parametrize("spikes", [True, False])
def test_more_parts_are_more_precise(mode, error, spikes):
    draw = np.random.default_rng(0)
    left = draw.integers(0, 2, (16, 32)) if spikes else draw.normal(size=(16, 32))
    right = draw.normal(size=(32, 8))
    parts = products.parts(mode, jnp.asarray(right, jnp.float32))
    assert len(parts) == products.PARTS[mode] and parts[0].dtype == jnp.bfloat16
    read = [lambda part=part: part for part in parts]
    found = products.multiply(mode, spikes, jnp.asarray(left, jnp.float32), read)
    scale = np.abs(left) @ np.abs(right)
    assert (np.abs(found - left @ right) / scale).max() < (1 if spikes else 2) * error


def kernel_of(neuron, matrix, precision=None, dtype=None):
    """The kernel of a recurrent layer."""
    currents = currents_of(neuron)
    with jax.default_matmul_precision(precision):
        step = feedback(neuron.step, lambda spikes: synapse(spikes, matrix, dtype))
        state = Feedback(neuron.init_state(currents[0]), jnp.zeros_like(currents[0]))

        def body(state, x):
            return step(state, x)

        return fused.prepared(take_apart(body, state, currents).dynamics, backends.TRITON)


def test_the_precision_is_that_of_jax():
    matrix = jnp.eye(5)
    modes = {None: "tf32", "default": "tf32", "high": "high", "highest": "highest"}
    for precision, mode in modes.items():
        kernel = kernel_of(LIF(), matrix, precision)
        assert (kernel.mode, kernel.exact) == (mode, True)
    assert kernel_of(LIF(), matrix, dtype=jnp.bfloat16).mode == "bf16"


def test_spikes_are_exact_and_graded_outputs_are_not():
    matrix = jnp.eye(5)
    for options in ({}, {"reset_timing": "next"}, {"late": True}, {"strict": True}):
        assert kernel_of(LIF(**options), matrix).exact
    assert not kernel_of(LeakyIntegrator(), matrix).exact


@pytest.mark.parametrize("precision", ["high", "highest"])
def test_recurrent_layers_at_higher_precision(precision):
    # Interpreted, a product of parts is what a tensor core would compute.
    with jax.default_matmul_precision(precision):
        compare(LIF(), recurrent=True, tolerance={"high": 2**-12, "highest": 2e-5}[precision])


@pytest.mark.parametrize("features", [40, 200])
def test_rows_of_several_tiles(features):
    with using("pallas", block=(16, 64)):
        compare(LIF(), recurrent=True, shape=(4, 18, features), tolerance=5e-5)


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("resident", [0, 1])
def test_every_way_to_run_is_the_same(ahead, resident):
    with using("pallas", ahead=ahead, resident=resident):
        compare(LIF(), recurrent=True)
    with using("pallas", ahead=ahead, unroll=3, block=(8,)):
        compare(LIF())


def test_a_matrix_in_the_other_order_and_a_bias():
    currents = currents_of(LIF())
    draw = np.random.default_rng(0)
    matrix = jnp.asarray(draw.normal(0, 0.3, (5, 5)), jnp.float32)
    bias = jnp.asarray(draw.normal(0, 0.3, 5), jnp.float32)

    def loss(matrix, bias, currents, kernel):
        lif = LIF()
        step = feedback(lif.step, lambda s: jnp.einsum("bi,oi->bo", s, matrix) + bias)
        state = Feedback(lif.init_state(currents[0]), jnp.zeros_like(currents[0]))
        state, spikes = unroll(step, state, currents, kernel=kernel)
        return spikes.sum() + jnp.sin(state.neuron.membrane).sum()

    gradient = jax.value_and_grad(loss, (0, 1, 2))
    with no_fallback():
        found = gradient(matrix, bias, currents, "pallas")
    expected = gradient(matrix, bias, currents, "scan")
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5), found, expected
    )


def test_more_features_than_a_kernel_holds_run_as_a_scan():
    lif = LIF()
    currents = jnp.zeros((1, 1, 1025))
    step = feedback(lif.step, lambda spikes: spikes @ jnp.zeros((1025, 1025)))
    state = Feedback(lif.init_state(currents[0]), currents[0])
    with pytest.warns(UserWarning, match="feeds back 1025 features, at most 1024 are supported"):
        unroll(step, state, currents, kernel="pallas")
