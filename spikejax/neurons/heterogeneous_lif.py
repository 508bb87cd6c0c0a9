"""LIF with individual time constants for every neuron."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option
from spikejax.surrogate import SuperSpike, Surrogate, spike


@dataclasses.dataclass(frozen=True)
class GammaDecay:
    """Initialiser of decays exp(−dt/τ) with τ from a gamma distribution of shape 3, clipped to [2/e, 0.995].

    Attributes:
      mean: of τ, in ms.
      dt: length of a step, in ms.
    """

    mean: float
    dt: float = 0.5

    def __call__(self, key, shape, dtype):
        tau = jax.random.gamma(key, 3.0, shape, dtype) * self.mean / 3
        return jnp.clip(jnp.exp(-self.dt / tau), 2 / jnp.e, 0.995).astype(dtype)


class HeterogeneousLIFState(NamedTuple):
    """Variables of `HeterogeneousLIF`, the membrane before the reset, which comes with the next step."""

    membrane: Array
    synapse: Array


@neuron(HeterogeneousLIFState, drive=2.0)
class HeterogeneousLIF(Neuron):
    """Current-based LIF with a synaptic and a membrane decay for every neuron, randomly initialised and learned.

        S[t] = Θ(U[t−1] − threshold), above the threshold only
        Y[t] = synaptic_decay Y[t−1] + I[t]
        U[t] = decay (U[t−1] − rest) + rest + (1 − decay) Y[t−1]
               − S[t] (threshold − reset_voltage)

    Spikes are those of the membrane potential before the step, and the membrane receives the synaptic current before
    the step, so an input reaches the membrane one step later and the output two steps later. With `detach_reset=True`,
    as its authors train it, the reset and the gain (1 − decay) carry no gradient.

    Deviations: the released layer stores the spikes one step later still, which adds a step of delay per layer, and its
    recurrent layer feeds them back within the step that emits them, one step earlier than a recurrent layer here.

    Reference: Perez-Nieves, Leung, Dragotti, Goodman (2021), Neural heterogeneity promotes robust learning, and its
    released code.

    >>> import jax.numpy as jnp
    >>> neuron = HeterogeneousLIF(synaptic_decay=0.5, decay=0.75)
    >>> state, _ = neuron.step(HeterogeneousLIFState(jnp.array([0.4]), jnp.array([0.8])), jnp.array([1.0]))
    >>> state.membrane, state.synapse
    (Array([0.5], dtype=float32), Array([1.4], dtype=float32))
    """

    synaptic_decay: Leaf = param(
        default=GammaDecay(10.0),
        low=0,
        high=1,
        unit="per step",
        learned=True,
        doc="fraction of the synaptic current kept per step",
    )
    decay: Leaf = param(
        default=GammaDecay(20.0),
        low=0,
        high=1,
        unit="per step",
        learned=True,
        doc="fraction of the membrane potential kept per step",
    )
    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    rest: Leaf = param(default=0.0, low=-0.5, high=0.5, doc="resting potential")
    reset_voltage: Leaf = param(
        default=0.0, low=-0.5, high=0.5, doc="membrane potential after a spike at threshold"
    )
    surrogate: Surrogate = surrogate_field(default=SuperSpike())
    detach_reset: bool = detach_option(True, doc="no gradient through reset and gain")

    def step(
        self, state: HeterogeneousLIFState, current: Array
    ) -> tuple[HeterogeneousLIFState, Array]:
        spikes = spike(state.membrane - self.threshold, self.surrogate, True)
        held = jax.lax.stop_gradient if self.detach_reset else lambda x: x
        membrane = (
            self.decay * (state.membrane - self.rest)
            + self.rest
            + held(1 - self.decay) * state.synapse
            - held(spikes) * (held(self.threshold) - self.reset_voltage)
        )
        synapse = self.synaptic_decay * state.synapse + current
        return HeterogeneousLIFState(membrane, synapse), spikes
