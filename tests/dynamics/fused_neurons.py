"""Neurons around neurons, and one that is in no registry, for comparison of kernels and scan."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from spikejax.fields import Leaf, param
from spikejax.neurons import make
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.lif import LIF
from spikejax.neurons.wrappers import ASGL, MembraneWidth, Noisy, Refractory, Synapse
from spikejax.surrogate import ClippedLine, Surrogate, Triangle, spike

WRAPPED = {
    "asgl": ASGL(neuron=LIF(surrogate=ClippedLine()), share=0.5),
    "noisy": Noisy(neuron=LIF(), deviation=0.3),
    "refractory": Refractory(neuron=LIF(), period=2.0),
    "refractory_noisy": Refractory(neuron=Noisy(neuron=make("tc_lif"))),
    "synapse": Synapse(neuron=LIF()),
    "membrane_width": MembraneWidth(neuron=LIF()),
}


class MineState(NamedTuple):
    voltage: jax.Array
    fatigue: jax.Array
    count: jax.Array  # of spikes, integers
    tired: jax.Array  # truth values


@neuron(MineState)
class Mine(Neuron):
    """A neuron that is in no registry, with states of all kinds."""

    leak: Leaf = param(default=0.9, doc="")
    cost: Leaf = param(default=0.3, doc="")
    surrogate: Surrogate = surrogate_field(default=Triangle())

    def init_state(self, current):
        return MineState(
            jnp.zeros_like(current),
            jnp.zeros_like(current),
            jnp.zeros(current.shape, jnp.int32),
            jnp.zeros(current.shape, bool),
        )

    def step(self, state, current):
        voltage = self.leak * state.voltage + jnp.where(state.tired, 0.5 * current, current)
        spikes = spike(voltage - 1 - self.cost * jnp.tanh(state.fatigue), self.surrogate)
        fatigue = 0.8 * state.fatigue + spikes * jnp.sqrt(1.0 + state.count)
        count = state.count + spikes.astype(jnp.int32)
        return MineState(voltage * (1 - spikes), fatigue, count, fatigue > 1), spikes
