"""What a step may contain: any parameters, states, outputs and steps of a user; and what is said if a kernel cannot."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fused_cases import (
    BATCH,
    FEATURES,
    KEY,
    STEPS,
    check_equal,
    compare,
    currents_of,
    no_fallback,
    results,
)
from fused_neurons import WRAPPED, Mine
from spikejax.dynamics import held, unroll
from spikejax.dynamics.kernels import backends
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.neurons import make
from spikejax.neurons.lif import LIF
from spikejax.neurons.wrappers import Noisy
from spikejax.surrogate import Sigmoid, Triangle


@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapper_is_the_same_as_kernels(name):
    compare(WRAPPED[name])


@pytest.mark.parametrize("recurrent", [False, True])
def test_a_users_neuron_with_integers_and_truth_values(recurrent):
    found, others, _ = compare(Mine(), recurrent=recurrent)
    assert others[0].dtype == jnp.int32 and others[0].max() > 0
    assert others[1].dtype == bool and others[1].any()


def test_parameters_of_any_shape_that_broadcasts():
    draw = np.random.default_rng(0)
    for shape in [(FEATURES,), (1, FEATURES), (BATCH, 1), (BATCH, FEATURES)]:
        decay = jnp.asarray(draw.uniform(0.3, 0.9, shape), jnp.float32)
        width = jnp.asarray(draw.uniform(0.5, 2.0, shape), jnp.float32)
        compare(dataclasses.replace(LIF(), decay=decay, surrogate=Triangle(width)))
    decay = jnp.asarray(draw.uniform(0.3, 0.9, FEATURES), jnp.float32)
    compare(LIF(decay=decay, threshold=decay + 0.5), recurrent=True)


@pytest.mark.parametrize(
    "options", [{"strict": True}, {"reset": "zero"}, {"reset_timing": "next"}, {"late": True}]
)
def test_choices_of_a_model(options):
    compare(LIF(surrogate=Sigmoid(), **options))


@pytest.mark.parametrize("length", [1, 3])  # of 7 steps: equal calls, and a shorter last one
@pytest.mark.parametrize("recurrent", [False, True])
def test_a_sequence_of_several_calls(monkeypatch, length, recurrent):
    monkeypatch.setattr(backends, "longest", lambda kernel, steps: min(steps, length))
    # Of a shape of its own for each length, since JAX keeps what it has traced.
    compare(make("tc_lif"), recurrent=recurrent, shape=(7, 4, 3 + length))


def test_any_features_and_any_number_of_steps():
    compare(LIF(), shape=(STEPS, 2, 3, 4, 5))
    compare(LIF(), shape=(1, BATCH, FEATURES))
    compare(LIF(), shape=(8, 1, 1))
    compare(LIF(), shape=(9, 2, 400))


def test_what_is_saved_of_each_step():
    def save(state, spikes):
        return {
            "soma": state.soma,
            "both": (spikes, 2 * state.dendrite),
            "none": jnp.zeros_like(spikes),
        }

    compare(make("tc_lif"), save=save)


def test_currents_in_bfloat16_leave_the_state_in_float32():
    currents = currents_of(LIF()).astype(jnp.bfloat16)
    with no_fallback():
        found = results(LIF(), currents, None, "pallas")
    state, spikes = found[0]
    assert (state.dtype, spikes.dtype) == (jnp.float32, jnp.bfloat16)
    assert found[2][2].dtype == jnp.bfloat16
    # A kernel and a scan round the gradient of a current once, from the same float32.
    check_equal(results(LIF(), currents, None, "scan"), found, 2**-7)


def test_a_neuron_draws_the_same_numbers():
    noisy, currents = Noisy(neuron=LIF(), deviation=0.5), jnp.ones((20, 4, 8))
    state = noisy.init_state(currents[0], KEY)
    with no_fallback():
        after, spikes = unroll(noisy.step, state, currents, kernel="pallas")
    expected, wanted = unroll(noisy.step, state, currents, kernel="scan")
    np.testing.assert_array_equal(spikes, wanted)
    assert 0 < spikes.mean() < 1
    np.testing.assert_array_equal(*(jax.random.key_data(x.key) for x in (after, expected)))


def test_samples_that_have_ended_are_held():
    lif, currents = LIF(), currents_of(LIF())
    real = jnp.arange(STEPS)[:, None] < jnp.array([7, 3, 1])
    step = held(lif.step, type(lif.init_state(currents[0]))(0))

    def run(currents, kernel):
        state, spikes = unroll(step, lif.init_state(currents[0]), (currents, real), kernel=kernel)
        return (spikes.sum() + state.membrane.sum(), (state, spikes))

    with no_fallback():
        one = jax.value_and_grad(run, has_aux=True)(currents, "pallas")
    other = jax.value_and_grad(run, has_aux=True)(currents, "scan")
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), one, other)
    assert not one[0][1][1][3:, 1].any()


def scans(step, state, currents, words):
    """Asserts that a step runs as a scan, with one warning that says so in these words, and returns its results."""
    with pytest.warns(KernelFallback) as told:
        found = unroll(step, state, currents, kernel="pallas")
    assert len(told) == 1
    assert words in str(told[0].message), str(told[0].message)
    expected = unroll(step, state, currents, kernel="scan")
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_a_step_that_is_not_element_by_element_says_what_it_contains():
    currents = jnp.ones((3, 2, 4))

    def inhibited(state, current):
        state = state + current - state.mean(-1, keepdims=True)
        return state, state

    scans(
        inhibited,
        currents[0],
        currents,
        "inhibited runs as a scan, not as a fused kernel: it sums over neurons or samples",
    )

    def sorted_(state, current):
        return state, jnp.sort(state + current)

    scans(sorted_, currents[0], currents, "it contains sort, which does not act element by element")

    def twice(state, current):
        weights = jnp.ones((4, 4))
        return state @ weights @ weights + current, state

    scans(twice, currents[0], currents, "2 matrix products in a step")

    def wide(state, current):
        return state, (current @ jnp.ones((4, 3)))

    scans(
        wide, currents[0], currents, "it has a matrix product that is not that of a recurrent layer"
    )


def test_buffers_of_earlier_steps():
    compare(make("delayed", neuron=LIF(), longest=3, delay=1.25))
    compare(make("delayed", neuron=LIF(), longest=2, delay=jnp.array([0.0, 0.5, 1.0, 1.5, 2.0])))
    compare(make("delayed", neuron=make("refractory", neuron=LIF()), longest=2), recurrent=True)

    def save(state, spikes):
        return spikes, state.currents

    compare(make("delayed", neuron=LIF(), longest=2), save=save)


def test_a_buffer_that_is_used_in_another_way():
    def rolled(state, current):
        return jnp.sort(state, 0), current

    scans(
        rolled,
        jnp.ones((2, 2, 4)),
        jnp.ones((3, 2, 4)),
        "it contains sort of a buffer of shape [2, 2, 4]",
    )


def test_float64_runs_as_a_scan():
    with jax.enable_x64(True):
        currents = jnp.ones((3, 2, 4))
        with pytest.warns(KernelFallback, match="it computes in float64"):
            unroll(LIF().step, LIF().init_state(currents[0]), currents, kernel="pallas")


def test_no_steps_and_no_neurons():
    lif = LIF()
    state, spikes = unroll(
        lif.step, lif.init_state(jnp.ones((2, 3))), jnp.ones((0, 2, 3)), kernel="pallas"
    )
    assert spikes.shape == (0, 2, 3) and state.membrane.shape == (2, 3)


def test_an_unknown_kernel_is_named():
    with pytest.raises(
        ValueError,
        match="expected kernel to be one of 'auto', 'scan', 'parallel', 'pallas', found 'triton'",
    ):
        unroll(LIF().step, LIF().init_state(jnp.ones((2, 3))), jnp.ones((1, 2, 3)), kernel="triton")
