"""Spikes are exact steps; their gradients are the stated curves, in every entry of `SURROGATES`."""

import dataclasses
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from scipy.special import erf, expit

from spikejax.surrogate import (
    SURROGATES,
    ClippedLine,
    Mixed,
    Scaled,
    Triangle,
    heaviside,
    membrane_width,
    spike,
)

DTYPES = [jnp.bfloat16, jnp.float16, jnp.float32, jnp.float64]


class Stated(NamedTuple):
    """What a docstring states: functions of the surrogate's numbers, the primitive also of x."""

    peak: object
    area: object  # None where it is infinite, or has no limit
    primitive: object
    at: float = 0.0  # where the peak is


def half_bell(rise):
    """The odd primitive of an even bell: ½ at 0, `rise(|x|)` away from it."""
    return lambda x, *numbers: 0.5 + np.sign(x) * rise(np.abs(x), *numbers)


def normal_primitive(x, mean, sigma):
    return (1 + erf((x - mean) / (sigma * np.sqrt(2)))) / 2


def multi_gaussian_primitive(x, sigma, height, scale):
    flanks = sum(normal_primitive(x, mean, scale * sigma) for mean in (sigma, -sigma))
    return ((1 + height) * normal_primitive(x, 0, sigma) - height * flanks) / 2


def multi_gaussian_peak(sigma, height, scale):
    flanks = 2 * height * np.exp(-1 / (2 * scale**2)) / (scale * sigma)
    return ((1 + height) / sigma - flanks) / 2 / np.sqrt(2 * np.pi)


def one(*numbers):
    return 1


super_spike = Stated(one, lambda k: 2 / k, lambda x, k: x / (1 + k * np.abs(x)))

STATED = {
    "triangle": Stated(
        lambda w: 1 / w, one, half_bell(lambda x, w: (1 - np.maximum(1 - x / w, 0) ** 2) / 2)
    ),
    "rectangle": Stated(lambda w: 1 / w, one, lambda x, w: np.clip(x / w + 0.5, 0, 1)),
    "atan": Stated(lambda a: a / 2, one, lambda x, a: np.arctan(np.pi / 2 * a * x) / np.pi + 0.5),
    "sigmoid": Stated(lambda a: a / 4, one, lambda x, a: expit(a * x)),
    "fast_sigmoid": super_spike,
    "super_spike": super_spike,
    "gaussian": Stated(
        lambda sigma: 1 / (sigma * np.sqrt(2 * np.pi)),
        one,
        lambda x, sigma: normal_primitive(x, 0, sigma),
    ),
    "multi_gaussian": Stated(
        multi_gaussian_peak,
        lambda sigma, height, scale: (1 - height) / 2,
        multi_gaussian_primitive,
    ),
    "piecewise_exponential": Stated(
        lambda a: a / 2, one, half_bell(lambda x, a: (1 - np.exp(-a * x)) / 2)
    ),
    "erf": Stated(lambda a: a / np.sqrt(np.pi), one, lambda x, a: (1 + erf(a * x)) / 2),
    "tanh": Stated(one, lambda k: 2 / k, lambda x, k: np.tanh(k * x) / k),
    "soft_sign": Stated(lambda a: a / 2, one, lambda x, a: (1 + a * x / (1 + a * np.abs(x))) / 2),
    "circle": Stated(one, lambda w: 2 * w, lambda x, w: x / np.sqrt(1 + (x / w) ** 2)),
    "q_pseudo_spike": Stated(
        one, one, half_bell(lambda x, q: (1 - (1 + 2 * x / (q - 1)) ** (1 - q)) / 2)
    ),
    "dspike": Stated(
        lambda a: a / 2 / np.tanh(a / 2),
        one,
        lambda x, a: np.tanh(a * np.clip(x, -0.5, 0.5)) / np.tanh(a / 2) / 2 + 0.5,
    ),
    "clipped_line": Stated(np.exp, one, lambda x, a: np.clip(np.exp(a) * x + 0.5, 0, 1)),
    "leaky_rectangle": Stated(
        lambda w, c: 1 / (2 * w),
        None,
        lambda x, w, c: np.clip(x / w / 2, -0.5, 0.5) + c * (x - np.clip(x, -w, w)),
    ),
    "leaky_step": Stated(
        lambda h, c: h, None, lambda x, h, c: h * np.maximum(x, 0) + c * np.minimum(x, 0)
    ),
    "straight_through": Stated(lambda h: h, None, lambda x, h: h * x),
    "log_abs": Stated(lambda a: a, None, lambda x, a: np.sign(x) * np.log(1 + a * np.abs(x))),
    "inverse_distance": Stated(
        lambda h: h,
        None,
        lambda x, h: np.where(
            np.abs(x) < 1 / h, h * x, np.sign(x) * (1 + np.log(np.maximum(h * np.abs(x), 1)))
        ),
    ),
    "log_tail": Stated(
        one,
        None,
        lambda x, c: np.where(x > 1, 1 + np.log(np.maximum(x, 1)), np.where(x > 0, x, c * x)),
        at=0.5,
    ),
    "s2nn": Stated(
        lambda a, b: max(a / 4, b),
        None,
        lambda x, a, b: np.where(x < 0, expit(a * x), 0.5 + b * np.log(1 + np.maximum(x, 0))),
    ),
    "spike_rate_escape": Stated(
        lambda h, b: h,
        lambda h, b: 2 * h / b,
        lambda x, h, b: h / b * np.sign(x - 1) * (1 - np.exp(-b * np.abs(x - 1))),
        at=1.0,
    ),
    "sparse_fast_sigmoid": Stated(
        lambda k, c: 1 / (1 + k * c) ** 2,
        lambda k, c: 1 / (k * (1 + k * c)),
        lambda x, k, c: np.maximum(x, c) / (1 + k * np.maximum(x, c)) - c / (1 + k * c),
        at=np.nextafter(1.7, 2),
    ),
    "fourier_square": Stated(
        lambda period, terms: 4 * terms / period,
        None,
        lambda x, period, terms: 2 / np.pi * np.sin(2 * np.pi / period * x),
    ),
}


def variants(name):
    """The surrogate with its defaults, narrower and wider."""
    default, scales = SURROGATES[name](), (1.0, 0.6, 1.7)
    if name == "q_pseudo_spike":
        scales = (1.0, 0.9, 1.7)  # the exponent stays above 1
    return [
        jax.tree.map(lambda leaf, s=scale: s * leaf if leaf else abs(s - 1.0), default)
        for scale in scales
    ]


def numbers(surrogate):
    return dataclasses.astuple(surrogate)


@jax.jit
def spike_gradient(x, surrogate):
    return jax.grad(lambda x: spike(x, surrogate).sum())(x)


@jax.jit
def slope_and_curvature(x, surrogate):
    return jax.jvp(lambda x: spike_gradient(x, surrogate), (x,), (jnp.ones_like(x),))


every_surrogate = pytest.mark.parametrize("name", SURROGATES)


# --- Forward --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
def test_spikes_are_the_heaviside_step(float64, dtype):
    tiny = float(jnp.finfo(dtype).tiny)
    values = [-np.inf, -2.0, -tiny, -0.0, 0.0, tiny, 2.0, np.inf]
    x = np.array(values, dtype)
    for step in (heaviside, lambda x: spike(x, Triangle())):
        for run in (step, jax.jit(step)):
            spikes = run(jnp.asarray(x))
            assert spikes.dtype == dtype
            np.testing.assert_array_equal(np.asarray(spikes, float), [0, 0, 0, 1, 1, 1, 1, 1])


@every_surrogate
def test_spikes_do_not_depend_on_the_surrogate(name):
    x = jnp.asarray(np.linspace(-2, 2, 41))
    for surrogate in variants(name):
        np.testing.assert_array_equal(spike(x, surrogate), x >= 0)


# --- The curve ------------------------------------------------------------------------------------


@every_surrogate
def test_gradient_equals_the_oracle(float64, name):
    for surrogate in variants(name):
        borders = np.outer(numbers(surrogate), [0.25, 0.5, 1.0, 2.0]).ravel()
        around = np.concatenate([borders, np.nextafter(borders, 0), np.nextafter(borders, 9)])
        around = around[np.abs(around) > 1e-300]  # XLA has no subnormal numbers
        x = np.concatenate([np.linspace(-4, 4, 161), around, -around, [0.0, -0.0, 30.0, -30.0]])
        expected = oracles.SURROGATES[name](x, **dataclasses.asdict(surrogate))
        np.testing.assert_allclose(spike_gradient(x, surrogate), expected, rtol=1e-12, atol=1e-15)


@every_surrogate
def test_gradient_is_the_slope_of_the_primitive(float64, name):
    step = 1e-6
    x = np.linspace(-3, 3, 120)  # even: neither 0 nor a corner is met
    for surrogate in variants(name):
        primitive = STATED[name].primitive
        rise = primitive(x + step, *numbers(surrogate)) - primitive(x - step, *numbers(surrogate))
        found = spike_gradient(x, surrogate)
        np.testing.assert_allclose(found, rise / (2 * step), rtol=1e-6, atol=1e-8)


@every_surrogate
def test_peak_and_area_are_as_stated(float64, name):
    z = (np.arange(-100_000, 100_000) + 0.5) * 1.8e-4  # x = sinh z is fine at 0, far in the tails
    x, width = np.sinh(z), 1.8e-4 * np.cosh(z)
    for surrogate in variants(name):
        stated, values = STATED[name], numbers(surrogate)
        at = stated.at if name != "sparse_fast_sigmoid" else np.nextafter(surrogate.cut, 9)
        curve = np.asarray(spike_gradient(np.append(x, at), surrogate))
        peak = stated.peak(*values)
        np.testing.assert_allclose(curve[-1], peak, rtol=1e-13)
        assert np.all(curve <= peak * (1 + 1e-13))
        if stated.area:
            np.testing.assert_allclose(np.sum(curve[:-1] * width), stated.area(*values), rtol=5e-4)
        elif name != "fourier_square":  # grows without end
            inside = np.abs(x) < 1e3
            assert np.sum((curve[:-1] * width)[inside]) < 0.8 * np.sum(curve[:-1] * width)


@every_surrogate
def test_the_defaults_are_the_oracles(name):
    """Same name, same curve: the oracle's defaults are the papers'."""
    expected = oracles.SURROGATES[name](np.float32(0.1))
    assert float(SURROGATES[name]().derivative(np.float32(0.1))) == pytest.approx(expected, 1e-5)


# --- Far away, narrow types -----------------------------------------------------------------------


@every_surrogate
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=["float32", "bfloat16"])
def test_far_from_threshold_all_is_finite(name, dtype):
    x = np.array([-1e4, -100.0, 0.0, 100.0, 1e4], dtype)
    for surrogate in variants(name):
        for values in slope_and_curvature(x, surrogate):
            assert values.dtype == dtype
            assert np.all(np.isfinite(np.asarray(values, np.float32)))


@every_surrogate
def test_gradient_keeps_the_dtype_of_x(name):
    """Also where the surrogate's numbers are float32 arrays, as a sweep makes them."""
    surrogate = jax.tree.map(jnp.float32, SURROGATES[name]())
    x = np.linspace(-1, 1, 8).astype(jnp.bfloat16)

    def both(x):
        spikes, pullback = jax.vjp(lambda x: spike(x, surrogate), x)
        return spikes, *pullback(spikes)

    assert [out.dtype for out in jax.eval_shape(both, x)] == [jnp.bfloat16, jnp.bfloat16]


# --- Numbers are operands -------------------------------------------------------------------------

X = np.linspace(-0.9, 0.9, 10, dtype=np.float32)


@every_surrogate
def test_numbers_are_learned_as_if_the_spike_were_its_primitive(float64, name):
    """Against central differences of the stated primitive, by each number and by a threshold."""
    x, step = np.linspace(-2.9, 3.1, 120), 1e-6
    weights = np.random.default_rng(0).normal(size=x.shape)
    for surrogate in variants(name):

        def loss(surrogate, threshold):
            return (weights * spike(x - threshold, surrogate)).sum()

        values, primitive = numbers(surrogate), STATED[name].primitive
        slopes, by_threshold = jax.grad(loss, (0, 1))(surrogate, 0.0)
        leaves = [f.name for f in dataclasses.fields(surrogate) if not f.metadata.get("static")]
        for place, number in enumerate(leaves):
            up, down = (
                [v + side * step * (i == place) for i, v in enumerate(values)] for side in (1, -1)
            )
            rise = weights @ (primitive(x, *up) - primitive(x, *down))
            np.testing.assert_allclose(
                getattr(slopes, number), rise / (2 * step), rtol=1e-5, atol=1e-7, err_msg=number
            )
        rise = weights @ (primitive(x - step, *values) - primitive(x + step, *values))
        np.testing.assert_allclose(by_threshold, rise / (2 * step), rtol=1e-5, atol=1e-7)


def test_the_numbers_of_a_curve_without_a_primitive_have_no_gradient():
    slopes = jax.grad(lambda curve: spike(X, curve).sum())(Parabola())
    assert isinstance(slopes, Parabola) and slopes.height == 0


@every_surrogate
def test_a_new_number_is_no_new_program(name):
    traces = []

    @jax.jit
    def gradient(surrogate):
        traces.append(name)
        return spike_gradient(X, surrogate)

    found = [gradient(surrogate) for surrogate in variants(name)]
    assert len(traces) == 1
    assert not np.array_equal(found[0], found[1])


@every_surrogate
def test_vmap_over_the_numbers(name):
    stacked = jax.tree.map(lambda *leaves: np.array(leaves, np.float32), *variants(name))
    found = jax.vmap(spike_gradient, (None, 0))(X, stacked)
    expected = [spike_gradient(X, surrogate) for surrogate in variants(name)]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def scanned(currents, width):
    def body(membrane, current):
        membrane = 0.5 * membrane + current
        spikes = spike(membrane - 1, Triangle(width))
        return membrane - spikes, spikes

    return jax.lax.scan(body, jnp.zeros_like(currents[0]), currents)[1].sum()


def looped(currents, width):
    membrane, total = 0.0, 0.0
    for current in currents:
        membrane = 0.5 * membrane + current
        spikes = spike(membrane - 1, Triangle(width))
        membrane, total = membrane - spikes, total + spikes
    return total


def test_traced_width_inside_scan_under_grad():
    currents = jnp.array([0.7, 0.9, 0.2, 1.4])
    gradient = jax.grad(scanned, argnums=(0, 1))
    widths = jnp.array([0.8, 1.0, 2.0])
    by_currents, by_width = jax.jit(jax.vmap(gradient, (None, 0)))(currents, widths)
    expected = [jax.grad(looped)(currents, float(width)) for width in widths]
    np.testing.assert_allclose(by_currents, expected, rtol=1e-6)
    assert len({tuple(row.tolist()) for row in by_currents}) == 3
    # The carried membrane is reset by the spike, so the width is felt through later steps too.
    expected = [jax.grad(looped, 1)(currents, float(width)) for width in widths]
    np.testing.assert_allclose(by_width, expected, rtol=1e-5)
    assert np.all(by_width != 0)


# --- Second order and forward mode ----------------------------------------------------------------


@every_surrogate
def test_hessian_vector_product(float64, name):
    """jvp of grad against differences of grad, for a loss that spikes enter twice."""
    rng = np.random.default_rng(0)
    x, direction = rng.uniform(-1, 1, 16), rng.normal(size=16)
    surrogate, step = SURROGATES[name](), 1e-6

    @jax.jit
    @jax.grad
    def gradient(x):
        return (spike(x, surrogate) * x**2).sum() + spike(jnp.sin(3 * x) - 0.2, surrogate).sum()

    rise = gradient(x + step * direction) - gradient(x - step * direction)
    found = jax.jit(lambda x, v: jax.jvp(gradient, (x,), (v,))[1])(x, direction)
    assert np.any(np.abs(found) > 0.1) or name == "sparse_fast_sigmoid"
    np.testing.assert_allclose(found, rise / (2 * step), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("transform", [jax.jacfwd, lambda f: lambda x: jax.jvp(f, (x,), (x,))])
def test_forward_mode_is_refused(transform):
    with pytest.raises(TypeError, match="custom_vjp"):
        transform(lambda x: spike(x, Triangle()))(jnp.array([-0.5, 0.25]))


# --- One's own ------------------------------------------------------------------------------------


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Parabola:
    height: float = 0.75

    def derivative(self, x):
        return jnp.maximum(self.height * (1 - jnp.square(x)), 0)


def test_a_surrogate_of_ones_own():
    x = jnp.array([-2.0, -0.5, 0.0, 0.5])
    np.testing.assert_allclose(spike_gradient(x, Parabola()), [0, 0.5625, 0.75, 0.5625])
    np.testing.assert_allclose(spike_gradient(x, Parabola(1.0)), [0, 0.75, 1, 0.75])


def test_no_two_surrogates_have_equal_structures():
    """Compiled programs are kept by tree structure: equal ones are taken for each other, now and then."""
    structures = [jax.tree.structure(surrogate()) for surrogate in SURROGATES.values()]
    assert all(a != b for a, b in itertools.combinations(structures, 2))


def test_registry_is_complete_and_closed():
    assert set(SURROGATES) == set(STATED) == set(oracles.SURROGATES)
    with pytest.raises(TypeError):
        SURROGATES["mine"] = Parabola
    for surrogate in SURROGATES.values():
        assert all(word in surrogate.__doc__ for word in ("Peak", "area", "Reference:"))
        assert hash(surrogate()) == hash(surrogate()) and surrogate() == surrogate()


# --- Scaled, adaptive, strict ---------------------------------------------------------------------


def test_scaled_multiplies_the_curve_and_is_learned(float64):
    x = np.linspace(-0.9, 0.9, 10)
    scaled = Scaled(Triangle(1.5), 0.3)
    np.testing.assert_allclose(spike_gradient(x, scaled), 0.3 * Triangle(1.5).derivative(x))
    slopes = jax.grad(lambda curve: spike(x + 0.2, curve).sum())(scaled)
    np.testing.assert_allclose(slopes.factor, Triangle(1.5).primitive(x + 0.2).sum())
    expected = jax.grad(lambda curve: spike(x + 0.2, curve).sum())(Triangle(1.5)).width
    np.testing.assert_allclose(slopes.curve.width, 0.3 * expected)


def test_strict_spikes_need_more_than_the_threshold():
    x = jnp.array([-1.0, -0.0, 0.0, 1e-30])
    np.testing.assert_array_equal(spike(x, Triangle(), True), [0, 0, 0, 1])
    np.testing.assert_array_equal(
        jax.grad(lambda x: spike(x, Triangle(), True).sum())(x), Triangle().derivative(x)
    )


def test_asgl_mixes_spikes_and_their_primitive(float64):
    """The released rule: σ + sg[M (Θ − σ)]; its slope is learned through both."""
    x, mask = np.array([-0.3, 0.2, 0.2, 2.0]), np.array([1, 0, 1, 0])
    curve = ClippedLine(np.log(1.25))
    mixed = spike(x, Mixed(curve, mask))
    np.testing.assert_allclose(mixed, [0, 0.75, 1, 1], atol=1e-15)
    slope = jax.grad(lambda curve: spike(x, Mixed(curve, mask)).sum())(curve).log_slope
    np.testing.assert_allclose(slope, 1.25 * (-0.3 + 0.2 + 0.2))  # the last is clipped
    by_x = jax.grad(lambda x: spike(x, Mixed(curve, mask)).sum())(x)
    np.testing.assert_allclose(by_x, [1.25, 1.25, 1.25, 0])


def test_mpd_agl_width_is_two_deviations_of_the_membrane(float64):
    """Currents with the deviation γ V_th, one decayed copy of the last: √(1 + decay²) γ V_th."""
    scale, threshold, decay = 0.8, 0.5, 0.6
    currents = np.random.default_rng(0).normal(0, scale * threshold, (2, 400_000))
    first, second = currents[0], decay * currents[0] + currents[1]
    for membrane, kept in ((first, 0.0), (second, decay)):
        width = membrane_width(scale, threshold, kept)
        np.testing.assert_allclose(width, 2 * membrane.std(), rtol=5e-3)
    by_scale = jax.grad(membrane_width)(scale, threshold, decay)
    np.testing.assert_allclose(by_scale, membrane_width(1.0, threshold, decay))
