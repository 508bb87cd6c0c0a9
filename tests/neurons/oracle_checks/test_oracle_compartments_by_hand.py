"""The oracles of neurons with two linear compartments by hand: linear between spikes; both orders of TC-LIF."""

import numpy as np
import pytest

import oracles
from oracle_inputs import CURRENTS, TRIANGLE, check
from oracles import gradient, lm_h, tc_lif, two_compartment


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
