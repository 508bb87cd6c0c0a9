"""SSM-inspired LIF: adLIF with the parameters of a state space model, logarithms of rates and of a step."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.adlif import adapted
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.initialisers import Uniform, UniformLog
from spikejax.surrogate import Rectangle, Surrogate


class SiLIFState(NamedTuple):
    """Variables of `SiLIF`, the membrane before the reset, which comes with the next step."""

    membrane: Array
    adaptation: Array
    spikes: Array


@neuron(SiLIFState, drive=6.0)
class SiLIF(Neuron):
    """`AdLIF` whose decays come from rates and a step length, of which logarithms are learned; SiLIF.

        α = exp(−exp(log_rate + log_dt)),   β = exp(−exp(log_adaptation_rate + log_dt))
        W[t] = β W[t−1] + a U[t−1] + b S[t−1]
        U[t] = α (U[t−1] − threshold S[t−1]) + (1 − α) (I[t] − W[t])
        S[t] = Θ(U[t] − threshold), above the threshold only

    Both decays stay between 0 and 1 whatever is learned, and a longer step shortens both time constants at once. Each
    neuron has its own parameters. `CSiLIF` is the complex form.

    Deviations: the authors initialise membrane, adaptation and spikes with uniform random values, we with 0.

    Reference: Fabre, Dudchenko, Bouhadjar, Neftci (2025), SiLIF: structured state space model dynamics and
    parametrization for spiking neural networks (arXiv 2506.06374), and its released code.

    >>> import jax.numpy as jnp
    >>> neuron = SiLIF(log_dt=0.0, log_rate=jnp.log(0.1), log_adaptation_rate=jnp.log(0.02), a=0.5, b=1.0)
    >>> currents = jnp.full((40, 1), 12.0)
    >>> spikes = neuron.sequence(neuron.init_state(currents[0]), currents)[1]
    >>> jnp.flatnonzero(spikes)
    Array([ 0,  1,  3,  4,  6, 10], dtype=int32)
    """

    log_dt: Leaf = param(
        default=UniformLog(0.004, 0.004),
        high=2,
        learned=True,
        doc="logarithm of the length of a step",
    )
    log_rate: Leaf = param(
        default=UniformLog(10.0, 250.0),
        learned=True,
        doc="logarithm of the rate at which the membrane potential decays",
    )
    log_adaptation_rate: Leaf = param(
        default=UniformLog(2.5, 10.0),
        learned=True,
        doc="logarithm of the rate at which the adaptation decays",
    )
    a: Leaf = param(
        default=Uniform(0.0, 1.0),
        low=0,
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

    def step(self, state: SiLIFState, current: Array) -> tuple[SiLIFState, Array]:
        keep = jnp.exp(-jnp.exp(self.log_rate + self.log_dt))
        remember = jnp.exp(-jnp.exp(self.log_adaptation_rate + self.log_dt))
        after = SiLIFState(*adapted(self, state, current, keep, remember))
        return after, after.spikes
