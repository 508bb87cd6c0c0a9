"""The oracle of the Pinsky-Rinzel neuron: it rests, it fires, and each current and gate moves as its equation says."""

import numpy as np
import pytest

import oracles
from oracle_inputs import check
from oracles import Dual, pinsky_rinzel


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
