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

from spikejax.surrogate import SURROGATES, Triangle, heaviside, spike

DTYPES = [jnp.bfloat16, jnp.float16, jnp.float32, jnp.float64]


class Stated(NamedTuple):
    """What a docstring states: functions of the surrogate's numbers, the primitive also of x."""

    peak: object
    area: object
    primitive: object


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
}


def variants(name):
    """The surrogate with its defaults, narrower and wider."""
    default = SURROGATES[name]()
    return [jax.tree.map(scale.__mul__, default) for scale in (1.0, 0.6, 1.7)]


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
        peak, area = (rule(*numbers(surrogate)) for rule in STATED[name][:2])
        curve = np.asarray(spike_gradient(np.append(x, 0.0), surrogate))
        np.testing.assert_allclose(curve[-1], peak, rtol=1e-14)
        assert np.all(curve <= peak * (1 + 1e-14))
        np.testing.assert_allclose(np.sum(curve[:-1] * width), area, rtol=5e-4)


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
def test_the_surrogates_own_numbers_have_no_gradient(name):
    slopes = jax.grad(lambda surrogate: spike(X, surrogate).sum())(SURROGATES[name]())
    assert isinstance(slopes, SURROGATES[name])
    assert jax.tree.leaves(slopes) == [0.0] * len(numbers(slopes))


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
    np.testing.assert_array_equal(by_width, 0)


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
    assert np.any(np.abs(found) > 0.1)
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
