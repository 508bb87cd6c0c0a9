"""The neurons against the oracles, the printed traces and arithmetic by hand, in float64."""

import dataclasses
import itertools
from types import SimpleNamespace

import golden
import jax
import numpy as np
import oracles
import pytest

from spikejax.dynamics import unroll
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.base import fields
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.neurons.two_compartment import TwoCompartment
from spikejax.surrogate import SURROGATES, ATan

pytestmark = pytest.mark.usefixtures("float64")

STEPS, BATCH, FEATURES = 24, 2, 3
NOISE = np.random.default_rng(0).normal(size=(STEPS, BATCH, FEATURES))
VECTOR = np.array([0.5, 0.7, 0.9])  # a number for each neuron


# --- Traces ---------------------------------------------------------------------------------------
# The oracles name their variables `x` before and `x_after` after the reset. The library carries the
# latter; what a spike took is added again to get the former.


def lif_trace(neuron, state, spikes):
    return {"spikes": spikes, "membrane_after": state.membrane}


def leaky_trace(neuron, state, output):
    return {"membrane": state.membrane}


def two_compartment_trace(neuron, state, spikes):
    return {"spikes": spikes, "dendrite": state.dendrite, "soma": state.soma}


def tc_lif_trace(neuron, state, spikes):
    taken = neuron.gamma
    if neuron.order == "paper":
        taken = taken - neuron.beta1 * neuron.threshold
    return {
        "spikes": spikes,
        "dendrite": state.dendrite + taken * spikes,
        "soma": state.soma + neuron.threshold * spikes,
        "soma_after": state.soma,
    }


def ar_lif_trace(neuron, state, spikes):
    return {"spikes": spikes, "membrane_after": state.membrane, "memory": state.reset}


TRACES = {
    LIF: lif_trace,
    LeakyIntegrator: leaky_trace,
    TwoCompartment: two_compartment_trace,
    TCLIF: tc_lif_trace,
    ARLIF: ar_lif_trace,
}


def trace(neuron, currents):
    """{variable: [T, ...]} under the oracles' names."""

    def save(state, spikes):
        return TRACES[type(neuron)](neuron, state, spikes)

    return unroll(neuron.step, neuron.init_state(currents[0]), currents, save=save)[1]


@jax.jit
def trace_and_slopes(neuron, currents, weights):
    """The trace, and the gradient of Σ weights · trace by the neuron's numbers and the currents."""

    def loss(neuron, currents):
        found = trace(neuron, currents)
        return sum((weights[name] * found[name]).sum() for name in weights), found

    return jax.grad(loss, argnums=(0, 1), has_aux=True)(neuron, currents)


# --- Against the oracles --------------------------------------------------------------------------


def case(neuron, oracle, drives, **options):
    """`drives` are means and deviations of the currents; `options` are those of the oracle."""
    return SimpleNamespace(neuron=neuron, oracle=oracle, drives=drives, options=options)


CASES = {}

for reset, scaling, detach in itertools.product(
    ("subtract", "zero", "none"), ("none", "complement"), (False, True)
):
    options = {"reset": reset, "detach_reset": detach}
    CASES[f"lif-{reset}-{scaling}-{'detached' if detach else 'attached'}"] = case(
        LIF(decay=VECTOR, threshold=0.8, input_scaling=scaling, **options),
        oracles.lif,
        [(0.2, 0.5), (0.2, 1), (0.2, 4)] if scaling == "none" else [(0.8, 0.5), (0.8, 2), (0.8, 4)],
        input_scaling=scaling == "complement",
        **options,
    )

for scaling in ("none", "complement"):
    CASES[f"leaky_integrator-{scaling}"] = case(
        LeakyIntegrator(decay=VECTOR, input_scaling=scaling),
        oracles.leaky_integrator,
        [(0.3, 0.5), (0.0, 4.0)],
        input_scaling=scaling == "complement",
    )

CASES["two_compartment"] = case(
    TwoCompartment(alpha1=0.9, alpha2=VECTOR, beta1=-0.4, beta2=0.6, threshold=0.9),
    oracles.two_compartment,
    [(0.4, 0.5), (0.4, 1), (0.4, 4)],
)

for order, sign1, sign2 in itertools.product(("code", "paper"), (-1.0, 1.0), (-1.0, 1.0)):
    CASES[f"tc_lif-{order}-{sign1:+.0f}{sign2:+.0f}"] = case(
        TCLIF(c1=-1.2, c2=-VECTOR, sign1=sign1, sign2=sign2, threshold=0.9, order=order),
        oracles.tc_lif,
        [(0.0, 1), (0.0, 2), (0.0, 4)],
        order=order,
    )

for name, options in {
    "code": {},
    "forgetful": {"carry": False},
    "paper": {"order": "paper"},
}.items():
    CASES[f"ar_lif-{name}"] = case(
        ARLIF(a=VECTOR, c=0.8, decay=0.6, **options),
        oracles.ar_lif,
        [(0.6, 1), (0.6, 2), (0.6, 4)],
        **options,
    )


def oracle_surrogate(surrogate):
    names = {cls: name for name, cls in SURROGATES.items()}
    numbers = dataclasses.asdict(surrogate)
    return lambda x: oracles.SURROGATES[names[type(surrogate)]](x, **numbers)


def trace_names(neuron):
    zeros = np.zeros(())
    return list(TRACES[type(neuron)](neuron, neuron.init_state(zeros), zeros))


def check_against_oracle(neuron, oracle, drives, options, surrogate):
    numbers = {name: np.asarray(getattr(neuron, name), float) for name in fields(neuron)}
    curve = oracle_surrogate(surrogate) if surrogate else None
    for mean, deviation in drives:
        currents = mean + deviation * NOISE
        expected = oracle(currents, curve, **numbers, **options)
        draw = np.random.default_rng(1).normal
        weights = {name: draw(size=NOISE.shape) for name in trace_names(neuron)}
        (by_neuron, by_currents), found = trace_and_slopes(neuron, currents, weights)
        for name in weights:
            np.testing.assert_allclose(
                found[name], expected[name], rtol=1e-10, atol=1e-12, err_msg=name
            )
        if neuron.spiking:
            np.testing.assert_array_equal(found["spikes"], expected["spikes"])
            assert 0.1 <= expected["spikes"].mean() <= 0.6
        slopes = oracles.gradient(
            oracle, currents, curve, weights, numbers, ["currents", *numbers], **options
        )
        for name, slope in slopes.items():
            by_name = by_currents if name == "currents" else getattr(by_neuron, name)
            scale = np.max(np.abs(slope))
            np.testing.assert_allclose(by_name, slope, rtol=1e-9, atol=1e-9 * scale, err_msg=name)


@pytest.mark.parametrize("name", CASES)
def test_neuron_equals_its_oracle(name):
    """States, spikes and surrogate gradients, by the currents and by every number."""
    case = CASES[name]
    surrogate = getattr(case.neuron, "surrogate", None)
    check_against_oracle(case.neuron, case.oracle, case.drives, case.options, surrogate)


# The surrogate is the same line for all choices of LIF: a few of them do.
ANOTHER = [n for n in CASES if not any(word in n for word in ("leaky", "complement", "detached"))]


@pytest.mark.parametrize("name", ANOTHER)
def test_neuron_equals_its_oracle_with_another_surrogate(name):
    case = CASES[name]
    surrogate = ATan(slope=1.5)
    neuron = dataclasses.replace(case.neuron, surrogate=surrogate)
    check_against_oracle(neuron, case.oracle, case.drives[:1], case.options, surrogate)


# --- Printed traces -------------------------------------------------------------------------------


def check_golden(found, table):
    for name in table.columns:
        np.testing.assert_allclose(
            found[name], table.column(name), rtol=0, atol=golden.TOLERANCE, err_msg=name
        )


def logit(p):
    return np.log(p / (1 - p))


@pytest.mark.parametrize("variant", golden.TC_LIF)
def test_tc_lif_golden(variant):
    table = golden.TC_LIF[variant]
    symbols = dict(table.parameters)
    beta1, beta2 = symbols.pop("beta1"), symbols.pop("beta2")
    neuron = TCLIF(c1=logit(-beta1), c2=logit(beta2), **symbols, **table.options)
    check_golden(trace(neuron, np.array(table.currents, float)), table)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Distance:
    """A probe: the gradient of a spike tells how far its membrane was from the threshold."""

    def derivative(self, x):
        return x


@jax.jit
def distance_to_threshold(neuron, state, current):
    probe = dataclasses.replace(neuron, surrogate=Distance())

    def spikes(membrane):
        return probe.step(state._replace(membrane=membrane), current)[1]

    return jax.grad(spikes)(state.membrane) / neuron.decay


@pytest.mark.parametrize("variant", golden.AR_LIF)
def test_ar_lif_golden(variant):
    table = golden.AR_LIF[variant]
    symbols = dict(table.parameters)
    options = dict(table.options)
    options.pop("strict", None)  # the library fires at equality, which does not occur: see below
    a, c = np.arctanh(symbols.pop("beta")), symbols.pop("alpha")
    neuron = ARLIF(a=a, c=c, **symbols, **options)
    state, rows = neuron.init_state(np.zeros(())), []
    for current in np.array(table.currents, float):
        before = neuron.decay * state.membrane + current
        distance = distance_to_threshold(neuron, state, current)
        assert abs(distance) > 1e-3
        state, spikes = neuron.step(state, current)
        row = {"membrane": before, "threshold": before - distance, "spikes": spikes}
        row |= {"memory": state.reset, "membrane_after": state.membrane}
        rows.append(row | {"reset_voltage": distance - state.membrane})  # Eq. 8
    check_golden({name: [row[name] for row in rows] for name in rows[0]}, table)


# --- By hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [LIF, LeakyIntegrator])
def test_below_threshold_the_membrane_decays(model):
    impulse, decay = 0.5 * np.eye(12)[0], 0.8
    for scaling, gain in (("none", 1.0), ("complement", 1 - decay)):
        found = trace(model(decay=decay, input_scaling=scaling), impulse)
        membrane = found["membrane_after"] if model is LIF else found["membrane"]
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
    weights = {"spikes": zeros + 1, "membrane_after": NOISE, "memory": zeros}
    (slopes, _), found = trace_and_slopes(neuron, currents, weights)
    return found["memory"], slopes.c


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

    rows = jax.jacrev(last)((np.zeros(1), np.zeros(1)))
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
    assert 0.1 < np.mean(expected["spikes"]) < 0.6
    for name in expected:
        np.testing.assert_allclose(special[name], expected[name], rtol=1e-10, atol=1e-12)
