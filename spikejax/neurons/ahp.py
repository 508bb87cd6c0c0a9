"""LIF with an after-hyperpolarising current, as on neuromorphic hardware."""

from typing import NamedTuple

from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import Surrogate, Triangle, spike


class AHPState(NamedTuple):
    """Variables of `AHP`, with the membrane after its reset."""

    membrane: Array
    adaptation: Array
    spikes: Array


@neuron(AHPState, drive=0.4, horizon=1500)
class AHP(Neuron):
    """LIF in which each spike triggers a slow hyperpolarising current.

        A[t] = (1 − 1/τ_a) A[t−1] − w S[t−1],   w = strength (1/(τ_a τ_m) − 1/τ_a²)
        U[t] = ((1 − 1/τ_m) U[t−1] + I[t] + A[t]) (1 − S[t−1])
        S[t] = Θ(U[t] − threshold) (1 − S[t−1]);  a spike sets U to 0

    τ_m is `tau_membrane`, τ_a `tau_adaptation`, both in steps. (1 − S[t−1]) is the refractory period of one step.

    Deviations: the publication describes two compartments on a chip with integer arithmetic; this is our reading of
    them in real numbers. The refractory period of one step and the form of w follow the released code; its strength,
    about 10,900 for a threshold of 1, silences a neuron for hundreds of steps; ours is 1,000.

    Reference: Rao et al. (2022), A long short-term memory for AI applications in spike-based neuromorphic hardware
    (arXiv 2107.03992) and the released code.

    >>> import jax.numpy as jnp
    >>> neuron = AHP()
    >>> currents = jnp.full((90, 1), 0.4)
    >>> spikes = neuron.sequence(neuron.init_state(currents[0]), currents)[1]
    >>> [int(part.sum()) for part in jnp.split(spikes, 3)]
    [4, 2, 0]
    """

    tau_membrane: Leaf = param(
        default=20.0, low=1, unit="steps", doc="time constant of the membrane"
    )
    tau_adaptation: Leaf = param(
        default=700.0, low=1, unit="steps", doc="time constant of the hyperpolarising current"
    )
    strength: Leaf = param(default=1000.0, low=0, doc="scales the current that a spike triggers")
    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Triangle())

    def step(self, state: AHPState, current: Array) -> tuple[AHPState, Array]:
        slow, fast = 1 / self.tau_adaptation, 1 / self.tau_membrane
        weight = self.strength * (slow * fast - slow * slow)
        adaptation = (1 - slow) * state.adaptation - weight * state.spikes
        awake = 1 - state.spikes
        membrane = ((1 - fast) * state.membrane + current + adaptation) * awake
        spikes = spike(membrane - self.threshold, self.surrogate) * awake
        return AHPState(membrane * (1 - spikes), adaptation, spikes), spikes
