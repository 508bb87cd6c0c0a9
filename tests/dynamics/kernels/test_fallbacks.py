"""The warning of a step that runs as a scan: whose line it names, how often it is said, what it says."""

import warnings
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from spikejax import Spiking, Time, run, unroll
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.neurons.lif import LIF

CURRENTS = jnp.ones((3, 2, 4))
HERE = Path(__file__).name


def centred(state, current):
    state = state + current - state.mean(-1, keepdims=True)
    return state, state


def by_kernel(step, currents=CURRENTS):
    return unroll(step, currents[0], currents, kernel="pallas")[1]


def lines(caught):
    return [(Path(x.filename).name, x.lineno) for x in caught]


def first_line(function):
    return function.__code__.co_firstlineno


def test_it_names_the_line_that_led_to_it():
    def loss(currents):
        return by_kernel(centred, currents).sum()

    with pytest.warns(KernelFallback) as told:
        jax.jit(jax.grad(loss))(CURRENTS)
    assert set(lines(told)) == {(HERE, first_line(by_kernel) + 1)}


def test_it_names_the_line_of_a_layer_in_a_users_network():
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            return Spiking(LIF())(x.astype(jnp.float64))

    with jax.enable_x64(True):
        variables = Net().init(jax.random.key(0), CURRENTS)
        with pytest.warns(KernelFallback, match="LIF runs as a scan.*float64") as told:
            run(Net(), variables, CURRENTS, time=Time(kernel="pallas"))
    assert set(lines(told)) == {(HERE, first_line(Net.__call__.__wrapped__) + 2)}


def test_it_is_said_once_although_filters_change():
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        warnings.simplefilter("default")
        for _ in range(3):
            with warnings.catch_warnings():  # as JAX does
                warnings.simplefilter("ignore", DeprecationWarning)
            unroll(centred, CURRENTS[0], CURRENTS, kernel="pallas")
    assert len(caught) == 1


def test_a_second_derivative_is_said_once():
    def squared(state, current):
        state = 0.5 * state + current**2
        return state, state

    def loss(currents):
        return unroll(squared, currents[0], currents, kernel="pallas")[1].sum()

    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        warnings.simplefilter("default")
        jax.grad(lambda x: (jax.grad(loss)(x) ** 2).sum())(CURRENTS)
    assert lines(caught) == [(HERE, first_line(loss) + 1)]
    assert "squared: a derivative of second order" in str(caught[0].message)


@pytest.mark.parametrize(
    "step, words",
    [
        (
            lambda s, x: (s + x - s.mean(), s),
            f"the lambda in line {{line}} of {HERE} runs as a scan",
        ),
        (lambda s, x: (x @ jnp.ones((4, 4)), s), "it has a matrix product that is not that of a"),
        (lambda s, x: (x @ jnp.ones((4, 4)), s), "compute products of currents before unroll; see"),
        (centred, "centred runs as a scan, not as a fused kernel: it sums"),
        (centred, "see docs/kernels.md for what a kernel can run"),
    ],
)
def test_what_it_says(step, words):
    with pytest.warns(KernelFallback) as told:
        by_kernel(step)
    assert words.format(line=first_line(step)) in str(told[0].message)
