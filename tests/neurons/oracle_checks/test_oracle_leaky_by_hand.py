"""The oracles of leaky and synaptic neurons by hand: when they fire, how they reset, their impulse responses."""

import numpy as np
import pytest

from oracle_inputs import CURRENTS, TRIANGLE, check, logit
from oracles import (
    alpha,
    cuba_lif,
    da_lif,
    glif,
    gradient,
    heterogeneous_lif,
    integrate_and_fire,
    klif,
    leaky_integrator,
    lif,
    ltmd,
    plif,
    psn,
    stochastic_lif,
)


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
