"""Every surrogate with several values of its parameters, and the gradient that a spike has through it."""

import dataclasses

import jax
import pytest

from spikejax.surrogate import SURROGATES, spike

every_surrogate = pytest.mark.parametrize("name", SURROGATES)


def variants(name):
    """The surrogate with its defaults, narrower and wider."""
    default, scales = SURROGATES[name](), (1.0, 0.6, 1.7)
    if name == "q_pseudo_spike":
        scales = (1.0, 0.9, 1.7)  # the exponent stays above 1
    return [
        jax.tree.map(lambda leaf, s=scale: s * leaf if leaf else abs(s - 1.0), default)
        for scale in scales
    ]


def parameters(curve):
    """In the order of the formulas."""
    return dataclasses.astuple(curve)


@jax.jit
def spike_gradient(x, curve):
    """The slope of the spikes at each x, which is the curve."""
    return jax.grad(lambda x: spike(x, curve).sum())(x)
