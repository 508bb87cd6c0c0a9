"""The parameters of a surrogate are operands: learned, mapped over and changed without a new program."""

import collections
import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from fast_compilation import fast_jit
from spikejax.surrogate import SURROGATES, Triangle, spike
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
