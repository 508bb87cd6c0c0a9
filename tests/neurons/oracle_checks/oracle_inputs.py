"""Currents and parameters that the tests of the oracles share, and the comparison of a trace with numbers by hand."""

from typing import NamedTuple

import numpy as np

from oracles import SURROGATES

TRIANGLE = SURROGATES["triangle"]
RANDOM = np.random.default_rng(0)
CURRENTS = RANDOM.normal(0.6, 0.8, (12, 2))
NOISE = RANDOM.normal(size=(12, 2))
UNIFORM = RANDOM.uniform(size=(12, 2))
VECTOR = np.array([0.5, 0.8])  # one parameter per neuron
WEIGHT = RANDOM.normal(0.3, 0.6, (12, 12))
BIAS = RANDOM.normal(-1.0, 0.2, 12)


class Case(NamedTuple):
    neuron: object
    parameters: dict  # these are differentiated
    options: dict  # these are not
    currents: np.ndarray
    quiet: np.ndarray  # these make no spikes


def case(neuron, options=None, currents=CURRENTS, quiet=0.02 * CURRENTS, **parameters):
    return Case(neuron, parameters, options or {}, currents, quiet)


def logit(p):
    return np.log(p / (1 - p))


def check(trace, **expected):
    for name, values in expected.items():
        np.testing.assert_allclose(trace[name], values, rtol=1e-12, atol=1e-14, err_msg=name)
