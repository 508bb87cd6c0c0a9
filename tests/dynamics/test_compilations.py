"""Called outside of `jax.jit`, `unroll` and `run` compile once, whatever the values of parameters are."""

import flax.linen as nn
import jax
import jax.monitoring
import jax.numpy as jnp
import pytest

import spikejax
from spikejax import Spiking
from spikejax.dynamics import Time, unroll
from spikejax.neurons.lif import LIF

CURRENTS = jnp.full((11, 2, 3), 0.4)


@pytest.fixture
def compilations():
    """How many programs have been compiled, as a function."""
    count = []

    def listen(event, duration, **facts):
        if event == "/jax/core/compile/backend_compile_duration":
            count.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield lambda: len(count)
    jax.monitoring.unregister_event_duration_listener(listen)


def membrane(state, spikes):
    return state.membrane


def test_unroll(compilations):
    def use(decay):
        lif = LIF(decay=decay)
        state = lif.init_state(CURRENTS[0])
        unroll(lif.step, state, CURRENTS, save=membrane)
        return float(lif.sequence(state, CURRENTS)[1].sum())

    use(0.5)
    before = compilations()
    assert use(0.6) != use(0.99)
    assert compilations() == before > 0


def test_run(compilations):
    variables = nn.Sequential([nn.Dense(8), Spiking(LIF())]).init(jax.random.key(0), CURRENTS)

    def use(scale):
        network = nn.Sequential([nn.Dense(8), Spiking(LIF())])  # made anew, as in a notebook's cell
        scaled = jax.tree.map(lambda x: scale * x, variables)
        return float(spikejax.run(network, scaled, CURRENTS, time=Time(chunk=5))[0].sum())

    use(1.0)
    before = compilations()
    assert use(2.0) != use(0.1)
    assert compilations() == before > 0


def test_run_inside_a_program_of_ones_own():
    """Its gradient, and a network whose neuron has traced parameters."""

    def loss(decay):
        network = nn.Sequential([nn.Dense(8), Spiking(LIF(decay=decay))])
        variables = network.init(jax.random.key(0), CURRENTS)
        return spikejax.run(network, variables, CURRENTS, time=Time(chunk=5))[0].sum()

    gradients = [jax.jit(jax.grad(loss))(decay) for decay in (0.5, 0.9)]
    assert gradients[0] != gradients[1]
    assert float(jax.grad(loss)(0.9)) == pytest.approx(float(gradients[1]), rel=1e-5)


def test_run_of_a_module_that_holds_an_array():
    class Scaled(nn.Module):
        factors: jax.Array

        @nn.compact
        def __call__(self, x):
            return x * self.factors

    outputs, _ = spikejax.run(Scaled(jnp.arange(3.0)), {}, CURRENTS, time=Time(chunk=5))
    assert float(outputs.sum()) == pytest.approx(0.4 * 66)
