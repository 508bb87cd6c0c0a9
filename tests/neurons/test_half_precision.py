"""Counters, slow decays and membranes of currents in bfloat16 or float16: they behave as in float32."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax import Spiking
from spikejax.neurons import make
from spikejax.neurons.ahp import AHP
from spikejax.neurons.alif import ALIF
from spikejax.neurons.integrate_and_fire import IntegrateAndFire
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF
from spikejax.neurons.wrappers.delayed import Delayed
from spikejax.neurons.wrappers.refractory import Refractory

halves = pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])


def run(neuron, currents):
    spikes = jax.jit(neuron.sequence)(neuron.init_state(currents[0]), currents)[1]
    assert spikes.dtype == currents.dtype
    return np.asarray(spikes, np.float32)


@halves
def test_a_membrane_integrates_small_currents(dtype):
    """2000 currents of 1/1024 reach the threshold once; in bfloat16 the sum would stall at 1/4."""
    spikes = run(IntegrateAndFire(threshold=1.0), jnp.full((2000, 1), 2.0**-10, dtype))
    assert np.flatnonzero(spikes).tolist() == [1023]


@halves
@pytest.mark.parametrize("period", [255.0, 300.0, 2100.0])
def test_a_long_refractory_period_ends(dtype, period):
    """A counter in bfloat16 stalls above 256, one in float16 above 2048."""
    neuron = Refractory(neuron=LIF(decay=0.0), period=period)
    spikes = run(neuron, jnp.full((5000, 1), 2.0, dtype))
    assert np.flatnonzero(spikes).tolist() == list(range(0, 5000, int(period) + 1))


@halves
def test_a_delay_of_many_steps_arrives_in_one(dtype):
    neuron = Delayed(neuron=LeakyIntegrator(decay=0.0), delay=299.0, longest=300)
    arrived = run(neuron, jnp.zeros((400, 1), dtype).at[0].set(1))
    assert np.flatnonzero(arrived).tolist() == [299]


@pytest.mark.parametrize(
    "neuron",
    [ALIF(tau_membrane=20.0, tau_adaptation=700.0), AHP(), make("clif"), make("glif")],
    ids=lambda neuron: type(neuron).__name__,
)
def test_slow_decays_in_a_layer(neuron):
    """The firing rate of a layer whose parameters are variables."""
    rates = {}
    drawn = jax.random.uniform(jax.random.key(0), (600, 2, 8), maxval=2.0)
    for dtype in (jnp.float32, jnp.bfloat16):
        currents = drawn.astype(jnp.bfloat16).astype(dtype)
        layer = Spiking(neuron)
        variables = layer.init(jax.random.key(1), currents[:1])
        rates[dtype] = float(jax.jit(layer.apply)(variables, currents).astype(float).mean())
    assert 0.01 < rates[jnp.float32] < 0.9
    assert rates[jnp.bfloat16] == pytest.approx(rates[jnp.float32], abs=1e-3)
