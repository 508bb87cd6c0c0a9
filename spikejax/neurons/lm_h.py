"""Learnable multi-hierarchical neuron: dendrite and soma with four learned couplings."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset
from spikejax.surrogate import Surrogate, Triangle, spike


class LMHState(NamedTuple):
    """Variables of `LMH`, with the soma after its reset."""

    dendrite: Array
    soma: Array


@neuron(LMHState, compared="soma", drive=0.6)
class LMH(Neuron):
    """Dendrite and soma whose four couplings are learned; it starts as an integrate-and-fire neuron.

        D[t] = (σ(alpha1) − ½) D[t−1] + (σ(beta1) − ½) U[t−1] + I[t]
        H[t] = (σ(alpha2) + ½) U[t−1] + (σ(beta2) + ½) D[t]
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] − threshold S[t], without gradient through S

    U starts at half the threshold, D at 0.

    Deviations: the output of the released code is threshold·S; here it is S, the same at the published threshold of 1.

    Reference: Hao et al. (2024), A progressive training framework for spiking neural networks with learnable
    multi-hierarchical model; its released code.

    >>> import jax.numpy as jnp
    >>> neuron = LMH()
    >>> state, spikes = neuron.step(neuron.init_state(jnp.zeros(1)), jnp.array([0.25]))
    >>> spikes, state.dendrite, state.soma
    (Array([0.], dtype=float32), Array([0.25], dtype=float32), Array([0.75], dtype=float32))
    """

    alpha1: Leaf = param(default=0.0, learned=True, doc="decay of the dendrite, σ(alpha1) − ½")
    beta1: Leaf = param(
        default=0.0, learned=True, doc="coupling from the soma to the dendrite, σ(beta1) − ½"
    )
    alpha2: Leaf = param(default=0.0, learned=True, doc="decay of the soma, σ(alpha2) + ½")
    beta2: Leaf = param(
        default=0.0, learned=True, doc="coupling from the dendrite to the soma, σ(beta2) + ½"
    )
    threshold: Leaf = param(default=1.0, low=0, doc="soma potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Triangle())
    detach_reset: bool = detach_option(True)

    def init_state(self, current: Array) -> LMHState:
        zeros = jnp.zeros_like(current)
        return LMHState(zeros, zeros + self.threshold / 2)

    def step(self, state: LMHState, current: Array) -> tuple[LMHState, Array]:
        σ = jax.nn.sigmoid
        dendrite = (
            (σ(self.alpha1) - 0.5) * state.dendrite + (σ(self.beta1) - 0.5) * state.soma + current
        )
        soma = (σ(self.alpha2) + 0.5) * state.soma + (σ(self.beta2) + 0.5) * dendrite
        spikes = spike(soma - self.threshold, self.surrogate)
        soma = reset(soma, spikes, self.threshold, "subtract", self.detach_reset)
        return LMHState(dendrite, soma), spikes
