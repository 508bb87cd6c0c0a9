"""Curves whose height or width follows from elsewhere: scaled, the mixture of ASGL, the width of MPD-AGL."""

import jax
import numpy as np

from spikejax.surrogate import ClippedLine, Mixed, Scaled, Triangle, membrane_width, spike
from surrogate_variants import spike_gradient


def test_scaled_multiplies_the_curve_and_is_learned(float64):
    x = np.linspace(-0.9, 0.9, 10)
    scaled = Scaled(Triangle(1.5), 0.3)
    np.testing.assert_allclose(spike_gradient(x, scaled), 0.3 * Triangle(1.5).derivative(x))
    slopes = jax.grad(lambda curve: spike(x + 0.2, curve).sum())(scaled)
    np.testing.assert_allclose(slopes.factor, Triangle(1.5).antiderivative(x + 0.2).sum())
    expected = jax.grad(lambda curve: spike(x + 0.2, curve).sum())(Triangle(1.5)).width
    np.testing.assert_allclose(slopes.curve.width, 0.3 * expected)


def test_asgl_mixes_spikes_and_their_antiderivative(float64):
    """The released rule: σ + sg[M (Θ − σ)]; its slope is learned through both."""
    x, mask = np.array([-0.3, 0.2, 0.2, 2.0]), np.array([1, 0, 1, 0])
    curve = ClippedLine(np.log(1.25))
    mixed = spike(x, Mixed(curve, mask))
    np.testing.assert_allclose(mixed, [0, 0.75, 1, 1], atol=1e-15)
    slope = jax.grad(lambda curve: spike(x, Mixed(curve, mask)).sum())(curve).log_slope
    np.testing.assert_allclose(slope, 1.25 * (-0.3 + 0.2 + 0.2))  # the last is clipped
    by_x = jax.grad(lambda x: spike(x, Mixed(curve, mask)).sum())(x)
    np.testing.assert_allclose(by_x, [1.25, 1.25, 1.25, 0])


def test_mpd_agl_width_is_two_deviations_of_the_membrane_potential(float64):
    """Currents with the deviation γ V_th, one decayed copy of the last: √(1 + decay²) γ V_th."""
    scale, threshold, decay = 0.8, 0.5, 0.6
    currents = np.random.default_rng(0).normal(0, scale * threshold, (2, 400_000))
    first, second = currents[0], decay * currents[0] + currents[1]
    for membrane, kept in ((first, 0.0), (second, decay)):
        width = membrane_width(scale, threshold, kept)
        np.testing.assert_allclose(width, 2 * membrane.std(), rtol=5e-3)
    by_scale = jax.grad(membrane_width)(scale, threshold, decay)
    np.testing.assert_allclose(by_scale, membrane_width(1.0, threshold, decay))
