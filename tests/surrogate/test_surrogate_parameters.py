"""The parameters of a surrogate are operands: learned, mapped over and changed without a new program."""

import collections
import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax.layers import Spiking
from spikejax.neurons.lif import LIF
from spikejax.surrogate import SURROGATES, FourierSquare, Triangle, spike
from spikejax.surrogate.rule import SMALLEST
from stated_curves import STATED
from surrogate_variants import every_surrogate, parameters, spike_gradient, variants

X = np.linspace(-0.9, 0.9, 10, dtype=np.float32)


@fast_jit
@functools.partial(jax.grad, argnums=(0, 1))
def slopes_by(curve, threshold, x, weights):
    """The gradient of weighted spikes by the parameters of the curve and by the threshold."""
    return (weights * spike(x - threshold, curve)).sum()


@every_surrogate
def test_parameters_are_learned_as_if_the_spike_were_its_antiderivative(float64, name):
    """Against central differences of the stated antiderivative, by each parameter and by a threshold."""
    x, step = np.linspace(-2.9, 3.1, 120), 1e-6
    weights = np.random.default_rng(0).normal(size=x.shape)
    for curve in variants(name):
        values, antiderivative = parameters(curve), STATED[name].antiderivative
        slopes, by_threshold = slopes_by(curve, 0.0, x, weights)
        leaves = [f.name for f in dataclasses.fields(curve) if not f.metadata.get("static")]
        for place, parameter in enumerate(leaves):
            up, down = (
                [v + side * step * (i == place) for i, v in enumerate(values)] for side in (1, -1)
            )
            rise = weights @ (antiderivative(x, *up) - antiderivative(x, *down))
            np.testing.assert_allclose(
                getattr(slopes, parameter),
                rise / (2 * step),
                rtol=1e-5,
                atol=1e-7,
                err_msg=parameter,
            )
        rise = weights @ (antiderivative(x - step, *values) - antiderivative(x + step, *values))
        np.testing.assert_allclose(by_threshold, rise / (2 * step), rtol=1e-5, atol=1e-7)


TRACED = collections.Counter()  # how often, by the class of the surrogate


@jax.jit
def gradient(curve):
    TRACED[type(curve)] += 1
    return spike_gradient(X, curve)


@every_surrogate
def test_a_new_value_is_no_new_program(name):
    found = [gradient(curve) for curve in variants(name)]
    assert TRACED[SURROGATES[name]] == 1
    assert not np.array_equal(found[0], found[1])


@every_surrogate
def test_vmap_over_the_parameters(name):
    stacked = jax.tree.map(lambda *leaves: np.array(leaves, np.float32), *variants(name))
    found = jax.vmap(spike_gradient, (None, 0))(X, stacked)
    expected = [gradient(curve) for curve in variants(name)]
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
    widths = jnp.array([0.8, 1.0, 2.0])
    together = jax.vmap(jax.grad(scanned, argnums=(0, 1)), (None, 0))
    by_currents, by_width = jax.jit(together)(currents, widths)
    one = fast_jit(jax.grad(looped, argnums=(0, 1)))
    expected = [one(currents, float(width)) for width in widths]
    np.testing.assert_allclose(by_currents, [row for row, _ in expected], rtol=1e-6)
    assert len({tuple(row.tolist()) for row in by_currents}) == 3
    # The carried membrane is reset by the spike, so the width is felt through later steps too.
    np.testing.assert_allclose(by_width, [slope for _, slope in expected], rtol=1e-5)
    assert np.all(by_width != 0)


# --- What they may be -----------------------------------------------------------------------------

POSITIVE = [
    (name, field.name)
    for name in SURROGATES
    for field in dataclasses.fields(SURROGATES[name])
    if field.metadata.get("low", 0) > 0 and not field.metadata.get("static")
]


def test_widths_and_slopes_are_positive():
    """All but heights and leaks, which may be 0, and what may have any sign."""
    names = {name for _, name in POSITIVE}
    assert names >= {"width", "slope", "sigma", "period", "temperature", "rate", "exponent"}
    free = {
        field.name
        for name in SURROGATES
        for field in dataclasses.fields(SURROGATES[name])
        if (name, field.name) not in POSITIVE
    }
    assert free == {"height", "leak", "scale", "log_slope", "cut", "terms"}


@pytest.mark.parametrize("name, field", POSITIVE)
@pytest.mark.parametrize("value", [-1.0, 0.0, np.float32(0), jnp.array([1.5, 0.0]), "a", True])
def test_values_that_have_no_curve_are_refused(name, field, value):
    with pytest.raises(ValueError, match=f"{SURROGATES[name].__name__}.{field} must "):
        SURROGATES[name](**{field: value})


def test_values_are_given_by_position_or_by_name():
    assert Triangle(0.5) == Triangle(width=0.5) == Triangle(np.float32(0.5)) != Triangle()
    assert hash(Triangle(0.5)) == hash(Triangle(width=0.5)) and Triangle(1).width == 1.0
    widths = jax.vmap(lambda width: Triangle(width).width)(jnp.array([0.5, -1.0]))
    np.testing.assert_array_equal(widths, [0.5, -1.0])  # a traced value is not looked at
    with pytest.raises(ValueError, match="FourierSquare.terms must be an integer of at least 1"):
        FourierSquare(8.0, 0)


@pytest.mark.parametrize("name, field", POSITIVE)
def test_the_least_value_has_finite_gradients(name, field):
    low = next(f for f in dataclasses.fields(SURROGATES[name]) if f.name == field).metadata["low"]
    curve = SURROGATES[name](**{field: low})
    slopes, by_threshold = slopes_by(curve, 0.0, X, np.ones_like(X))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((slopes, by_threshold)))


def test_a_learned_width_stays_within_its_bounds():
    layer = Spiking(LIF(surrogate=Triangle(0.5)), learn=("surrogate_width",))
    currents = jnp.ones((3, 2, 4))
    variables = layer.init(jax.random.key(0), currents)
    _, found = layer.apply(variables, currents, mutable=["declared"])
    assert found["declared"]["surrogate_width"].low == SMALLEST
    below = jax.tree.map(lambda x: -x, variables["params"])

    def loss(params):
        return layer.apply({**variables, "params": params}, currents).sum()

    gradient = jax.grad(loss)(below)["surrogate_width"]
    assert np.isfinite(gradient)
