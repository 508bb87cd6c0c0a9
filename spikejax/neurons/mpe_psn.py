"""Spiking neuron with an estimated membrane potential (MPE-PSN)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import draw_uniform, strict_option
from spikejax.surrogate import Surrogate, Triangle, spike


class MPEPSNState(NamedTuple):
    """Variables of `MPEPSN`."""

    estimate: Array  # E, of the membrane after its reset
    membrane: Array  # after its reset, what E estimates; it has no effect on later steps
    key: Array


@neuron(MPEPSNState, stochastic=True, drive=0.95)
class MPEPSN(Neuron):
    """LIF whose previous membrane potential is estimated from the previous current alone, so no step waits for another.

        E[t] = (1 − B[t]) I[t],                      B[t] ~ Bernoulli(σ(I[t])), without gradient
        H[t] = decay E[t−1] + I[t]
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] (1 − S[t])

    Training adds the error of the estimate to the loss: the mean of coefficient[t] (E[t] − U[t])², with
    coefficients that start at 1/T and are learned; `save=lambda state, spikes: (state.estimate, state.membrane)` in
    `unroll` provides what it needs.

    Deviations: the released code has two versions. This is the one for CIFAR-100, whose H[t] uses the estimate of the
    previous step; the one for event cameras uses that of the same step, with B from a softmax over time and
    coefficients 1/(T−1). The neuron fires at the threshold, as with the code's sigmoid surrogate; with its triangle it
    fires above it (strict=True).

    Reference: Chen, Yu, Zhan, Yao, Shao (2024), Time-independent spiking neuron via membrane potential estimation for
    efficient spiking neural networks (arXiv 2409.04978), and its released code.

    >>> import jax, jax.numpy as jnp
    >>> neuron = MPEPSN()
    >>> state = neuron.init_state(jnp.zeros(3), jax.random.key(0))
    >>> state, spikes = neuron.step(state, jnp.array([1.2, 0.5, -3.0]))
    >>> spikes
    Array([1., 0., 0.], dtype=float32)
    """

    decay: Leaf = param(
        default=0.25,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the estimated membrane potential kept per step",
    )
    threshold: Leaf = param(
        default=1.0, low=0, learned=True, doc="membrane potential at which the neuron fires"
    )
    surrogate: Surrogate = surrogate_field(default=Triangle())
    strict: bool = strict_option()

    def init_state(self, current: Array, key: Any) -> MPEPSNState:
        zeros = jnp.zeros_like(current)
        return MPEPSNState(zeros, zeros, key)

    def step(self, state: MPEPSNState, current: Array) -> tuple[MPEPSNState, Array]:
        key, now = jax.random.split(state.key)
        draw = draw_uniform(now, current)
        membrane = self.decay * state.estimate + current
        spikes = spike(membrane - self.threshold, self.surrogate, self.strict)
        estimate = jnp.where(draw < jax.nn.sigmoid(current).astype(draw.dtype), 0, current)
        return MPEPSNState(estimate, membrane * (1 - spikes), key), spikes
