"""The neurons by hand and in closed form, in float64: decay, reset rules, the compartments of TC-LIF."""

import jax
import numpy as np
import pytest

from fast_compilation import fast_jit
from neuron_traces import NOISE, VECTOR, trace, trace_and_slopes
from spikejax.dynamics.layer import unroll
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.i_lif import ILIF
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.neurons.two_compartment import TwoCompartment

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("model", [LIF, LeakyIntegrator])
def test_below_threshold_the_membrane_decays(model):
    impulse, decay = 0.5 * np.eye(12)[0], 0.8
    for scaling, gain in (("none", 1.0), ("complement", 1 - decay)):
        membrane = trace(model(decay=decay, input_scaling=scaling), impulse)["membrane"]
        np.testing.assert_allclose(membrane, gain * 0.5 * decay ** np.arange(12), rtol=1e-14)


@pytest.mark.parametrize(
    "reset, after",
    [("subtract", [0.75, 0.5, 0.0]), ("zero", [0.75, 0, 0]), ("none", [0.75, 2, 1.5])],
)
def test_reset_rules(reset, after):
    """Threshold 1.5, decay ½, from U = 1: below, above and at the threshold, where it fires."""
    currents = np.array([0.25, 1.5, 1.0])
    neuron = LIF(decay=0.5, threshold=1.5, reset=reset)
    state, spikes = neuron.step(neuron.State(np.ones(3)), currents)
    np.testing.assert_array_equal(spikes, [0, 1, 1])
    np.testing.assert_array_equal(state.membrane, after)


@pytest.mark.parametrize("beta1", [-0.9, -0.25, 0.25, 0.9])
@pytest.mark.parametrize("beta2", [-0.6, 0.6])
def test_from_beta_in_all_quadrants(beta1, beta2):
    neuron = TCLIF.from_beta(beta1, beta2, gamma=0.25, order="paper")
    np.testing.assert_allclose([neuron.beta1, neuron.beta2], [beta1, beta2], rtol=1e-14)
    assert (neuron.gamma, neuron.order) == (0.25, "paper")
    state, _ = neuron.step(neuron.State(np.array(0.5), np.array(0.25)), np.array(0.125))
    dendrite = 0.5 + beta1 * 0.25 + 0.125
    np.testing.assert_allclose(state, [dendrite, 0.25 + beta2 * dendrite], rtol=1e-14)


@pytest.mark.parametrize("beta", [0.0, -1.0, 1.0, 1.5, np.inf, np.nan])
def test_from_beta_refuses_what_it_cannot_reach(beta):
    for name, betas in (("beta1", (beta, 0.5)), ("beta2", (0.5, beta))):
        expected = rf"{name} must lie in \(-1, 0\) or \(0, 1\), found {beta}"
        with pytest.raises(ValueError, match=expected):
            TCLIF.from_beta(*betas)


def ar_lif_memory_and_slope(**options):
    neuron = ARLIF(a=VECTOR, **options)
    currents = 0.6 + NOISE
    zeros = np.zeros_like(NOISE)
    weights = {"spikes": zeros + 1, "membrane": NOISE}
    (slopes, _), found = trace_and_slopes(neuron, currents, weights)
    return found["reset"], slopes.c


def test_c_of_ar_lif_matters_only_if_r_is_carried():
    memory, slope = ar_lif_memory_and_slope()
    assert np.all(memory != 0) and abs(slope) > 1e-3
    memory, slope = ar_lif_memory_and_slope(carry=False)
    assert np.all(memory != 0) and slope == 0
    memory, slope = ar_lif_memory_and_slope(order="paper")
    assert np.all(memory == 0) and slope == 0


@pytest.mark.parametrize("order", ["paper", "code"])
def test_tc_lif_without_spikes_is_linear(order):
    """The gradient is a power of J* = [[1, β1], [β2, 1 + β1 β2]], not of Eq. 14 of TC-LIF."""
    beta1, beta2, steps = -0.4, 0.7, 5
    neuron = TCLIF.from_beta(beta1, beta2, threshold=10.0, order=order)
    currents = np.full((steps, 1), 0.01)

    def last(state):
        return unroll(neuron.step, neuron.State(*state), currents)[0]

    rows = fast_jit(jax.jacrev(last))((np.zeros(1), np.zeros(1)))
    found = np.squeeze(rows)
    once = np.array([[1, beta1], [beta2, 1 + beta1 * beta2]])
    np.testing.assert_allclose(found, np.linalg.matrix_power(once, steps), rtol=1e-12)
    printed = np.array(
        [[1 + beta1 * beta2, beta1], [beta1 * beta2**2 + 2 * beta2, 1 + beta1 * beta2]]
    )
    # The trace does not care which compartment comes first.
    wrong = np.trace(np.linalg.matrix_power(printed, steps))
    assert abs(np.trace(found) - wrong) > 0.1


def test_tc_lif_in_paper_order_is_a_two_compartment_neuron():
    tc_lif = TCLIF.from_beta(-0.4, 0.7, gamma=0.0, threshold=1.2, order="paper")
    general = TwoCompartment(alpha1=1.0, alpha2=1.0, beta1=-0.4, beta2=0.7, threshold=1.2)
    special, expected = trace(tc_lif, 0.5 + NOISE), trace(general, 0.5 + NOISE)
    special["soma"] = special["soma"] + 1.2 * special["spikes"]  # before its reset
    special["dendrite"] = special["dendrite"] + 0.4 * 1.2 * special["spikes"]
    assert 0.1 < np.mean(expected["spikes"]) < 0.6
    for name in expected:
        np.testing.assert_allclose(special[name], expected[name], rtol=1e-10, atol=1e-12)


def test_binary_spikes_of_counts_add_the_same_weights():
    """Each step becomes D steps of 0 and 1: a synapse without bias sends on the same sum."""
    neuron, weights = ILIF(levels=4), np.random.default_rng(3).normal(size=(3, 5))
    currents = 1.5 + 2 * NOISE
    counts = neuron.sequence(neuron.init_state(currents[0]), currents)[1]
    assert set(np.unique(counts)) == {0, 1, 2, 3, 4}
    spikes = np.asarray(neuron.binary(counts))
    assert spikes.shape == (4 * len(counts), *counts.shape[1:]) and set(np.unique(spikes)) == {0, 1}
    sums = (spikes @ weights).reshape(len(counts), 4, *counts.shape[1:-1], 5).sum(1)
    np.testing.assert_allclose(sums, counts @ weights, rtol=1e-12, atol=1e-12)
