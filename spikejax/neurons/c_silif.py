"""Complex SSM-inspired LIF: an oscillator with the parameters of a diagonal state space model."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.initialisers import Uniform, UniformLog
from spikejax.surrogate import Rectangle, Surrogate, spike


class CSiLIFState(NamedTuple):
    """Variables of `CSiLIF`, before the reset, which comes with the next step."""

    real: Array
    imaginary: Array
    spikes: Array


@neuron(CSiLIFState, drive=2.5)
class CSiLIF(Neuron):
    """Damped oscillator z = x + iy that a spike sets back, with a learned step length; C-SiLIF.

        λ = exp((−exp(log_rate) + i frequency) exp(log_dt))
        z[t] = λ (z[t−1] − reset_factor S[t−1]) + gain I[t]
        S[t] = Θ(2 x[t] − threshold), above the threshold only

    2x is the sum of z and its complex conjugate, as in diagonal state space models. All parameters but the threshold
    and the reset factor are learned per neuron. The authors call the gain b.

    Deviations: the authors initialise z and the spikes with uniform random values, we with 0.

    Reference: Fabre, Dudchenko, Bouhadjar, Neftci (2025), SiLIF: structured state space model dynamics and
    parametrization for spiking neural networks (arXiv 2506.06374), and its released code.

    >>> import jax.numpy as jnp
    >>> neuron = CSiLIF(log_dt=0.0, log_rate=-30.0, frequency=jnp.pi / 2, gain=1.0)  # a quarter turn a step
    >>> pulse = jnp.zeros((9, 1)).at[0].set(0.5)
    >>> _, spikes = neuron.sequence(neuron.init_state(pulse[0]), pulse)
    >>> float(spikes.sum())  # 2x is 1 in every fourth step, and does not exceed it
    0.0
    """

    log_dt: Leaf = param(
        default=UniformLog(0.01, 0.5), high=2, learned=True, doc="logarithm of the length of a step"
    )
    log_rate: Leaf = param(
        default=math.log(0.5), learned=True, doc="logarithm of the rate at which z decays"
    )
    frequency: Leaf = param(
        default=math.pi, unit="radians per unit of dt", learned=True, doc="of the oscillation"
    )
    gain: Leaf = param(
        default=Uniform(0.0, 1.0), learned=True, doc="what a current is multiplied by"
    )
    reset_factor: Leaf = param(default=0.5, low=0, doc="what a spike subtracts from x")
    threshold: Leaf = param(default=1.0, low=0, doc="2x above which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Rectangle())

    def step(self, state: CSiLIFState, current: Array) -> tuple[CSiLIFState, Array]:
        dt = jnp.exp(self.log_dt)
        shrink, angle = jnp.exp(-jnp.exp(self.log_rate) * dt), self.frequency * dt
        cosine, sine = shrink * jnp.cos(angle), shrink * jnp.sin(angle)
        left = state.real - self.reset_factor * state.spikes
        real = cosine * left - sine * state.imaginary + self.gain * current
        imaginary = sine * left + cosine * state.imaginary
        spikes = spike(2 * real - self.threshold, self.surrogate, True)
        return CSiLIFState(real, imaginary, spikes), spikes
