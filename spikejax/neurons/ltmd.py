"""LIF with a learned threshold (LTMD)."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import strict_option
from spikejax.surrogate import Rectangle, Surrogate, spike


class LTMDState(NamedTuple):
    """Variables of `LTMD`, after the reset."""

    membrane: Array


@neuron(LTMDState, drive=0.42)
class LTMD(Neuron):
    """LIF whose threshold tanh(w) is learned; the authors learn one w per layer.

        H[t] = decay U[t−1] + I[t]
        S[t] = Θ(H[t] − tanh(w)), above the threshold only
        U[t] = H[t] (1 − S[t])

    The second half of the method, moderate dropout, concerns the network and its loss, not the neuron.

    Reference: Wang, Cheng, Lim (2022), LTMD: learning improvement of spiking neural networks with learnable
    thresholding neurons and moderate dropout; its released code.

    >>> import jax.numpy as jnp
    >>> state, spikes = LTMD().step(LTMDState(jnp.array([0.4, 0.0])), jnp.array([0.35, 0.5]))
    >>> spikes, state.membrane
    (Array([0., 1.], dtype=float32), Array([0.45, 0.  ], dtype=float32))
    """

    w: Leaf = param(default=0.5, learned=True, doc="the threshold is tanh(w)")
    decay: Leaf = param(
        default=0.25,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    surrogate: Surrogate = surrogate_field(default=Rectangle())
    strict: bool = strict_option(True)

    def step(self, state: LTMDState, current: Array) -> tuple[LTMDState, Array]:
        membrane = self.decay * state.membrane + current
        spikes = spike(membrane - jnp.tanh(self.w), self.surrogate, self.strict)
        return LTMDState(membrane * (1 - spikes)), spikes
