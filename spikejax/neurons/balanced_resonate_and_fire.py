"""Balanced resonate-and-fire: an oscillator whose spikes damp it and raise its threshold for a while."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.initialisers import Uniform
from spikejax.surrogate import MultiGaussian, Surrogate, spike


class BalancedResonateAndFireState(NamedTuple):
    """Variables of `BalancedResonateAndFire`."""

    real: Array  # x, like a voltage
    imaginary: Array  # y
    refractory: Array  # q, which a spike raises by 1


@neuron(BalancedResonateAndFireState, drive=40.0, horizon=400)
class BalancedResonateAndFire(Neuron):
    """Damped oscillator x + iy that fires where x reaches a threshold that its spikes raise; BRF.

        b[t] = p(ω) − damping − q[t−1],              p(ω) = (−1 + √(1 − (ω dt)²)) / dt
        x[t] = x[t−1] + dt (b[t] x[t−1] − ω y[t−1] + I[t])
        y[t] = y[t−1] + dt (ω x[t−1] + b[t] y[t−1])
        S[t] = Θ(x[t] − threshold − q[t−1]), above it only
        q[t] = recovery q[t−1] + S[t]

    with ω = `frequency`. p(ω) is the boundary beyond which a step of forward Euler makes the oscillation grow, so with
    any damping > 0 it decays. A spike does not reset x and y: it damps them and raises the threshold, both by q, which
    fades. ω and the damping are learned per neuron.

    Deviations: the authors' surrogate has both negative flanks around 0, `MultiGaussian` has them σ to either side of
    it. Frequency and damping are drawn as for spoken digits; for sequential digits the frequencies are 15 to 50, or to
    85, and the damping 0.1 to 1.

    Reference: Higuchi, Kairat, Bohté, Otte (2024), Balanced resonate-and-fire neurons (arXiv 2402.14603), and its
    released code.

    >>> import jax.numpy as jnp
    >>> neuron = BalancedResonateAndFire(frequency=10.0, damping=0.5)
    >>> wave = 12 * jnp.sin(0.01 * 10.0 * jnp.arange(400.0))[:, None]  # at the frequency of the neuron
    >>> slow = 12 * jnp.sin(0.01 * 2.0 * jnp.arange(400.0))[:, None]
    >>> [int(neuron.sequence(neuron.init_state(x[0]), x)[1].sum()) for x in (wave, slow)]
    [41, 0]
    """

    frequency: Leaf = param(
        default=Uniform(5.0, 10.0),
        low=0,
        high=95,
        unit="radians per unit of dt",
        learned=True,
        doc="ω",
    )
    damping: Leaf = param(
        default=Uniform(2.0, 3.0),
        low=0,
        unit="per unit of dt",
        learned=True,
        doc="how far b is below the boundary",
    )
    recovery: Leaf = param(
        default=0.9, low=0, high=1, unit="per step", doc="fraction of q kept per step"
    )
    threshold: Leaf = param(default=1.0, low=0, doc="x above which the neuron fires, if q = 0")
    dt: Leaf = param(default=0.01, low=0.001, high=0.01, doc="length of a step")
    surrogate: Surrogate = surrogate_field(default=MultiGaussian())

    def step(
        self, state: BalancedResonateAndFireState, current: Array
    ) -> tuple[BalancedResonateAndFireState, Array]:
        x, y, refractory = state
        angle = self.frequency * self.dt
        boundary = (jnp.sqrt(1 - angle * angle) - 1) / self.dt
        growth = boundary - self.damping - refractory
        real = x + self.dt * (growth * x - self.frequency * y + current)
        imaginary = y + self.dt * (self.frequency * x + growth * y)
        spikes = spike(real - self.threshold - refractory, self.surrogate, True)
        after = self.recovery * refractory + spikes
        return BalancedResonateAndFireState(real, imaginary, after), spikes
