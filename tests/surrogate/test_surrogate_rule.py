"""The rule of a spike: exact steps forward, second order but no forward mode, and surrogates of one's own."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from fast_compilation import fast_jit
from spikejax.surrogate import SURROGATES, Triangle, heaviside, spike, surrogate
from stated_curves import STATED
from surrogate_variants import every_surrogate, spike_gradient, variants

DTYPES = [jnp.bfloat16, jnp.float16, jnp.float32, jnp.float64]

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


def test_strict_spikes_need_more_than_the_threshold():
    x = jnp.array([-1.0, -0.0, 0.0, 1e-30])
    strict = functools.partial(spike, surrogate=Triangle(), strict=True)
    np.testing.assert_array_equal(strict(x), [0, 0, 0, 1])
    np.testing.assert_array_equal(
        jax.jit(jax.grad(lambda x: strict(x).sum()))(x), jax.jit(Triangle().derivative)(x)
    )


@every_surrogate
def test_spikes_do_not_depend_on_the_surrogate(name):
    x = jnp.asarray(np.linspace(-2, 2, 41))
    for curve in variants(name):
        np.testing.assert_array_equal(spike(x, curve), x >= 0)


# --- Second order and forward mode ----------------------------------------------------------------


@jax.grad
def gradient_of_a_loss(x, curve):
    """Spikes enter the loss twice."""
    return (spike(x, curve) * x**2).sum() + spike(jnp.sin(3 * x) - 0.2, curve).sum()


@fast_jit
def gradient_and_hessian_vector_product(x, direction, curve):
    return jax.jvp(lambda x: gradient_of_a_loss(x, curve), (x,), (direction,))


@every_surrogate
def test_hessian_vector_product(float64, name):
    """jvp of grad against differences of grad."""
    rng = np.random.default_rng(0)
    x, direction = rng.uniform(-1, 1, 16), rng.normal(size=16)
    curve, step = SURROGATES[name](), 1e-6
    (_, found), (after, _), (before, _) = (
        gradient_and_hessian_vector_product(x + side * step * direction, direction, curve)
        for side in (0, 1, -1)
    )
    rise = after - before
    assert np.any(np.abs(found) > 0.1) or name == "sparse_fast_sigmoid"
    np.testing.assert_allclose(found, rise / (2 * step), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("transform", [jax.jacfwd, lambda f: lambda x: jax.jvp(f, (x,), (x,))])
def test_forward_mode_is_refused(transform):
    with pytest.raises(TypeError, match="custom_vjp"):
        transform(lambda x: spike(x, Triangle()))(jnp.array([-0.5, 0.25]))


# --- One's own ------------------------------------------------------------------------------------


@surrogate()
class Parabola:
    height: float = 0.75

    def derivative(self, x):
        return jnp.maximum(self.height * (1 - jnp.square(x)), 0)


def test_a_surrogate_of_ones_own():
    x = jnp.array([-2.0, -0.5, 0.0, 0.5])
    np.testing.assert_allclose(spike_gradient(x, Parabola()), [0, 0.5625, 0.75, 0.5625])
    np.testing.assert_allclose(spike_gradient(x, Parabola(1.0)), [0, 0.75, 1, 0.75])


def test_the_parameters_of_a_curve_without_an_antiderivative_have_no_gradient():
    x = np.linspace(-0.9, 0.9, 10, dtype=np.float32)
    slopes = jax.jit(jax.grad(lambda curve: spike(x, curve).sum()))(Parabola())
    assert isinstance(slopes, Parabola) and slopes.height == 0


def test_no_two_surrogates_have_equal_structures():
    """Compiled programs are kept by tree structure: equal ones are taken for each other, now and then."""
    structures = [jax.tree.structure(curve()) for curve in SURROGATES.values()]
    assert all(a != b for a, b in itertools.combinations(structures, 2))


def test_registry_is_complete_and_closed():
    assert set(SURROGATES) == set(STATED) == set(oracles.SURROGATES)
    with pytest.raises(TypeError):
        SURROGATES["mine"] = Parabola
    for curve in SURROGATES.values():
        assert all(word in curve.__doc__ for word in ("Peak", "area", "Reference:"))
        assert hash(curve()) == hash(curve()) and curve() == curve()
