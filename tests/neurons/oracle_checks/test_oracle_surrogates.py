"""The surrogate gradients of the oracles: areas, peaks, symmetry and single values, worked out by hand."""

import numpy as np
import pytest

from oracles import SURROGATES

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
