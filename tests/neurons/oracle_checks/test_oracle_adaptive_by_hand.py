"""The oracles of neurons with an adaptation or with gates by hand, and where they are another neuron."""

import numpy as np
import pytest

import oracles
from oracle_inputs import CURRENTS, check, logit
from oracles import adlif, ahp, alif, ce_lif, glif, integrate_and_fire, lif, se_adlif, silif


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


def test_adlif_by_hand():
    """The first input fires; its spike and its membrane both drive the current of the next step."""
    trace = adlif([4, 0, 8], decay=0.5, adaptation_decay=0.75, a=0.5, b=1.0)
    check(trace, membrane=[2, -0.5, 3.125], adaptation=[0, 2, 1.25], spikes=[1, 0, 1])


@pytest.mark.parametrize(
    "method, membrane, adaptation",
    [("symplectic", [2, -1, 3.75], [2, -2.5, 0.125]), ("forward", [2, 0, 2], [0, 2, 1.5])],
)
def test_se_adlif_by_hand(method, membrane, adaptation):
    """The decays are 1/2 and 3/4; a reset membrane is 0, so a spike alone drives the adaptation."""
    times = {"tau_membrane": -1 / np.log(0.5), "tau_adaptation": -1 / np.log(0.75)}
    numbers = {"a": 2.0, "b": 1.0, "q": 8.0}
    trace = se_adlif([4, 0, 6], discretisation=method, **times, **numbers)
    check(trace, membrane=membrane, adaptation=adaptation)


def test_ce_lif_by_hand():
    """The membrane after its spike has raised the threshold is 0 before the input; half of the rise is lost."""
    trace = ce_lif(
        [1, 0.75, 1], embedding=np.array([9.0, 1.0, 2.0]), decay=0.5, recovery=0.5, threshold=0.5
    )
    check(trace, membrane=[1, 0.75, 1.375], threshold=[0.5, 1.5, 2.5], spikes=[1, 0, 0])


def test_silif_is_adlif_with_other_parameters():
    rates = {"log_rate": np.log(0.3), "log_adaptation_rate": np.log(0.1), "log_dt": np.log(0.5)}
    found = silif(6 * CURRENTS, a=0.4, b=0.6, **rates)
    expected = adlif(
        6 * CURRENTS, a=0.4, b=0.6, decay=np.exp(-0.15), adaptation_decay=np.exp(-0.05)
    )
    assert 0.1 < expected["spikes"].mean() < 0.6
    check(found, **expected)


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
