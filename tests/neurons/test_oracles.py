"""The oracles against printed traces, closed forms and central differences."""

import itertools
from typing import NamedTuple

import golden
import numpy as np
import oracles
import pytest
from oracles import (
    DRIVES,
    SURROGATES,
    Dual,
    adex,
    ahp,
    alif,
    alpha,
    ar_lif,
    clif,
    cuba_lif,
    da_lif,
    exponential_lif,
    glif,
    gradient,
    heterogeneous_lif,
    integrate_and_fire,
    izhikevich,
    klif,
    leaky_integrator,
    lif,
    lm_h,
    ltmd,
    masked_psn,
    mpe_psn,
    objective,
    pinsky_rinzel,
    plif,
    psn,
    quadratic_lif,
    resonate_and_fire,
    sliding_psn,
    stochastic_lif,
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


def test_clif_golden():
    check_golden(clif(golden.CLIF.currents, TRIANGLE, **golden.CLIF.parameters), golden.CLIF)


# --- Dual numbers ---------------------------------------------------------------------------------

EXPRESSIONS = {
    "add": lambda x, y: x + y + 2.0 + np.float64(1.5) + x,
    "subtract": lambda x, y: x - y - 2.0 * x + (1.0 - y),
    "multiply": lambda x, y: np.arange(3.0) * x * y * 3.0,
    "divide": lambda x, y: x / y + 2.0 / x + y / 4.0,
    "negate": lambda x, y: -x * y,
    "sigmoid": lambda x, y: oracles.sigmoid(x * y),
    "tanh": lambda x, y: oracles.tanh(x - y),
    "power": lambda x, y: x**3 - (x * y) ** 2,
    "exp": lambda x, y: oracles.exp(-x / y),
    "log": lambda x, y: oracles.log(x * x + y * y),
    "turn": lambda x, y: oracles.cos(x * y) - 2.0 * oracles.sin(x + y),
    "extremes": lambda x, y: oracles.maximum(x, y) - 3.0 * oracles.minimum(x * y, 0.1),
    "shapes": lambda x, y: x[1] * y - y[2] / x + x[0],
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
NOISE = RANDOM.normal(size=(12, 2))
UNIFORM = RANDOM.uniform(size=(12, 2))
VECTOR = np.array([0.5, 0.8])  # a parameter for each neuron
WEIGHT = RANDOM.normal(0.3, 0.6, (12, 12))
BIAS = RANDOM.normal(-1.0, 0.2, 12)


class Case(NamedTuple):
    neuron: object
    parameters: dict  # these are differentiated
    options: dict  # these are not
    currents: np.ndarray
    quiet: np.ndarray  # these make no spikes


def case(neuron, options=None, currents=CURRENTS, quiet=0.02 * CURRENTS, **parameters):
    return Case(neuron, parameters, options or {}, currents, quiet)


CASES = {
    "lif_scaled": case(lif, {"input_scaling": True}, decay=VECTOR, threshold=0.4),
    "plif_zero": case(plif, {"detach_reset": False, "input_scaling": "none"}, w=-1.4),
    "plif_subtract": case(
        plif, {"detach_reset": False, "reset": "subtract"}, w=VECTOR, threshold=0.7
    ),
    "leaky_integrator": case(leaky_integrator, decay=VECTOR),
    "leaky_integrator_scaled": case(leaky_integrator, {"input_scaling": "complement"}, decay=0.7),
    "two_compartment": case(two_compartment, alpha1=0.9, alpha2=0.8, beta1=-0.4, beta2=0.6),
    "tc_lif_paper": case(tc_lif, {"order": "paper"}, c1=0.3, c2=-0.4, gamma=0.6, threshold=1.2),
    "tc_lif_code": case(tc_lif, {"order": "code"}, c1=0.3, c2=-0.4, gamma=0.6, threshold=1.2),
    "tc_lif_signs": case(tc_lif, {"order": "code", "sign1": 1.0}, c1=-2.0, c2=-1.0, gamma=0.5),
    "ar_lif_code": case(ar_lif, a=VECTOR, c=0.8, decay=0.5),
    "ar_lif_forgetful": case(ar_lif, {"carry": False}, a=0.3, c=1.0, decay=0.2),
    "ar_lif_paper": case(ar_lif, {"order": "paper"}, a=0.3, c=1.0, decay=0.5),
    "alpha_none": case(alpha, {"reset": "none"}, synaptic_decay=VECTOR + 0.1, decay=0.4),
    "ahp": case(ahp, tau_membrane=5.0, tau_adaptation=8.0, strength=20.0, threshold=0.7),
    "clif": case(clif, tau=2.5, threshold=0.9),
    "ltmd": case(ltmd, w=VECTOR, decay=0.4),
    "lm_h": case(
        lm_h,
        {"detach_reset": False},
        alpha1=0.3,
        beta1=-0.4,
        alpha2=-0.9,
        beta2=0.5,
        threshold=0.9,
    ),
    "resonate_none": case(resonate_and_fire, {"reset": "none"}, damping=-0.3, frequency=0.8),
    "psn": case(psn, weight=WEIGHT, bias=BIAS),
    "masked_psn": case(masked_psn, {"order": 3}, weight=WEIGHT, bias=BIAS, masking=0.7),
    "sliding_psn": case(sliding_psn, weight=np.array([-0.2, 0.5, 0.9]), bias=-0.8),
    "mpe_psn": case(mpe_psn, {"uniform": UNIFORM}, tau=0.6, threshold=0.8),
    "heterogeneous_lif": case(
        heterogeneous_lif,
        {"detach": False},
        currents=3.0 * CURRENTS,
        synaptic_decay=VECTOR,
        decay=VECTOR[::-1],
        threshold=0.8,
        rest=-0.1,
        reset_voltage=0.2,
    ),
    "quadratic_lif": case(
        quadratic_lif,
        tau=2.0,
        a0=1.3,
        rest=-0.1,
        critical=0.7,
        threshold=0.9,
        reset_voltage=-0.2,
    ),
    "quadratic_lif_started": case(quadratic_lif, start=VECTOR - 0.5, a0=0.9),
    "exponential_lif": case(
        exponential_lif,
        quiet=0.02 * CURRENTS - 0.5,
        tau=2.0,
        slope_factor=0.6,
        rheobase=0.9,
        rest=-0.1,
        threshold=1.1,
        reset_voltage=-0.2,
    ),
    # With numbers at which the upswing, its cap and the adaptation all matter within a few steps.
    "adex": case(
        adex,
        currents=3000.0 + 3000.0 * NOISE,
        quiet=20.0 * NOISE,
        capacitance=200.0,
        leak_conductance=30.0,
        rest=-70.0,
        slope_factor=2.0,
        rheobase=-67.0,
        a=40.0,
        tau_adaptation=1.5,
        b=80.0,
        reset_voltage=-71.0,
        peak=-65.9,
        dt=0.1,
    ),
    "adex_started": case(
        adex, {"start": (-69.0, 30.0)}, 3e3 * NOISE + 4e3, -60.0 + NOISE, rest=-69.0, peak=-64.0
    ),
    "izhikevich": case(
        izhikevich,
        currents=25.0 + 20.0 * NOISE,
        quiet=-5.0 + NOISE,
        a=0.1,
        b=0.2,
        c=-64.0,
        d=6.0,
        peak=-54.0,
        dt=0.5,
    ),
    "izhikevich_after": case(
        izhikevich,
        {"recovery": "after"},
        currents=25.0 + 20.0 * NOISE,
        quiet=-5.0 + NOISE,
        a=0.3,
        peak=-54.0,
        quadratic=0.05,
        linear=6.0,
        constant=150.0,
        rest=-60.0,
    ),
    "izhikevich_started": case(
        izhikevich, {"start": (-60.0, -12.0)}, 20.0 + 20.0 * NOISE, NOISE, d=6.0, peak=-52.0
    ),
}

# Every way to fire and to reset.
FIRING = [
    dict(zip(("reset", "reset_timing", "late"), choice, strict=True))
    for choice in itertools.product(("subtract", "zero", "none"), ("same", "next"), (False, True))
]
for firing in FIRING:
    kind = "_".join(map(str, firing.values()))
    CASES[f"lif_{kind}"] = case(lif, firing, decay=VECTOR, threshold=0.9)
    CASES[f"integrate_and_fire_{kind}"] = case(integrate_and_fire, firing, threshold=1.1)
    synapse = "jump" if firing["reset_timing"] == "same" else "decayed_jump"
    scaling = "complement" if firing["late"] else "none"
    CASES[f"cuba_lif_{kind}"] = case(
        cuba_lif,
        {**firing, "synapse": synapse, "input_scaling": scaling},
        synaptic_decay=VECTOR,
        decay=0.7,
        threshold=0.9,
    )
for order in ("yin", "lsnn", "sfa", "tc_lif", "spyx"):
    CASES[f"alif_{order}"] = case(
        alif,
        {"order": order},
        quiet=np.array([-1.0, -0.5]) + 0.02 * CURRENTS,
        tau_membrane=3.0,
        tau_adaptation=VECTOR * 10,
        baseline=0.2,
        strength=-0.3 if order == "sfa" else 1.5,
        floor=0.17,
    )
for reset in ("subtract", "zero", "none"):
    CASES[f"klif_{reset}"] = case(
        klif, {"reset": reset, "input_scaling": "none"}, k=0.8, decay=VECTOR, threshold=0.7
    )
    CASES[f"klif_{reset}_scaled"] = case(
        klif, {"reset": reset, "scale_reset": True}, k=VECTOR + 1, decay=0.4, threshold=0.7
    )
    CASES[f"da_lif_{reset}"] = case(da_lif, {"reset": reset}, a=VECTOR, b=0.6, threshold=0.6)
    # So quiet that the probability of a spike has no slope left.
    CASES[f"stochastic_lif_{reset}"] = case(
        stochastic_lif,
        {"reset": reset, "uniform": UNIFORM},
        quiet=0.02 * CURRENTS - 30.0,
        decay=VECTOR,
        threshold=0.9,
        width=0.25,
    )
for reset in ("zero", "voltage"):
    CASES[f"resonate_{reset}"] = case(
        resonate_and_fire,
        {"reset": reset},
        damping=-0.3,
        frequency=VECTOR + 0.2,
        dt=0.9,
        threshold=0.6,
    )
CASES["alpha_zero"] = case(
    alpha, {"reset": "zero"}, synaptic_decay=VECTOR + 0.1, decay=0.4, threshold=0.6
)

GATES = {"gate_leak": 0.3, "gate_input": VECTOR, "gate_reset": -0.4, "decay": 0.2}
VOLTAGES = {"threshold": -0.3, "leak": -1.0, "reset_voltage": 0.1}
for name, conductance in {
    "number": 0.4,
    "steps": RANDOM.normal(size=12),
    "short": RANDOM.normal(size=5),
    "channels": RANDOM.normal(size=(12, 2)),
}.items():
    CASES[f"glif_{name}"] = case(glif, **GATES, **VOLTAGES, conductance=conductance)

for coupling in ("physical", "printed"):
    CASES[f"pinsky_rinzel_{coupling}"] = case(
        pinsky_rinzel,
        {"coupling": coupling},
        currents=400.0 + 300.0 * NOISE,
        quiet=-20.0 + NOISE,
        g_na=50.0,
        g_k=22.0,
        g_l=0.2,
        g_nap=0.15,
        g_ks=0.8,
        g_c=1.1,
        e_na=54.0,
        e_k=-89.0,
        e_l=-64.0,
        capacitance=1.2,
        soma_fraction=0.2,
        dt=0.03,
        threshold=-60.0,
    )


def random_weights(trace):
    draw = np.random.default_rng(1).normal
    return {name: draw(size=values.shape) for name, values in trace.items()}


def check_central_differences(case, currents, surrogate, before=lambda: None, **changes):
    neuron, parameters = case.neuron, case.parameters
    options = case.options | changes
    before()
    trace = neuron(currents, surrogate, **parameters, **options)
    # Each variable weighs the same, whatever its unit.
    weights = {
        name: weight / max(np.abs(trace[name]).max(), 1.0)
        for name, weight in random_weights(trace).items()
    }
    arguments = {"currents": currents, **parameters}
    before()
    slopes = gradient(neuron, currents, surrogate, weights, parameters, list(arguments), **options)

    def loss(argument, shift):
        changed = {**arguments, argument: arguments[argument] + shift}
        drive = changed.pop("currents")
        before()
        return objective(neuron(drive, surrogate, **changed, **options), weights)

    for argument, slope in slopes.items():
        assert slope.shape == np.shape(arguments[argument])
        scale = max(np.abs(arguments[argument]).max(), 0.01)
        step = 1e-4 * min(scale, np.sqrt(scale))
        atol = 1e-7 * (1 / max(scale, 1.0) + np.abs(slope).max())
        for direction in directions(slope.shape):
            one, two = (
                loss(argument, shift * direction) - loss(argument, -shift * direction)
                for shift in (step, 2 * step)
            )
            expected = (8 * one - two) / (12 * step)  # exact up to the fourth power
            found = np.sum(slope * direction)
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=atol, err_msg=argument)


def directions(shape):
    """Each element by itself if there are few, else all of them with random weights, five times."""
    size = np.prod(shape, dtype=int)
    if size <= 4:
        return np.eye(size).reshape(size, *shape)
    return np.random.default_rng(6).uniform(-1.0, 1.0, (5, *shape))


@pytest.mark.parametrize("name", CASES)
def test_gradient_without_spikes(name):
    """Below threshold, and where the surrogate is 0, the neuron is smooth."""
    case = CASES[name]
    trace = case.neuron(case.quiet, None, **case.parameters, **case.options)
    assert not np.any(trace.get("spikes", 0.0))
    check_central_differences(case, case.quiet, lambda x: 0.0 * x)


def grade(monkeypatch):
    """Make spikes a sigmoid in truth, whose derivative is then no surrogate."""
    monkeypatch.setattr(oracles.dual, "heaviside", lambda x, strict=False: oracles.logistic(4 * x))
    monkeypatch.setattr(oracles.dual, "bernoulli", lambda probability, uniform: probability)


@pytest.mark.parametrize("name", CASES)
def test_gradient_through_graded_spikes(name, monkeypatch):
    """If spikes are a sigmoid in truth, their derivative is no surrogate: all paths are checked."""
    grade(monkeypatch)
    check_central_differences(CASES[name], CASES[name].currents, SURROGATES["sigmoid"])


RESETTING = [
    name
    for name, case in CASES.items()
    if case.options.get("reset") != "none"
    and not name.startswith(("leaky", "heterogeneous", "pinsky"))
    and "psn" not in name
]


class Held:
    """In place of `detach`: from the third run on, the numbers that it gave in the first."""

    def __init__(self):
        self.runs, self.numbers = 0, []

    def begin(self):
        self.runs += 1
        self.rest = iter(self.numbers)

    def __call__(self, x):
        if self.runs > 2:
            return next(self.rest)
        if self.runs == 1:
            self.numbers.append(x)
        return oracles.detach(x)


@pytest.mark.parametrize("name", RESETTING)
def test_gradient_with_a_detached_reset(name, monkeypatch):
    """What the neuron's own state sees of its spikes is held, as numbers, while the rest moves."""
    grade(monkeypatch)
    case, held = CASES[name], Held()
    with monkeypatch.context() as patch:
        patch.setattr(oracles.trace, "detach", held)
        check_central_differences(
            case, case.currents, SURROGATES["sigmoid"], held.begin, detach_reset=True
        )
    trace = case.neuron(case.currents, None, **case.parameters, **case.options)
    weights = random_weights(trace)
    sent = {"spikes": weights.pop("spikes")}

    def by_currents(weights, surrogate, detach_reset):
        options = case.options | {"detach_reset": detach_reset}
        arguments = (case.currents, SURROGATES[surrogate], weights, case.parameters, ["currents"])
        return gradient(case.neuron, *arguments, **options)["currents"]

    attached, detached = (by_currents(sent, "sigmoid", choice) for choice in (False, True))
    assert np.abs(attached - detached).max() > 1e-6 * np.abs(attached).max()
    if case.neuron is not stochastic_lif:  # nothing of the surrogate reaches the state
        one, another = (by_currents(weights, curve, True) for curve in ("sigmoid", "gaussian"))
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("name", CASES)
def test_dual_and_plain_traces_are_equal(name):
    neuron, parameters, options, currents, _ = CASES[name]
    plain = neuron(currents, TRIANGLE, **parameters, **options)
    dual = neuron(Dual(currents, np.zeros((1, *currents.shape))), TRIANGLE, **parameters, **options)
    assert plain.keys() == dual.keys()
    assert "spikes" not in plain or 0.05 < plain["spikes"].mean() < 0.95
    for variable, values in plain.items():
        assert values.shape == currents.shape
        np.testing.assert_array_equal(oracles.detach(dual[variable]), values)


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


# --- One model at a time, by hand or in closed form -----------------------------------------------


def check(trace, **expected):
    for name, values in expected.items():
        np.testing.assert_allclose(trace[name], values, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize(
    "timing, late, reset, membrane, spikes",
    [
        ("same", False, "subtract", [0.5, 0.75, 0.375, 0.4375], [1, 0, 1, 0]),
        ("same", False, "zero", [0, 0.5, 0, 0.25], [1, 0, 1, 0]),
        ("same", True, "subtract", [1.5, 0.75, 1.375, 0.4375], [0, 1, 0, 1]),
        ("same", True, "zero", [1.5, 0.5, 1.25, 0.25], [0, 1, 0, 1]),
        ("same", True, "none", [1.5, 1.25, 1.625, 1.0625], [0, 1, 1, 1]),
        ("next", False, "subtract", [1.5, 0.25, 1.125, -0.1875], [1, 0, 1, 0]),
        ("next", False, "zero", [1.5, 0.5, 1.25, 0.25], [1, 0, 1, 0]),
        ("next", False, "none", [1.5, 1.25, 1.625, 1.0625], [1, 1, 1, 1]),
        ("next", True, "subtract", [1.5, 0.25, 1.125, -0.1875], [0, 1, 0, 1]),
    ],
)
def test_when_a_neuron_fires_and_resets(timing, late, reset, membrane, spikes):
    options = {"reset": reset, "reset_timing": timing, "late": late}
    currents = [1.5, 0.5, 1, 0.25]
    check(lif(currents, decay=0.5, **options), membrane_after=membrane, spikes=spikes)
    trace = cuba_lif(currents, synaptic_decay=0.0, decay=0.5, **options)
    check(trace, membrane_after=membrane, spikes=spikes)
    check(integrate_and_fire(CURRENTS, **options), **lif(CURRENTS, decay=1.0, **options))


@pytest.mark.parametrize(
    "model, current, options, fires",
    [
        (lif, 1.0, {}, True),
        (lif, 1.0, {"strict": True}, False),
        (integrate_and_fire, 1.0, {"strict": True}, False),
        (cuba_lif, 1.0, {"strict": True}, False),
        (ltmd, np.tanh(0.5), {}, False),
        (ltmd, np.tanh(0.5), {"strict": False}, True),
        (glif, 0.5, {"leak": -800.0, "gate_input": -800.0}, False),
        (glif, 0.5, {"leak": -800.0, "gate_input": -800.0, "strict": False}, True),
        (stochastic_lif, 1.0, {"uniform": [0.5]}, False),
        (psn, 1.0, {"weight": np.ones((1, 1)), "bias": [-1.0]}, True),
    ],
)
def test_at_the_threshold(model, current, options, fires):
    check(model([current], **options), spikes=[fires])


def test_integrate_and_fire_keeps_what_it_does_not_send():
    trace = integrate_and_fire(CURRENTS, threshold=0.9)
    sent = 0.9 * np.cumsum(trace["spikes"], axis=0)
    check(trace, membrane_after=np.cumsum(CURRENTS, axis=0) - sent)
    assert np.all(sent[-1] > 0)


@pytest.mark.parametrize("scaling", ["none", "complement"])
@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_neurons_that_are_lif_in_disguise(scaling, reset):
    options = {"reset": reset, "input_scaling": scaling}
    expected = lif(CURRENTS, decay=0.7, **options)
    check(plif(CURRENTS, w=logit(0.3), **options), **expected)
    positive = np.abs(CURRENTS)
    expected = lif(positive, decay=0.7, threshold=0.4, reset="zero", input_scaling=scaling)
    for scale in (False, True):
        trace = klif(positive, decay=0.7, threshold=0.4, input_scaling=scaling, scale_reset=scale)
        check(trace, **expected)
    trace = da_lif(CURRENTS, a=np.arctanh(0.6), b=np.arctanh(0.7), reset=reset)
    check(trace, **lif(0.6 * CURRENTS, decay=0.7, reset=reset))
    expected = lif(CURRENTS, decay=0.25, threshold=np.tanh(0.8), reset="zero", strict=True)
    check(ltmd(CURRENTS, w=0.8), **expected)


@pytest.mark.parametrize(
    "options, after",
    [
        ({"reset": "subtract"}, 0.5),
        ({"reset": "subtract", "scale_reset": True}, 0.25),
        ({"reset": "zero", "scale_reset": True}, 0),
        ({"reset": "none"}, 1.5),
        ({"reset": "none", "scale_reset": True}, 0.75),
    ],
)
def test_klif_by_hand(options, after):
    trace = klif([0.75, -9.0], k=2.0, decay=0.5, input_scaling="none", **options)
    check(trace, membrane=[1.5, 0], spikes=[1, 0], membrane_after=[after, 0])


def test_cuba_lif_impulse_response():
    n, a, b = np.arange(12), 0.8, 0.6
    impulse = np.eye(12)[0]
    expected = (a ** (n + 1) - b ** (n + 1)) / (a - b)
    options = {"synaptic_decay": a, "decay": b, "threshold": 9.0}
    check(cuba_lif(impulse, **options), membrane=expected, synapse=a**n)
    trace = cuba_lif(impulse, synapse="decayed_jump", input_scaling="complement", **options)
    check(trace, membrane=(1 - b) * expected, synapse=a ** (n + 1))


def test_alpha_impulse_response():
    n, a, b = np.arange(12), 0.8, 0.6
    k = np.log(b) / (np.log(b) - np.log(a))
    trace = alpha(np.eye(12)[0], synaptic_decay=a, decay=b, threshold=9.0)
    check(trace, membrane=k * (a**n - b**n), excitatory_after=a**n, inhibitory_after=-(b**n))


def test_alpha_resets_one_step_late():
    """With decays 1/2 and 1/4 k is 2; the input of the step in which the reset acts is lost."""
    trace = alpha([2.5, 0, 3, 0], synaptic_decay=0.5, decay=0.25)
    check(trace, membrane=[0, 1.25, 0.9375, 0], spikes=[0, 1, 0, 0])
    check(trace, membrane_after=[0, 1.25, 0, 0], excitatory_after=[2.5, 1.25, 0, 0])
    check(trace, inhibitory=[-2.5, -0.625, -3.15625, 0], inhibitory_after=[-2.5, -0.625, 0, 0])


@pytest.mark.parametrize(
    "order, strength, membrane, adaptation, spikes",
    [
        ("yin", 2.0, [1, 0.075, 0.0375], [0.15, 0.3625, 0.271875], [1, 0, 0]),
        ("lsnn", 2.0, [1, 1, -0.2], [0, 0, 0.25], [0, 1, 1]),
        ("sfa", 2.0, [1, 1, -0.2], [0, 0, 0.25], [0, 1, 1]),
        ("sfa", -1.0, [1, 1, 0.4], [0, 0, 0.25], [0, 1, 1]),
        ("tc_lif", 2.0, [1, 0.9, 0.1], [0, 0.25, 0.1875], [1, 1, 0]),
        ("spyx", 2.0, [2, 1.8, 0.2], [0, 0.25, 0.4375], [0, 1, 1]),
    ],
)
def test_alif_by_hand(order, strength, membrane, adaptation, spikes):
    """The decays are 1/2 and 3/4; the threshold starts at .2, and has a floor at .1."""
    times = {"tau_membrane": -1 / np.log(0.5), "tau_adaptation": -1 / np.log(0.75)}
    numbers = {"baseline": 0.2, "strength": strength, "floor": 0.1}
    trace = alif([2, 1, 0], order=order, **times, **numbers)
    check(trace, membrane=membrane, adaptation=adaptation, spikes=spikes)
    if order == "tc_lif":
        check(trace, threshold=[0.2, 0.7, 0.575], membrane_after=[0.8, 0.2, 0.1])


def test_ahp_by_hand():
    """Each spike drives the current by -16 (1/8 - 1/16) = -1; the step after it is lost."""
    trace = ahp([1.5, 5, 1, 0], tau_membrane=2.0, tau_adaptation=4.0, strength=16.0)
    check(trace, membrane=[1.5, 0, 0.25, -0.4375], spikes=[1, 0, 0, 0])
    check(trace, adaptation=[0, -1, -0.75, -0.5625], membrane_after=[0, 0, 0.25, -0.4375])


def test_ahp_decays_from_its_weight():
    trace = ahp(2.0 * np.eye(12)[0])
    weight = 1 / (700 * 20) - 1 / 700**2
    check(trace, adaptation=np.append(0, -weight * (1 - 1 / 700) ** np.arange(11)))


GLIF_CORNER = {"decay": logit(0.7), "threshold": logit(0.6), "reset_voltage": logit(0.6)}


def test_glif_is_lif_where_its_gates_are_shut_or_open():
    shut, opened = -800.0, 800.0
    leaky = {"gate_leak": opened, "leak": 0.3, **GLIF_CORNER}
    trace = glif(CURRENTS, gate_input=shut, gate_reset=opened, **leaky)
    expected = lif(CURRENTS, decay=0.7, threshold=0.6, reset="zero", strict=True)
    check(trace, membrane=expected["membrane"], spikes=expected["spikes"])
    expected = lif(CURRENTS, decay=0.7, threshold=0.6, reset_timing="next", strict=True)
    trace = glif(CURRENTS, gate_input=shut, gate_reset=shut, **leaky)
    check(trace, membrane=expected["membrane"], spikes=expected["spikes"])
    trace = glif(
        CURRENTS, gate_leak=shut, leak=0.3, gate_input=shut, gate_reset=shut, **GLIF_CORNER
    )
    drained = CURRENTS - oracles.sigmoid(0.3)
    expected = integrate_and_fire(drained, threshold=0.6, reset_timing="next", strict=True)
    check(trace, membrane=expected["membrane"], spikes=expected["spikes"])


@pytest.mark.parametrize("shape", [(), (12,), (5,), (12, 2), (5, 2)])
def test_conductances_of_glif_scale_its_input(shape):
    """The input gate is open, so a step's conductance is the gain; the last row stays."""
    conductance = np.random.default_rng(2).normal(size=shape)
    gain = 1 / (1 + np.exp(-conductance))
    rows = [gain[min(t, shape[0] - 1)] if shape else gain for t in range(12)]
    driven = CURRENTS * np.array([np.broadcast_to(row, 2) for row in rows])
    options = {"gate_leak": 800.0, "gate_reset": 800.0, "leak": 0.3, **GLIF_CORNER}
    expected = lif(driven, decay=0.7, threshold=0.6, reset="zero", strict=True)
    trace = glif(CURRENTS, gate_input=800.0, conductance=conductance, **options)
    check(trace, membrane=expected["membrane"], spikes=expected["spikes"])


def test_lm_h_starts_as_an_integrator_from_half_the_threshold():
    trace = lm_h(CURRENTS, threshold=0.8)
    sent = 0.8 * np.cumsum(trace["spikes"], axis=0)
    check(trace, dendrite=CURRENTS, soma_after=0.4 + np.cumsum(CURRENTS, axis=0) - sent)
    assert np.all(sent[-1] > 0)


def test_lm_h_by_hand():
    """Raw weights ln 3, -ln 3, -ln 3, 0 are 1/4, -1/4, 3/4 and 1."""
    raw = {"alpha1": np.log(3), "beta1": -np.log(3), "alpha2": -np.log(3), "beta2": 0.0}
    trace = lm_h([2, 0], **raw)
    check(trace, dendrite=[1.875, 0.15625], soma=[2.25, 1.09375], spikes=[1, 1])
    check(trace, soma_after=[1.25, 0.09375])


def test_quadratic_lif_by_hand():
    check(quadratic_lif([1.0], start=0.4), membrane=[0.82], spikes=[0])
    trace = quadratic_lif([2.0], start=0.9)
    check(trace, membrane=[1.945], spikes=[1], membrane_after=[-0.1])
    for fixed_point in (None, 0.3, 0.7):
        trace = quadratic_lif(np.zeros(5), rest=0.3, critical=0.7, start=fixed_point)
        check(trace, membrane_after=np.full(5, fixed_point or 0.3))


def test_exponential_lif_by_hand():
    check(exponential_lif([0.0], start=0.8), membrane=[0.9], spikes=[0])
    rise = np.exp(-0.6 / 0.5) / 4
    check(exponential_lif([0.5], rest=0.2, slope_factor=0.5), membrane=[0.2 + 0.25 + rise])
    check(exponential_lif([2.0]), spikes=[1], membrane_after=[-0.1])


def test_izhikevich_by_hand():
    check(izhikevich([10.0]), membrane=[-61.5], recovery=[-13], membrane_after=[-61.5])
    trace = izhikevich([4.0], start=(29.0, -10.0))
    recovery = -10 + 0.5 * 0.02 * (0.2 * 29 + 10)
    check(trace, membrane=[195.32], recovery=[recovery], spikes=[1])
    check(trace, membrane_after=[-65], recovery_after=[recovery + 8])


@pytest.mark.parametrize("recovery, after", [("before", 0.0), ("after", -0.01875)])
def test_izhikevich_with_other_numbers(recovery, after):
    numbers = {"quadratic": 0.05, "linear": 6.0, "constant": 150.0, "rest": -65.0}
    trace = izhikevich([10.0], recovery=recovery, **numbers)
    check(trace, membrane=[-74.375], recovery_after=[after], spikes=[0])


def test_adex_rests():
    """The upswing that is left at rest, 60 exp(-10.1) pA, lifts it by less than 1e-4 mV."""
    trace = adex(np.zeros(2000))
    lifted = trace["membrane"] + 70.6
    assert np.all((lifted > 0) & (lifted < 60 * np.exp(-10.1) / 30))
    assert abs(lifted[-1] - lifted[-500]) < 2e-6
    assert not np.any(trace["spikes"])


def test_adex_by_hand():
    trace = adex([1000.0], start=(-50.4, 10.0))
    check(trace, membrane=[-50.4 + 0.1 / 281 * (60 - 30 * 20.2 - 10 + 1000)])
    check(trace, adaptation_after=[10 + 0.1 / 144 * (4 * 20.2 - 10)], spikes=[0])
    capped = adex([0.0], start=(40.0, 0.0))
    adaptation = 0.1 / 144 * 4 * 110.6
    upswing = 60 * np.exp(35.2) - 30 * 110.6
    check(capped, membrane=[40 + 0.1 / 281 * upswing], adaptation=[adaptation])
    check(capped, membrane_after=[-70.6], adaptation_after=[adaptation + 80.5])


def test_resonate_and_fire_turns():
    turned = np.exp((-0.3 + 0.8j) * 0.5 * np.arange(12))
    options = {"damping": -0.3, "frequency": 0.8, "dt": 0.5}
    trace = resonate_and_fire(np.eye(12)[0], threshold=9.0, **options)
    check(trace, real=turned.real, imaginary=turned.imag)


@pytest.mark.parametrize(
    "reset, after", [("zero", (0, 0)), ("voltage", (-1, 0)), ("none", (-1, 2))]
)
def test_resets_of_resonate_and_fire(reset, after):
    """A quarter turn without damping takes the first input, 2, to the part that fires."""
    numbers = {"damping": 0.0, "frequency": np.pi / 2}
    trace = resonate_and_fire([2.0, -1.0], reset=reset, **numbers)
    check(trace, imaginary=[0, 2], real=[2, -1], spikes=[0, 1])
    check(trace, real_after=[2, after[0]], imaginary_after=[0, after[1]])


def test_parallel_neurons_are_matrix_products():
    check(psn(CURRENTS, weight=WEIGHT, bias=BIAS), membrane=WEIGHT @ CURRENTS)
    fired = WEIGHT @ CURRENTS + BIAS[:, None] >= 0
    check(psn(CURRENTS, weight=WEIGHT, bias=BIAS), spikes=fired)
    band = np.tril(np.ones((12, 12))) - np.tril(np.ones((12, 12)), -3)
    for masking in (0.0, 0.6, 1.0):
        masked = WEIGHT * (masking * band + 1 - masking)
        options = {"weight": WEIGHT, "bias": BIAS, "order": 3, "masking": masking}
        check(masked_psn(CURRENTS, **options), membrane=masked @ CURRENTS)
    kernel = np.array([0.25, 0.5, 1.0])
    trace = sliding_psn(CURRENTS, weight=kernel)
    expected = np.transpose([np.convolve(x, kernel[::-1])[:12] for x in CURRENTS.T])
    check(trace, membrane=expected, spikes=expected >= 1)


def test_psn_by_hand():
    trace = psn([1.0, 2.0], weight=np.array([[0.5, 1.0], [-1.0, 0.25]]), bias=[-3.0, 0.5])
    check(trace, membrane=[2.5, -0.5], spikes=[0, 1])
    slopes = gradient(
        psn,
        [1.0, 2.0],
        TRIANGLE,
        {"spikes": [2.0, 3.0], "membrane": [0.0, 10.0]},
        {"weight": [[0.5, 1.0], [-1.0, 0.25]], "bias": [-3.0, 0.5]},
        ["weight", "bias"],
    )
    # Their distances from the threshold, -1/2 and 0, have the surrogate slopes 1/2 and 1.
    np.testing.assert_allclose(slopes["bias"], [1, 3])
    np.testing.assert_allclose(slopes["weight"], [[1, 2], [13, 26]])


def test_mpe_psn_by_hand():
    """sigmoid(2) = .88: with .9 the coin says no spike, so the input is the estimate."""
    trace = mpe_psn([2.0, 3.0, -1.0], uniform=[0.9, 0.1, 0.5], threshold=2.5)
    check(trace, estimate=[2, 0, -1], membrane=[2, 3.5, -1], spikes=[0, 1, 0])


def test_heterogeneous_lif_by_hand():
    numbers = {"synaptic_decay": 0.5, "decay": 0.8, "reset_voltage": 0.2}
    trace = heterogeneous_lif([4, 0, 0, 0], **numbers)
    check(trace, synapse=[4, 2, 1, 0.5], membrane=[0, 0.8, 1.04, 0.232], spikes=[0, 0, 0, 1])


def test_what_heterogeneous_lif_detaches():
    """Then the membrane is linear in the currents, and only what keeps U has a slope by decay."""
    numbers = {"synaptic_decay": 0.5, "decay": 0.8, "threshold": 0.7, "rest": 0.1}
    numbers["reset_voltage"] = 0.2
    currents = 3 * CURRENTS[:, 0]
    trace = heterogeneous_lif(currents, **numbers)
    assert trace["spikes"].sum() > 2
    last = {"membrane": np.eye(12)[-1]}
    wrt = ["currents", *numbers]
    found = gradient(heterogeneous_lif, currents, TRIANGLE, last, numbers, wrt)
    lag = np.arange(11, -1, -1)
    expected = 0.2 * (0.8**lag - 0.5**lag) / (0.8 - 0.5)
    np.testing.assert_allclose(found["currents"], expected, atol=1e-15)
    kept = np.append(0.0, trace["membrane"][:-1]) - 0.1
    np.testing.assert_allclose(found["decay"], np.sum(0.8**lag * kept))
    np.testing.assert_allclose(found["reset_voltage"], np.sum(0.8**lag * trace["spikes"]))
    assert found["threshold"] == 0
    options = {"detach": False}
    found = gradient(heterogeneous_lif, currents, TRIANGLE, last, numbers, wrt, **options)
    assert abs(found["threshold"]) > 0.1


def test_stochastic_lif_by_hand():
    numbers = {"decay": 0.5, "threshold": 1.0, "width": 0.5}
    p = 1 / (1 + np.exp(-1.0))
    for uniform, spike in [(0.73, 1), (0.74, 0)]:
        trace = stochastic_lif([1.5], uniform=[uniform], **numbers)
        check(trace, membrane=[1.5], spikes=[spike], membrane_after=[1.5 - spike])
        slopes = gradient(
            stochastic_lif,
            [1.5],
            None,
            {"spikes": [1.0]},
            numbers,
            ["currents", "threshold", "width"],
            uniform=[uniform],
        )
        slope = p * (1 - p) / 0.5
        np.testing.assert_allclose(slopes["currents"], [slope])
        np.testing.assert_allclose([slopes["threshold"], slopes["width"]], [-slope, -slope])


def test_stochastic_lif_fires_with_its_probability():
    uniform = np.random.default_rng(3).uniform(size=(1, 100_000))
    trace = stochastic_lif(np.full((1, 100_000), 0.9), uniform=uniform)
    assert abs(trace["spikes"].mean() - 1 / (1 + np.exp(0.5))) < 0.005


def test_pinsky_rinzel_rests():
    trace = pinsky_rinzel(np.zeros(20_000))
    assert not np.any(trace["spikes"])
    for name, tolerance in {"soma": 1.0, "dendrite": 1.0, "h": 0.01, "n": 0.01, "q": 0.002}.items():
        assert np.ptp(trace[name]) < tolerance
        assert abs(trace[name][-1] - trace[name][-5000]) < 0.01 * tolerance


def test_pinsky_rinzel_fires():
    """A steady current makes it fire; each spike is an upward crossing of 0, seen once."""
    trace = pinsky_rinzel(np.full(4000, 3.0))
    soma = np.append(-65.0, trace["soma"])
    crossings = (soma[1:] >= 0) & (soma[:-1] < 0)
    check(trace, spikes=crossings)
    assert 2 <= crossings.sum() <= 10 and 20 < soma.max() < 55


@pytest.mark.parametrize("coupling", ["physical", "printed"])
def test_charge_between_the_compartments(coupling):
    """What leaves one compartment enters the other, by their shares of the area, in Eq. 18 only."""
    none = dict.fromkeys(["g_na", "g_k", "g_l", "g_nap", "g_ks"], 0.0)
    trace = pinsky_rinzel([100.0, *np.zeros(999)], coupling=coupling, dt=0.01, **none)
    charge = 0.15 * trace["soma"] + 0.85 * trace["dendrite"]
    difference = (trace["dendrite"] - trace["soma"])[0]
    if coupling == "physical":
        np.testing.assert_allclose(charge, -65 + 0.85 * 100 * 0.01, rtol=1e-12)
        np.testing.assert_allclose(trace["soma"][-1], trace["dendrite"][-1], rtol=1e-9)
    else:
        np.testing.assert_allclose(charge[1] - charge[0], 2 * 0.01 * difference, rtol=1e-9)


def test_pinsky_rinzel_step_by_hand():
    """From the start, with all other currents at 0, the sodium current moves the soma."""
    others = dict.fromkeys(["g_k", "g_l", "g_nap", "g_ks", "g_c"], 0.0)
    trace = pinsky_rinzel([7.0], e_l=-60.0, **others)
    am, bm = -2.9 / (1 - np.exp(2.9)), 4 * np.exp(4 / 18)
    ah, bh = 0.07 * np.exp(0.65), 1 / (1 + np.exp(4.3))
    h, m = ah / (ah + bh), am / (am + bm)
    an, bn = -0.26 / (1 - np.exp(2.6)), 0.125 * np.exp(0.2)
    check(trace, h=[h], n=[an / (an + bn)], q=[1 / (1 + np.exp(25 / 6.5))])
    check(trace, soma=[-60 - 0.02 * 55 * m**3 * h * -115], dendrite=[-60 + 0.02 * 7])


def test_currents_of_pinsky_rinzel_one_by_one():
    """A step from -60 mV, at which all gates are at their steady states."""
    names = ["g_na", "g_k", "g_l", "g_nap", "g_ks", "g_c"]

    def moved(variable, **conductance):
        none = dict.fromkeys(names, 0.0)
        trace = pinsky_rinzel([0.0], e_l=-60.0, **none | conductance)
        rest = {"soma", "dendrite"} - {variable}
        assert all(trace[name] == -60 for name in rest)
        return (trace[variable][0] + 60) / 0.02

    gates = {name: x[0] for name, x in pinsky_rinzel([0.0], e_l=-60.0, dt=0.0).items()}
    np.testing.assert_allclose(moved("soma", g_k=5.0), -5 * gates["n"] ** 4 * 30, rtol=1e-9)
    persistent = 5 * (1 / (1 + np.exp(2.3 / 7.7))) ** 3 * gates["h"] * 115
    np.testing.assert_allclose(moved("dendrite", g_nap=5.0), persistent, rtol=1e-9)
    np.testing.assert_allclose(moved("dendrite", g_ks=5.0), -5 * gates["q"] * 30, rtol=1e-9)


def test_the_dendrite_has_its_own_potential():
    """It jumps by 50 mV, and its currents follow it, not the soma; q and h hardly move."""
    none = dict.fromkeys(["g_na", "g_k", "g_l", "g_nap", "g_ks", "g_c"], 0.0)
    for name in ("g_nap", "g_ks"):
        trace = pinsky_rinzel([2500.0, 0.0], e_l=-60.0, **none | {name: 5.0})
        before, after = trace["dendrite"]
        if name == "g_nap":
            flow = 5 * (1 / (1 + np.exp(-(before + 57.7) / 7.7))) ** 3 * trace["h"][0]
            flow *= before - 55
        else:
            flow = 5 * trace["q"][0] * (before + 90)
        np.testing.assert_allclose(after - before, -0.02 * flow, rtol=1e-9)
    trace = pinsky_rinzel([2500.0, 0.0], e_l=-60.0, **none | {"g_l": 5.0})
    np.testing.assert_allclose(trace["dendrite"], [-10, -10 - 0.02 * 5 * 50])
    np.testing.assert_array_equal(trace["soma"], [-60, -60])


def test_gates_relax():
    """The dendrite jumps to -10 mV, then the soma follows to -160/3 mV, then its gates do."""
    quiet = dict.fromkeys(["g_na", "g_k", "g_l", "g_nap", "g_ks"], 0.0)
    trace = pinsky_rinzel([2500.0, 0, 0], e_l=-60.0, g_c=1.0, **quiet)
    soma = -60 + 0.02 * 50 / 0.15
    np.testing.assert_allclose(trace["soma"][:2], [-60, soma])
    start = 1 / (1 + np.exp(25 / 6.5))
    steady, time = 1 / (1 + np.exp(-25 / 6.5)), 200 / (2 * np.cosh(45 / 30))
    np.testing.assert_allclose(trace["q"][1], start + 0.02 * (steady - start) / time)
    opening = {
        "h": 0.07 * np.exp(-(soma + 47) / 20),
        "n": 0.01 * (soma + 34) / (1 - np.exp(-0.1 * (soma + 34))),
    }
    closing = {
        "h": 1 / (1 + np.exp(-0.1 * (soma + 17))),
        "n": 0.125 * np.exp(-(soma + 44) / 80),
    }
    for name in ("h", "n"):
        _, before, after = trace[name]
        rise = opening[name] * (1 - before) - closing[name] * before
        np.testing.assert_allclose(after - before, 0.02 * 3.33 * rise, rtol=1e-9)


def test_rates_where_their_formula_divides_zero_by_zero():
    x = np.array([-40.0, -1.0, -0.1, -1e-3, 1e-3, 0.1, 1.0, 40.0])
    np.testing.assert_allclose(oracles.biophysical.linoid(x), x / (1 - np.exp(-x)), rtol=1e-12)
    at_zero = oracles.biophysical.linoid(Dual(0.0, [1.0]))
    assert (at_zero.value, at_zero.tangent) == (1, 0.5)
    for edge in (-0.1, 0.1):  # where the series ends
        sides = Dual([np.nextafter(edge, 0), np.nextafter(edge, 2 * edge)], np.ones((1, 2)))
        both = oracles.biophysical.linoid(sides)
        np.testing.assert_allclose(both.value[0], both.value[1], rtol=1e-14)
        np.testing.assert_allclose(both.tangent[0, 0], both.tangent[0, 1], rtol=1e-12)


# --- Drives ---------------------------------------------------------------------------------------

RESETS = [{"reset": reset} for reset in ("subtract", "zero")]
NO_RESET = [{"reset": "none"}]
BOTH = [*RESETS, *NO_RESET]
FIRES = [firing for firing in FIRING if firing["reset"] != "none"]
FIRES_ON = [firing for firing in FIRING if firing["reset"] == "none"]


def with_all(choices, **options):
    return [{**choice, **options} for choice in choices]


def square(steps):
    return np.random.default_rng(5).normal(size=(steps, steps)) / np.sqrt(steps)


VARIANTS = {
    "integrate_and_fire": FIRES,
    "integrate_and_fire reset none": FIRES_ON,
    "lif": FIRES,
    "lif reset none": FIRES_ON,
    "lif complement": with_all(FIRES, input_scaling="complement"),
    "lif complement reset none": with_all(FIRES_ON, input_scaling="complement"),
    "plif": BOTH,
    "plif none": with_all(BOTH, input_scaling="none"),
    "cuba_lif": FIRES + with_all(FIRES, synapse="decayed_jump"),
    "cuba_lif reset none": FIRES_ON,
    "cuba_lif complement": with_all(FIRES, input_scaling="complement"),
    "alpha reset none": NO_RESET,
    "alif": [{"order": order} for order in ("yin", "lsnn", "sfa", "tc_lif")],
    "alif spyx": [{"order": "spyx"}],
    "glif": [{"leak": logit(0.25 / 24)}],
    "klif": BOTH + with_all(BOTH, scale_reset=True),
    "klif none": with_all(BOTH, input_scaling="none"),
    "da_lif": BOTH,
    "ar_lif": [{"a": 0.0, "c": 1.0, "order": order} for order in ("code", "paper")],
    "two_compartment": [{"alpha1": 0.9, "alpha2": 0.8, "beta1": -0.4, "beta2": 0.6}],
    "tc_lif": [{"c1": 0, "c2": 0, "gamma": 0.5, "order": order} for order in ("code", "paper")],
    "pinsky_rinzel": [{"coupling": coupling} for coupling in ("physical", "printed")],
    "resonate_and_fire": [{"reset": reset} for reset in ("zero", "voltage", "none")],
    "psn": [{"weight": square(24), "bias": -np.ones(24)}],
    "masked_psn": [
        {"weight": square(24), "bias": -np.ones(24), "order": 3, "masking": masking}
        for masking in (0.5, 1.0)
    ],
    "sliding_psn": [{"weight": np.array([0.25, 0.5, 1.0])}],
    "stochastic_lif": RESETS,
    "stochastic_lif reset none": NO_RESET,
}


@pytest.mark.parametrize("name", DRIVES)
def test_drives(name):
    """Neither silence nor saturation: a trace under these currents tells neurons apart."""
    neuron = getattr(oracles, name.split()[0])
    for mean, deviation, *steps in DRIVES[name]:
        draw = np.random.default_rng(4)
        shape = (*(steps or [24]), 2, 3)
        currents = mean + deviation * draw.normal(size=shape)
        random = neuron in (stochastic_lif, mpe_psn)
        uniform = {"uniform": draw.uniform(size=shape)} if random else {}
        for options in VARIANTS.get(name, [{}]):
            rate = neuron(currents, **uniform, **options)["spikes"].mean()
            low, high = (0.001, 0.02) if neuron is pinsky_rinzel else (0.1, 0.6)
            assert low <= rate <= high, (mean, deviation, options)


def test_every_model_has_a_drive():
    silent = {"leaky_integrator"}
    traced = {case.neuron.__name__ for case in CASES.values()}
    assert traced - silent == {name.split()[0] for name in DRIVES}


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
    "soft_sign": 1,
    "q_pseudo_spike": 1,
    "circle": 2,  # 2 width
    "tanh": 2,  # 2 / slope
    "dspike": 1,
    "clipped_line": 1,
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
    "soft_sign": 1,  # slope / 2
    "q_pseudo_spike": 1,
    "circle": 1,
    "tanh": 1,
    "dspike": 1.5 / np.tanh(1.5),
    "clipped_line": 1,
}


@pytest.mark.parametrize("name", AREAS)
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
        ("soft_sign", {"slope": 4.0}, 0.25, 0.5),
        ("log_abs", {}, 0.0, 1),
        ("log_abs", {"slope": 0.5}, 3.0, 0.2),
        ("q_pseudo_spike", {"exponent": 3.0}, 1.0, 0.125),
        ("circle", {"width": 3.0}, 4.0, 0.216),  # (3 / 5)^3
        ("tanh", {"slope": 2.0}, np.log(2) / 2, 1 - 0.6**2),  # tanh(log 2) = 3/5
        ("dspike", {"temperature": 2.0}, 0.5, 1 / np.tanh(1) / np.cosh(1) ** 2),
        ("dspike", {}, 0.5 + 1e-12, 0),
        ("clipped_line", {"log_slope": np.log(2)}, 0.2499, 2),
        ("clipped_line", {"log_slope": np.log(2)}, 0.2501, 0),
        ("leaky_rectangle", {}, 0.9999, 0.5),
        ("leaky_rectangle", {}, 1.0, 0.01),
        ("leaky_rectangle", {"width": 0.25, "leak": 0.5}, 0.2, 2),
        ("straight_through", {}, 3.0, 1),
        ("straight_through", {"height": 0.5}, 3.0, 0.5),
        ("inverse_distance", {}, 0.0, 0.3),
        ("inverse_distance", {"height": 4.0}, 0.1, 4),
        ("inverse_distance", {}, 5.0, 0.2),
        ("fourier_square", {}, 1.0, np.sqrt(0.5) / 2),
        ("fourier_square", {}, 2.0, 0),
        ("fourier_square", {"terms": 2}, 0.0, 1),
        ("fourier_square", {"terms": 3, "period": 4.0}, 2.0, -3),
    ],
)
def test_surrogate_values(name, options, x, expected):
    for side in (x, -x):
        value = SURROGATES[name](np.float64(side), **options)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "name, options, x, expected",
    [
        ("leaky_step", {}, -1e-9, 0.1),
        ("leaky_step", {}, 0.0, 1),
        ("leaky_step", {"height": 2.0, "leak": 0.0}, 3.0, 2),
        ("s2nn", {}, -np.log(3) / 4, 4 * 0.75 * 0.25),
        ("s2nn", {"scale": 3.0}, 0.0, 3),
        ("s2nn", {"scale": 3.0}, 2.0, 1),
        ("log_tail", {"leak": 0.2}, 0.0, 0.2),
        ("log_tail", {}, 1e-9, 1),
        ("log_tail", {}, 4.0, 0.25),
        ("spike_rate_escape", {}, 1.0, 25),
        ("spike_rate_escape", {"rate": 2.0, "height": 4.0}, 1 - np.log(2) / 2, 2),
        ("sparse_fast_sigmoid", {}, 1.0, 0),
        ("sparse_fast_sigmoid", {"slope": 2.0, "cut": 0.2}, 0.5, 0.25),
        ("sparse_fast_sigmoid", {"slope": 2.0, "cut": 0.2}, -0.5, 0),
    ],
)
def test_lopsided_surrogate_values(name, options, x, expected):
    value = SURROGATES[name](np.float64(x), **options)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-15)
