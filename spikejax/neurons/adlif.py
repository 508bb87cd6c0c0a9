"""Adaptive LIF whose adaptation is a current: it follows the membrane potential as well as the spikes."""

import math
from typing import Any, NamedTuple

from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.initialisers import Uniform
from spikejax.surrogate import Rectangle, Surrogate, spike

# The bounds within which the authors draw and keep the decays: time constants of 5 to 25 and of 30 to 120 steps.
MEMBRANE = math.exp(-1 / 5), math.exp(-1 / 25)
ADAPTATION = math.exp(-1 / 30), math.exp(-1 / 120)


class AdLIFState(NamedTuple):
    """Variables of `AdLIF`, the membrane before the reset, which comes with the next step."""

    membrane: Array
    adaptation: Array
    spikes: Array


def adapted(
    neuron: Any, state: Any, current: Array, decay: Any, adaptation_decay: Any
) -> tuple[Array, Array, Array]:
    """Membrane, adaptation and spikes after a step by the equations of `AdLIF`, whatever its decays are made from."""
    driven = neuron.a * state.membrane + neuron.b * state.spikes
    adaptation = adaptation_decay * state.adaptation + driven
    left = state.membrane - neuron.threshold * state.spikes
    membrane = decay * left + (1 - decay) * (current - adaptation)
    return membrane, adaptation, spike(membrane - neuron.threshold, neuron.surrogate, True)


@neuron(AdLIFState, drive=10.0)
class AdLIF(Neuron):
    """LIF with an adaptation current that its membrane potential and its spikes drive; adLIF.

        W[t] = β W[t−1] + a U[t−1] + b S[t−1]
        U[t] = α (U[t−1] − threshold S[t−1]) + (1 − α) (I[t] − W[t])
        S[t] = Θ(U[t] − threshold), above the threshold only

    with α = `decay` and β = `adaptation_decay`; all four parameters are learned per neuron, within the bounds from
    which they are drawn. With a > 0 the membrane can oscillate; with a < 0 it and the adaptation drive each other, and
    over long sequences they may grow without bound, which `SEAdLIF` avoids.

    Fed back by `Recurrent` it is the RadLIF of the publication.

    `AdEx` is its continuous, exponential form; `ALIF` adapts its threshold and is another neuron.

    Deviations: the authors initialise membrane, adaptation and spikes with uniform random values, we with 0. Their
    RadLIF has a recurrent matrix without diagonal, initialised as orthogonal, and no bias, which is not how `Recurrent`
    starts.

    Reference: Bittar, Garner (2022), A surrogate gradient spiking baseline for speech command recognition, as in its
    released code.

    >>> import jax.numpy as jnp
    >>> neuron = AdLIF(decay=0.9, adaptation_decay=0.98, a=0.5, b=1.0)
    >>> currents = jnp.full((40, 1), 12.0)
    >>> spikes = neuron.sequence(neuron.init_state(currents[0]), currents)[1]
    >>> jnp.flatnonzero(spikes)
    Array([0, 1, 2, 4, 6, 9], dtype=int32)
    """

    decay: Leaf = param(
        default=Uniform(*MEMBRANE),
        low=MEMBRANE[0],
        high=MEMBRANE[1],
        unit="per step",
        learned=True,
        doc="α, fraction of the membrane potential kept per step",
    )
    adaptation_decay: Leaf = param(
        default=Uniform(*ADAPTATION),
        low=ADAPTATION[0],
        high=ADAPTATION[1],
        unit="per step",
        learned=True,
        doc="β, fraction of the adaptation kept per step",
    )
    a: Leaf = param(
        default=Uniform(-1.0, 1.0),
        low=-1,
        high=1,
        learned=True,
        doc="what the membrane potential adds to the adaptation",
    )
    b: Leaf = param(
        default=Uniform(0.0, 2.0),
        low=0,
        high=2,
        learned=True,
        doc="what a spike adds to the adaptation",
    )
    threshold: Leaf = param(
        default=1.0, low=0, doc="membrane potential above which the neuron fires"
    )
    surrogate: Surrogate = surrogate_field(default=Rectangle())

    def step(self, state: AdLIFState, current: Array) -> tuple[AdLIFState, Array]:
        after = AdLIFState(*adapted(self, state, current, self.decay, self.adaptation_decay))
        return after, after.spikes
