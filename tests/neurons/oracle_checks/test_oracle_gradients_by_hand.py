"""The gradients of the oracles through one spike or two, worked out by hand, with the reset attached and detached."""

import numpy as np
import pytest

import oracles
from oracle_inputs import CURRENTS, TRIANGLE
from oracles import ar_lif, gradient, lif, tc_lif


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
    spread = {"spikes": 1.0, "membrane_after": np.random.default_rng(1).normal(size=CURRENTS.shape)}
    parameters = {"a": 0.3, "c": 1.0}

    def by_alpha(**options):
        slopes = gradient(ar_lif, CURRENTS, TRIANGLE, spread, parameters, ["c"], **options)
        return slopes["c"]

    assert abs(by_alpha()) > 1e-3
    assert by_alpha(carry=False) == 0
    assert by_alpha(order="paper") == 0
    assert not np.any(ar_lif(CURRENTS, TRIANGLE, **parameters, order="paper")["memory"])
