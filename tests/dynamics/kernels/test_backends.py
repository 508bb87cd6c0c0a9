"""Which back end is used, and kernels by Mosaic for GPUs, which a CPU interprets."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fused_cases import MOSAIC_RUNS, compare, currents_of, neuron_of, no_fallback
from spikejax.dynamics import Feedback, feedback, unroll
from spikejax.dynamics.choice import using
from spikejax.dynamics.kernels import backends, fused, tiles
from spikejax.dynamics.kernels.apart import take_apart
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.neurons.lif import LIF

GPU = jax.sharding.AbstractDevice(
    device_kind="NVIDIA H100 80GB HBM3", num_cores=132, platform="gpu"
)


@pytest.fixture
def without_triton(monkeypatch):
    """A JAX that has Triton no more."""
    for module in (backends, tiles):
        monkeypatch.setattr(module, "triton", None)


def on_a_gpu():
    """Inside, a GPU is compiled for."""
    return jax.sharding.use_abstract_mesh(jax.sharding.AbstractMesh((), (), abstract_device=GPU))


def test_a_gpu_uses_triton():
    assert backends.current() is backends.INTERPRETED
    with on_a_gpu():
        assert backends.current() is backends.TRITON
        assert backends.current({"backend": backends.MOSAIC}) is backends.MOSAIC


def test_a_gpu_uses_mosaic_where_there_is_no_triton(without_triton):
    with on_a_gpu():
        assert backends.current() is backends.MOSAIC


def test_what_is_tried_is_compiled_anew():
    lif, currents = LIF(), jnp.ones((6, 6, 40))

    def program():
        def run(currents):
            return unroll(lif.step, lif.init_state(currents[0]), currents, kernel="pallas")

        return str(jax.make_jaxpr(run)(currents))

    assert "f32[256]" in program()
    with using("pallas", block=(128,)):
        assert "f32[128]" in program()


@pytest.mark.parametrize(
    ("memory", "steps", "length"),
    [(None, 784, 784), (2**30, 784, 784), (300, 784, 196), (200, 784, 196), (200, 199, 199)]
    + [(200, 401, 200), (0, 7, 1)],  # 401 is prime
)
def test_a_call_runs_what_fits_and_calls_are_equal_if_they_can_be(memory, steps, length):
    parts = take_apart(LIF().step, LIF().init_state(jnp.ones((8, 128))), jnp.ones((2, 8, 128)))
    kernel = fused.prepared(parts.dynamics, backends.TPU)
    # An array of a step has 4 KB, and a step five of them, each twice.
    memory = memory and memory * 40 * 2**10
    kernel = kernel._replace(backend=backends.TPU._replace(memory=memory))
    assert backends.longest(kernel, steps) == length


@pytest.mark.parametrize("recurrent", [False, True])
def test_kernels_are_interpreted_without_triton(without_triton, recurrent):
    # Of a shape of its own, since what other tests compiled has Triton.
    compare(LIF(), recurrent=recurrent, shape=(4, 3, 7))


@pytest.mark.parametrize(
    "backend", [backends.INTERPRETED, pytest.param(backends.MOSAIC, marks=MOSAIC_RUNS)]
)
def test_equations_that_are_rewritten(backend):
    def step(state, current):
        above = ~(state > 0.5) ^ current.astype(bool)
        state = jnp.where(above, state, 0.9 * state) + jnp.log2(1 + current**2) + (2 + state) ** -2
        return jnp.tanh(state), state * above

    def loss(currents, kernel):
        state, saved = unroll(step, currents[0], currents, kernel=kernel)
        return state.sum() + jnp.square(saved).sum()

    currents = currents_of(LIF()).at[2].set(0)
    with using("pallas", backend=backend), no_fallback():
        found = jax.value_and_grad(loss)(currents, "pallas")
    expected = jax.value_and_grad(loss)(currents, "scan")
    assert abs(expected[1]).max() > 0.1
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5), found, expected)


def test_a_recurrent_layer_is_refused_by_mosaic():
    lif, currents = LIF(), currents_of(LIF())
    step = feedback(lif.step, lambda spikes: spikes @ jnp.eye(5))
    state = Feedback(lif.init_state(currents[0]), currents[0])
    message = "it has feedback, which Mosaic for GPUs does not have"
    with (
        using("pallas", backend=backends.MOSAIC),
        pytest.warns(KernelFallback, match=message),
    ):
        unroll(step, state, currents, kernel="pallas")


@MOSAIC_RUNS
@pytest.mark.parametrize("name", ["lif", "tc_lif", "izhikevich"])
def test_a_neuron_is_the_same_by_mosaic(name):
    with using("pallas", backend=backends.MOSAIC):
        compare(neuron_of(name))


@MOSAIC_RUNS
def test_more_neurons_than_a_program_owns_are_the_same_by_mosaic():
    with using("pallas", backend=backends.MOSAIC):
        compare(LIF(), shape=(9, 2, 200))


@MOSAIC_RUNS
def test_many_models_side_by_side_by_mosaic():
    currents = currents_of(LIF())

    def gradient(decay, kernel):
        def loss(decay, currents):
            lif = LIF(decay=decay)
            state, spikes = unroll(lif.step, lif.init_state(currents[0]), currents, kernel=kernel)
            return spikes.sum() + jnp.sin(state.membrane).sum()

        return jax.value_and_grad(loss, (0, 1))(decay, currents)

    decays = jnp.array([0.5, 0.7, 0.9])
    with using("pallas", backend=backends.MOSAIC), no_fallback():
        found = jax.jit(jax.vmap(lambda decay: gradient(decay, "pallas")))(decays)
    expected = jax.vmap(lambda decay: gradient(decay, "scan"))(decays)
    assert np.unique(found[0]).size == decays.size
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5), found, expected
    )
