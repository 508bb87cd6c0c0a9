"""The generalised two-compartment neuron, of which TC-LIF is a special case."""

from typing import NamedTuple

from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import Surrogate, Triangle, spike


class TwoCompartmentState(NamedTuple):
    """Variables of `TwoCompartment`, with the soma before its reset, which comes with the next step."""

    dendrite: Array
    soma: Array
    spikes: Array


@neuron(TwoCompartmentState, compared="soma", drive=0.5)
class TwoCompartment(Neuron):
    """Dendrite and soma, coupled both ways; the input enters the dendrite, the soma fires.

        D[t] = α1 D[t−1] + β1 U[t−1] + I[t]
        U[t] = α2 U[t−1] + β2 D[t] − threshold S[t−1]
        S[t] = Θ(U[t] − threshold)

    U[t−1] is the soma before its reset in both equations, and the dendrite is not reset.

    Reference: TC-LIF (AAAI 2024), Eq. 7–9 with no current into the soma.

    >>> import jax.numpy as jnp
    >>> neuron = TwoCompartment()
    >>> state, spikes = neuron.step(neuron.init_state(jnp.zeros(1)), jnp.array([2.0]))
    >>> state.dendrite, state.soma, spikes
    (Array([2.], dtype=float32), Array([1.], dtype=float32), Array([1.], dtype=float32))
    """

    alpha1: Leaf = param(
        default=1.0,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the dendrite potential kept per step",
    )
    alpha2: Leaf = param(
        default=1.0,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the soma potential kept per step",
    )
    beta1: Leaf = param(default=-0.5, low=-1, high=1, doc="coupling from the soma to the dendrite")
    beta2: Leaf = param(default=0.5, low=-1, high=1, doc="coupling from the dendrite to the soma")
    threshold: Leaf = param(default=1.0, low=0, doc="soma potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Triangle())

    def step(self, state: TwoCompartmentState, current: Array) -> tuple[TwoCompartmentState, Array]:
        dendrite = self.alpha1 * state.dendrite + self.beta1 * state.soma + current
        soma = self.alpha2 * state.soma + self.beta2 * dendrite - self.threshold * state.spikes
        spikes = spike(soma - self.threshold, self.surrogate)
        return TwoCompartmentState(dendrite, soma, spikes), spikes
