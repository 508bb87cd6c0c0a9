"""The oracles against printed traces, closed forms and central differences."""

import golden
import numpy as np
import oracles
import pytest
from oracles import (
    SURROGATES,
    Dual,
    ar_lif,
    gradient,
    leaky_integrator,
    lif,
    objective,
    tc_lif,
    two_compartment,
)

TRIANGLE = SURROGATES["triangle"]


# --- Printed traces -------------------------------------------------------------------------------


def check_golden(trace, table):
    for name in table.columns:
        np.testing.assert_allclose(
            trace[name], table.column(name), rtol=0, atol=golden.TOLERANCE, err_msg=name
        )


def logit(p):
    return np.log(p / (1 - p))


@pytest.mark.parametrize("variant", golden.TC_LIF)
def test_tc_lif_golden(variant):
    table = golden.TC_LIF[variant]
    symbols = dict(table.parameters)
    c1, c2 = logit(-symbols.pop("beta1")), logit(symbols.pop("beta2"))
    trace = tc_lif(table.currents, TRIANGLE, c1=c1, c2=c2, **symbols, **table.options)
    check_golden(trace, table)


@pytest.mark.parametrize("variant", golden.AR_LIF)
def test_ar_lif_golden(variant):
    table = golden.AR_LIF[variant]
    symbols = dict(table.parameters)
    a, c = np.arctanh(symbols.pop("beta")), symbols.pop("alpha")
    check_golden(ar_lif(table.currents, TRIANGLE, a=a, c=c, **symbols, **table.options), table)


# --- Dual numbers ---------------------------------------------------------------------------------

EXPRESSIONS = {
    "add": lambda x, y: x + y + 2.0 + np.float64(1.5) + x,
    "subtract": lambda x, y: x - y - 2.0 * x + (1.0 - y),
    "multiply": lambda x, y: np.arange(3.0) * x * y * 3.0,
    "divide": lambda x, y: x / y + 2.0 / x + y / 4.0,
    "negate": lambda x, y: -x * y,
    "sigmoid": lambda x, y: oracles.sigmoid(x * y),
    "tanh": lambda x, y: oracles.tanh(x - y),
    "exp": lambda x, y: oracles.exp(-x / y),
    "relu": lambda x, y: oracles.relu(x * y) - 2.0 * oracles.relu(-(x * y)),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_dual_arithmetic(name):
    f = EXPRESSIONS[name]
    x, y, step = np.array([0.3, -1.2, 2.5]), np.array([-0.7, 0.4, 1.1]), 1e-6
    along_x, along_y = np.ones((2, 3)) * [[1], [0]], np.ones((2, 3)) * [[0], [1]]
    result = f(Dual(x, along_x), Dual(y, along_y))
    np.testing.assert_allclose(result.value, f(x, y), rtol=1e-15)
    by_x = (f(x + step, y) - f(x - step, y)) / (2 * step)
    by_y = (f(x, y + step) - f(x, y - step)) / (2 * step)
    np.testing.assert_allclose(result.tangent, [by_x, by_y], rtol=1e-7, atol=1e-8)


def test_functions_at_their_corners():
    x = Dual([-1.0, 0.0, 1.0], np.ones((1, 3)))
    np.testing.assert_array_equal(oracles.relu(x).tangent, [[0, 0, 1]])
    np.testing.assert_array_equal(oracles.fire(x, TRIANGLE).value, [0, 1, 1])
    np.testing.assert_array_equal(oracles.fire(x, TRIANGLE, strict=True).value, [0, 0, 1])
    np.testing.assert_array_equal(oracles.fire(x, TRIANGLE).tangent, [[0, 1, 0]])
    np.testing.assert_array_equal(oracles.sigmoid([-2000.0, 0.0, 2000.0]), [0, 0.5, 1])


# --- Gradients of the neurons against central differences -----------------------------------------

RANDOM = np.random.default_rng(0)
CURRENTS = RANDOM.normal(0.6, 0.8, (12, 2))
VECTOR = np.array([0.5, 0.8])  # a parameter for each neuron


def plif(currents, *arguments, w, **parameters):
    return lif(currents, *arguments, decay=1.0 - oracles.sigmoid(w), **parameters)


def case(neuron, options=None, **parameters):
    """The numbers in `parameters` are differentiated, `options` are not."""
    return neuron, parameters, options or {}


CASES = {
    "lif_subtract": case(lif, {"reset": "subtract"}, decay=0.8, threshold=1.1),
    "lif_zero": case(lif, {"reset": "zero"}, decay=0.8, threshold=1.1),
    "lif_none": case(lif, {"reset": "none"}, decay=0.8, threshold=1.1),
    "lif_scaled": case(lif, {"input_scaling": True}, decay=VECTOR, threshold=0.4),
    "plif": case(plif, {"reset": "zero"}, w=-1.4),
    "leaky_integrator": case(leaky_integrator, decay=VECTOR),
    "leaky_integrator_scaled": case(leaky_integrator, {"input_scaling": True}, decay=0.7),
    "two_compartment": case(two_compartment, alpha1=0.9, alpha2=0.8, beta1=-0.4, beta2=0.6),
    "tc_lif_paper": case(tc_lif, {"order": "paper"}, c1=0.3, c2=-0.4, gamma=0.6, threshold=1.2),
    "tc_lif_code": case(tc_lif, {"order": "code"}, c1=0.3, c2=-0.4, gamma=0.6, threshold=1.2),
    "tc_lif_signs": case(tc_lif, {"order": "code", "sign1": 1.0}, c1=-2.0, c2=-1.0, gamma=0.5),
    "ar_lif_code": case(ar_lif, a=VECTOR, c=0.8, decay=0.5),
    "ar_lif_forgetful": case(ar_lif, {"carry": False}, a=0.3, c=1.0, decay=0.2),
    "ar_lif_paper": case(ar_lif, {"order": "paper"}, a=0.3, c=1.0, decay=0.5),
}


def random_weights(trace):
    draw = np.random.default_rng(1).normal
    return {name: draw(size=values.shape) for name, values in trace.items()}


def check_central_differences(name, currents, surrogate, step=1e-6):
    neuron, parameters, options = CASES[name]
    weights = random_weights(neuron(currents, surrogate, **parameters, **options))
    arguments = {"currents": currents, **parameters}
    slopes = gradient(neuron, currents, surrogate, weights, parameters, list(arguments), **options)

    def loss(argument, index, shift):
        shifted = np.array(arguments[argument], np.float64)
        shifted[index] += shift
        changed = {**arguments, argument: shifted}
        drive = changed.pop("currents")
        return objective(neuron(drive, surrogate, **changed, **options), weights)

    for argument, slope in slopes.items():
        assert slope.shape == np.shape(arguments[argument])
        for index in np.ndindex(slope.shape):
            rise = loss(argument, index, step) - loss(argument, index, -step)
            np.testing.assert_allclose(slope[index], rise / (2 * step), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_gradient_without_spikes(name):
    """Below threshold, and where the surrogate is 0, the neuron is smooth."""
    currents = 0.02 * CURRENTS
    neuron, parameters, options = CASES[name]
    trace = neuron(currents, None, **parameters, **options)
    assert not np.any(trace.get("spikes", 0.0))
    check_central_differences(name, currents, lambda x: 0.0 * x)


@pytest.mark.parametrize("name", CASES)
def test_gradient_through_graded_spikes(name, monkeypatch):
    """If spikes are a sigmoid in truth, their derivative is no surrogate: all paths are checked."""
    monkeypatch.setattr(oracles, "heaviside", lambda x, strict=False: 1 / (1 + np.exp(-4 * x)))
    check_central_differences(name, CURRENTS, SURROGATES["sigmoid"])


@pytest.mark.parametrize("name", CASES)
def test_dual_and_plain_traces_are_equal(name):
    neuron, parameters, options = CASES[name]
    plain = neuron(CURRENTS, TRIANGLE, **parameters, **options)
    dual = neuron(Dual(CURRENTS, np.zeros((1, *CURRENTS.shape))), TRIANGLE, **parameters, **options)
    assert plain.keys() == dual.keys()
    assert "spikes" not in plain or 0.05 < plain["spikes"].mean() < 0.95
    for variable, values in plain.items():
        assert values.shape == CURRENTS.shape
        np.testing.assert_array_equal(dual[variable].value, values)


# --- Gradients by hand ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reset, after, detached_after",
    # x = 1.25 and threshold 1: s = 1 and ds/dx = 0.75.  Then u is x - s, x (1 - s) or x.
    [("subtract", 1 - 0.75, 1.0), ("zero", -1.25 * 0.75, 0.0), ("none", 1.0, 1.0)],
)
def test_triangle_through_one_spike(reset, after, detached_after):
    parameters, wrt = {"decay": 0.5, "threshold": 1.0}, ["currents"]
    for detach_reset, expected in [(False, after), (True, detached_after)]:
        for weights, slope in [({"spikes": 1.0}, 0.75), ({"membrane_after": 1.0}, expected)]:
            options = {"reset": reset, "detach_reset": detach_reset}
            slopes = gradient(lif, [1.25], TRIANGLE, weights, parameters, wrt, **options)
            np.testing.assert_allclose(slopes["currents"], [slope], atol=1e-15)


def test_tc_lif_detached_reset():
    """Two steps with beta = (-1/2, 1/2), V_th = gamma = 1; the first fires, at U - V_th = 1/4.

    D1 = I1, U1 = D1 / 2, so ds1/dI1 = 3/8; the second step starts from (D1 - s1, U1 - s1).
    """
    parameters = {"c1": 0.0, "c2": 0.0, "gamma": 1.0}
    weights = {"soma": np.array([0.0, 1.0])}
    expected = {}
    for detach_reset, spike in [(True, 0.0), (False, 0.375)]:
        d_after, u_after = 1 - spike, 0.5 - spike
        expected[detach_reset] = u_after + (d_after - u_after / 2) / 2
        options = {"order": "code", "detach_reset": detach_reset}
        slopes = gradient(
            tc_lif, [2.5, 0.0], TRIANGLE, weights, parameters, ["currents"], **options
        )
        np.testing.assert_allclose(slopes["currents"], [expected[detach_reset], 0.5], atol=1e-15)
    assert expected[True] != expected[False]


def test_ar_lif_detached_reset():
    """One step that fires: u = x - s V_r, V_r = 1 + sigmoid(r) + beta tanh(x), r = (2s-1) sigma."""
    x, beta = 1.5, 0.3
    gate, sech2 = oracles.sigmoid(x), 1 - np.tanh(x) ** 2
    squashed = oracles.sigmoid(gate)
    by_gate = squashed * (1 - squashed)
    reset_voltage = 1 + squashed + beta * np.tanh(x)
    detached = 1 - by_gate * gate * (1 - gate) - beta * sech2
    spike = (1 - (x - 1 - beta * np.tanh(x))) * (1 - beta * sech2)  # ds/dx
    attached = detached - spike * (reset_voltage + by_gate * 2 * gate)
    parameters, weights = {"a": np.arctanh(beta), "c": 1.0}, {"membrane_after": 1.0}
    for detach_reset, expected in [(True, detached), (False, attached)]:
        options = {"detach_reset": detach_reset}
        slopes = gradient(ar_lif, [x], TRIANGLE, weights, parameters, ["currents"], **options)
        np.testing.assert_allclose(slopes["currents"], [expected], rtol=1e-13)


def test_alpha_of_ar_lif_matters_only_if_r_is_carried():
    """In Eq. 8 r stays 0, and a forgotten r is 0 before its decay: alpha then has no gradient."""
    spread = {"spikes": 1.0, "membrane_after": RANDOM.normal(size=CURRENTS.shape)}
    parameters = {"a": 0.3, "c": 1.0}

    def by_alpha(**options):
        slopes = gradient(ar_lif, CURRENTS, TRIANGLE, spread, parameters, ["c"], **options)
        return slopes["c"]

    assert abs(by_alpha()) > 1e-3
    assert by_alpha(carry=False) == 0
    assert by_alpha(order="paper") == 0
    assert not np.any(ar_lif(CURRENTS, TRIANGLE, **parameters, order="paper")["memory"])


# --- Closed forms and consistency -----------------------------------------------------------------


def test_leaky_integrator_impulse_response():
    impulse, decay = np.eye(12)[0], 0.8
    response = decay ** np.arange(12)
    trace = leaky_integrator(impulse, decay=decay)
    np.testing.assert_allclose(trace["membrane"], response)
    trace = leaky_integrator(impulse, decay=decay, input_scaling=True)
    np.testing.assert_allclose(trace["membrane"], (1 - decay) * response)
    last = {"membrane": np.eye(12)[-1]}
    slopes = gradient(
        leaky_integrator, impulse, None, last, {"decay": decay}, ["decay", "currents"]
    )
    np.testing.assert_allclose(slopes["currents"], response[::-1])
    np.testing.assert_allclose(slopes["decay"], 11 * decay**10)


@pytest.mark.parametrize("order", ["paper", "code"])
def test_tc_lif_without_spikes_is_linear(order):
    """(D, U) moves by [[1, beta1], [beta2, 1 + beta1 beta2]]; the current enters as (1, beta2)."""
    c1, c2, steps = 0.3, -0.4, 9
    beta1, beta2 = -oracles.sigmoid(c1), oracles.sigmoid(c2)
    jacobian = np.array([[1, beta1], [beta2, 1 + beta1 * beta2]])
    state = np.linalg.matrix_power(jacobian, steps - 1) @ [1, beta2]
    last = np.eye(steps)[-1]
    for name, expected in zip(["dendrite", "soma"], state, strict=True):
        slopes = gradient(
            tc_lif,
            np.full(steps, 0.01),
            TRIANGLE,
            {name: last},
            {"c1": c1, "c2": c2, "gamma": 0.5, "threshold": 10.0, "order": order},
            ["currents"],
        )
        np.testing.assert_allclose(slopes["currents"][0], expected, rtol=1e-13)


def test_tc_lif_in_paper_order_is_a_two_compartment_neuron():
    betas = {"beta1": -oracles.sigmoid(0.3), "beta2": oracles.sigmoid(-0.4)}
    general = two_compartment(CURRENTS, TRIANGLE, alpha1=1.0, alpha2=1.0, **betas, threshold=1.2)
    special = tc_lif(CURRENTS, TRIANGLE, c1=0.3, c2=-0.4, gamma=0.0, threshold=1.2, order="paper")
    for name in general:
        np.testing.assert_allclose(special[name], general[name], rtol=0, atol=1e-14)


def test_tc_lif_orders_differ_by_the_reset_of_the_soma():
    """Eq. 10 in "code" order has -beta1 V_th s[t-1] more; both coincide until the first spike."""
    parameters = {"c1": 0.0, "c2": 0.0, "gamma": 0.5, "threshold": 1.2}
    paper, code = (tc_lif(CURRENTS, TRIANGLE, **parameters, order=o) for o in ["paper", "code"])
    before, spikes = np.roll(code["soma"], 1, 0), np.roll(code["spikes"], 1, 0)
    drive = np.roll(code["dendrite"], 1, 0) - 0.5 * before - 0.5 * spikes + CURRENTS
    expected = drive + 0.5 * 1.2 * spikes
    np.testing.assert_allclose(code["dendrite"][1:], expected[1:], atol=1e-13)
    assert np.any(np.abs(paper["dendrite"] - code["dendrite"]) > 0.1)


# --- Surrogates -----------------------------------------------------------------------------------

AREAS = {
    "triangle": 1,
    "rectangle": 1,
    "atan": 1,
    "sigmoid": 1,
    "fast_sigmoid": 2 / 25,  # 2 / slope
    "super_spike": 2 / 100,
    "gaussian": 1,
    "multi_gaussian": 0.425,  # (1 + h - 2 h) / 2
    "piecewise_exponential": 1,
    "erf": 1,
}
PEAKS = {
    "triangle": 1,
    "rectangle": 1,
    "atan": 1,  # slope / 2
    "sigmoid": 1,  # slope / 4
    "fast_sigmoid": 1,
    "super_spike": 1,
    "gaussian": np.sqrt(2 / np.pi),  # 1 / (sigma sqrt(2 pi))
    # 0.5 (1.15 N(0; 0, 0.5) - 2 * 0.15 N(0; 0.5, 3)); 0.5 is a sixth of 3
    "multi_gaussian": 0.5 * (1.15 * 2 - 0.3 * np.exp(-1 / 72) / 3) / np.sqrt(2 * np.pi),
    "piecewise_exponential": 0.5,  # slope / 2
    "erf": 2 / np.sqrt(np.pi),  # slope / sqrt(pi)
}


@pytest.mark.parametrize("name", SURROGATES)
def test_surrogate_area_peak_and_symmetry(name):
    derivative = SURROGATES[name]
    # x = sinh(z) reaches far into the heavy tails and is fine around 0; midpoints of z
    z = (np.arange(200_000) + 0.5) * 1e-4
    x, width = np.sinh(z), 1e-4 * np.cosh(z)
    np.testing.assert_allclose(derivative(x), derivative(-x), rtol=1e-12)
    np.testing.assert_allclose(2 * np.sum(derivative(x) * width), AREAS[name], atol=1e-4)
    np.testing.assert_allclose(derivative(np.float64(0)), PEAKS[name], rtol=1e-12)


@pytest.mark.parametrize(
    "name, options, x, expected",
    [
        ("triangle", {}, 1.0, 0),
        ("triangle", {"width": 2.0}, 1.0, 0.25),
        ("rectangle", {}, 0.5, 1),
        ("rectangle", {}, 0.5 + 1e-12, 0),
        ("rectangle", {"width": 4.0}, 2.0, 0.25),
        ("atan", {"slope": 4.0}, 1 / (2 * np.pi), 1),  # pi slope x / 2 = 1
        ("sigmoid", {"slope": 2.0}, np.log(3) / 2, 2 * 0.75 * 0.25),
        ("fast_sigmoid", {}, 0.04, 0.25),
        ("super_spike", {}, 0.01, 0.25),
        ("gaussian", {"sigma": 2.0}, 2.0, np.exp(-0.5) / (2 * np.sqrt(2 * np.pi))),
        ("piecewise_exponential", {"slope": 2.0}, np.log(2), 0.25),
        ("erf", {"slope": 1.0}, 1.0, 1 / (np.e * np.sqrt(np.pi))),
    ],
)
def test_surrogate_values(name, options, x, expected):
    for side in (x, -x):
        value = SURROGATES[name](np.float64(side), **options)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-15)
