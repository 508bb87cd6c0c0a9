"""Networks that are run in chunks of time, without the executor and with it, and how two runs are compared.

What is compared wants the fixture `float64`: runs are held to ten digits.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import spikejax
from fast_compilation import fast_jit
from spikejax import Time, neuron, param
from spikejax.dynamics.layer import unroll
from spikejax.dynamics.network import run
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF, LIFState

T, BATCH, INPUTS, CLASSES = 13, 2, 3, 2
TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}
INPUT = np.random.default_rng(0).normal(0.5, 1.5, (T, BATCH, INPUTS))
WEIGHTS = np.random.default_rng(1).normal(size=(T, BATCH, CLASSES))


def objective(execute, variables, x):
    outputs, state = execute(variables, x)
    loss = (outputs * WEIGHTS).sum() + sum(leaf.sum() for leaf in jax.tree.leaves(state))
    return loss, (outputs, state)


def differentiate(execute, variables, x=INPUT):
    """(gradients of a loss on outputs and final state, (outputs, final state))"""

    @fast_jit
    @functools.partial(jax.grad, has_aux=True)
    def grad(variables):
        return objective(execute, variables, x)

    return grad(variables)


def assert_close(one, other, **tolerance):
    tolerance = tolerance or TOLERANCE
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **tolerance), one, other)


# --- A recurrent network --------------------------------------------------------------------------

NETWORK = MLP((3,), CLASSES, LIF(), learn=("decay",), recurrent=(0,))


def make_variables(network=NETWORK, seed=2):
    """Float64 variables: drawn where the network draws, else the parameters of its neuron."""
    draw = np.random.default_rng(seed)
    shapes = jax.eval_shape(network.init, jax.random.key(0), INPUT[:1])

    def value(path, leaf):
        given = getattr(network.neuron, path[-1].key, None)
        return jnp.asarray(draw.normal(0, 0.7, leaf.shape) if given is None else given, float)

    return jax.tree_util.tree_map_with_path(value, shapes)


def execution(**options):
    """The network by the executor."""
    return lambda variables, x: spikejax.run(NETWORK, variables, x, time=Time(**options))


def applied(variables, x, carry=None):
    """The network by Flax alone."""
    return NETWORK.apply({**variables, **(carry or {})}, x, mutable=["state"])


@functools.cache
def whole():
    """Layer by layer without the executor."""
    return differentiate(applied, make_variables())


# --- The least of networks, so that every chunk length can be compiled ----------------------------


def bare(variables, x, state):
    lif = LIF(decay=variables["decay"])
    state, spikes = unroll(lif.step, state, x @ variables["kernel"])
    return spikes, state


def at_rest(x):
    return LIFState(jnp.zeros((x.shape[1], CLASSES), x.dtype))


def make_bare_variables():
    kernel = np.random.default_rng(3).normal(size=(INPUTS, CLASSES))
    return {"decay": jnp.asarray(0.8), "kernel": jnp.asarray(kernel)}


@functools.cache
def whole_bare():
    """All steps at once."""
    return differentiate(lambda v, x: bare(v, x, at_rest(x)), make_bare_variables())


# --- A neuron that does not start at zero ---------------------------------------------------------


@neuron(LIFState)
class Charged:
    """A LIF that starts at its own level."""

    level: float = param(default=0.9, doc="membrane potential at the start")

    def init_state(self, current):
        return LIFState(jnp.zeros_like(current) + self.level)

    def step(self, state, current):
        return LIF().step(state, current)


def charged(variables, x, state):
    state, spikes = unroll(Charged(level=variables["level"]).step, state, 0.3 * x)
    return spikes[..., :CLASSES], state


def start_of(variables, x):
    return Charged(level=variables["level"]).init_state(0.3 * x.sum(0))


def charge(time=None):
    """The charged network from its own start, in chunks if there is a time."""

    def execute(variables, x):
        first = start_of(variables, x)
        return (
            charged(variables, x, first)
            if time is None
            else run(charged, variables, x, first, time)
        )

    return execute
