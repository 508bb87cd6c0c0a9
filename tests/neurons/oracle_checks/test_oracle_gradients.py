"""The gradients of the oracles against central differences.

Three times, so that all paths are seen: without spikes, where the neuron is smooth; with spikes that are a sigmoid in
truth; and with a reset that is held as a number, as a detached one is.
"""

import numpy as np
import pytest

import oracles
from oracle_cases import CASES
from oracle_inputs import TRIANGLE
from oracles import SURROGATES, Dual, gradient, objective, stochastic_lif


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
    """Make spikes a sigmoid in truth, and counts no integers: their derivatives are then no surrogates."""
    monkeypatch.setattr(oracles.dual, "heaviside", lambda x, strict=False: oracles.logistic(4 * x))
    monkeypatch.setattr(oracles.dual, "rounded", lambda x: x)
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
    and not name.startswith(("leaky", "heterogeneous", "pinsky", "pmsn", "se_adlif"))
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
