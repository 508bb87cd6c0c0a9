"""The curves that stand in for the derivative of a spike: against oracles, antiderivatives, peaks and areas."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from fast_compilation import fast_jit
from spikejax.surrogate import SURROGATES, spike
from stated_curves import STATED
from surrogate_variants import every_surrogate, parameters, spike_gradient, variants

# --- The curve ------------------------------------------------------------------------------------


@every_surrogate
def test_gradient_equals_the_oracle(float64, name):
    for curve in variants(name):
        borders = np.outer(parameters(curve), [0.25, 0.5, 1.0, 2.0]).ravel()
        around = np.concatenate([borders, np.nextafter(borders, 0), np.nextafter(borders, 9)])
        around = around[np.abs(around) > 1e-300]  # XLA has no subnormal numbers
        x = np.concatenate([np.linspace(-4, 4, 161), around, -around, [0.0, -0.0, 30.0, -30.0]])
        expected = oracles.SURROGATES[name](x, **dataclasses.asdict(curve))
        np.testing.assert_allclose(spike_gradient(x, curve), expected, rtol=1e-12, atol=1e-15)


@every_surrogate
def test_gradient_is_the_slope_of_the_antiderivative(float64, name):
    step = 1e-6
    x = np.linspace(-3, 3, 120)  # even: neither 0 nor a corner is met
    for curve in variants(name):
        antiderivative = STATED[name].antiderivative
        rise = antiderivative(x + step, *parameters(curve)) - antiderivative(
            x - step, *parameters(curve)
        )
        found = spike_gradient(x, curve)
        np.testing.assert_allclose(found, rise / (2 * step), rtol=1e-6, atol=1e-8)


@every_surrogate
def test_peak_and_area_are_as_stated(float64, name):
    z = (np.arange(-100_000, 100_000) + 0.5) * 1.8e-4  # x = sinh z is fine at 0, far in the tails
    x, width = np.sinh(z), 1.8e-4 * np.cosh(z)
    for curve in variants(name):
        stated, values = STATED[name], parameters(curve)
        at = stated.at if name != "sparse_fast_sigmoid" else np.nextafter(curve.cut, 9)
        slopes = np.asarray(spike_gradient(np.append(x, at), curve))
        peak = stated.peak(*values)
        np.testing.assert_allclose(slopes[-1], peak, rtol=1e-13)
        assert np.all(slopes <= peak * (1 + 1e-13))
        if stated.area:
            np.testing.assert_allclose(np.sum(slopes[:-1] * width), stated.area(*values), rtol=5e-4)
        elif name != "fourier_square":  # grows without end
            inside = np.abs(x) < 1e3
            assert np.sum((slopes[:-1] * width)[inside]) < 0.8 * np.sum(slopes[:-1] * width)


@every_surrogate
def test_the_defaults_are_the_oracles(name):
    """Same name, same curve: the oracle's defaults are the papers'."""
    expected = oracles.SURROGATES[name](np.float32(0.1))
    assert float(SURROGATES[name]().derivative(np.float32(0.1))) == pytest.approx(expected, 1e-5)


# --- Far from threshold, and narrow types ---------------------------------------------------------


@fast_jit
def slope_and_curvature(x, curve):
    return jax.jvp(lambda x: spike_gradient(x, curve), (x,), (jnp.ones_like(x),))


@every_surrogate
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=["float32", "bfloat16"])
def test_far_from_threshold_all_is_finite(name, dtype):
    x = np.array([-1e4, -100.0, 0.0, 100.0, 1e4], dtype)
    for curve in variants(name):
        for values in slope_and_curvature(x, curve):
            assert values.dtype == dtype
            assert np.all(np.isfinite(np.asarray(values, np.float32)))


@every_surrogate
def test_gradient_keeps_the_dtype_of_x(name):
    """Also where the surrogate's parameters are float32 arrays, as a sweep makes them."""
    curve = jax.tree.map(jnp.float32, SURROGATES[name]())
    x = np.linspace(-1, 1, 8).astype(jnp.bfloat16)

    def both(x):
        spikes, pullback = jax.vjp(lambda x: spike(x, curve), x)
        return spikes, *pullback(spikes)

    assert [out.dtype for out in jax.eval_shape(both, x)] == [jnp.bfloat16, jnp.bfloat16]
