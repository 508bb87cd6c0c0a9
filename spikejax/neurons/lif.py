"""Leaky integrate-and-fire."""

from typing import NamedTuple

import jax
from jax import Array

from spikejax.neurons.base import Leaf, neuron, option, param, surrogate_field
from spikejax.surrogate import Surrogate, Triangle, spike


class LIFState(NamedTuple):
    """Variables of `LIF`."""

    membrane: Array  # after the reset


@neuron(LIFState)
class LIF:
    """Leaky integrate-and-fire neuron in discrete time.

        H[t] = decay U[t−1] + g I[t]                 g = 1, or 1 − decay with input_scaling="complement"
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] − threshold S[t]                 reset="subtract"
               H[t] (1 − S[t])                       reset="zero"
               H[t]                                  reset="none"

    `decay` is exp(−dt/τ). With `learn=("decay",)` in a layer it is learned. The defaults are those of the LIF
    baseline in TC-LIF's released code (decay 0.8, soft reset, Triangle). The paper's Eq. 1 leaves the reset out
    of the decay (β U[t−1] − V_th S[t−1] + I[t]); the released code, and this model, decay the reset potential.

    Reference: TC-LIF (AAAI 2024), Eq. 1–3; AR-LIF (arXiv 2507.20746), Eq. 1–3 (decay 0.5, Rectangle).

    >>> import jax.numpy as jnp
    >>> lif = LIF(decay=0.5)
    >>> state, spikes = lif.step(LIFState(membrane=jnp.array([0.5])), jnp.array([1.0]))
    >>> spikes, state.membrane
    (Array([1.], dtype=float32), Array([0.25], dtype=float32))
    """

    decay: Leaf = param(
        0.8, low=0, high=1, unit="per step", doc="share of the membrane kept a step"
    )
    threshold: Leaf = param(1.0, low=0, doc="membrane at which the neuron fires")
    surrogate: Surrogate = surrogate_field(Triangle())
    reset: str = option(
        "subtract", choices=("subtract", "zero", "none"), doc="what a spike does to U"
    )
    input_scaling: str = option("none", choices=("none", "complement"), doc="g = 1 or 1 − decay")
    detach_reset: bool = option(False, choices=(False, True), doc="no gradient through the reset")

    def step(self, state: LIFState, current: Array) -> tuple[LIFState, Array]:
        if self.input_scaling == "complement":
            current = (1 - self.decay) * current
        membrane = self.decay * state.membrane + current
        spikes = spike(membrane - self.threshold, self.surrogate)
        reset = jax.lax.stop_gradient(spikes) if self.detach_reset else spikes
        if self.reset == "subtract":
            membrane = membrane - self.threshold * reset
        elif self.reset == "zero":
            membrane = membrane * (1 - reset)
        return LIFState(membrane), spikes
