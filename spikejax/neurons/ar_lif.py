"""AR-LIF: leaky integrate-and-fire with an adaptive reset."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import strict_option
from spikejax.surrogate import Rectangle, Surrogate, spike


class ARLIFState(NamedTuple):
    """Variables of `ARLIF`, after the reset."""

    membrane: Array
    reset: Array  # r, the memory of inputs and spikes that sets the reset potential


@neuron(ARLIFState, drive=1.0)
class ARLIF(Neuron):
    """LIF whose threshold follows its input and whose reset adapts to its history.

        H[t] = decay U[t−1] + I[t]
        θ[t] = 1 + tanh(a) tanh(I[t])
        S[t] = Θ(H[t] − θ[t])
        r[t] = r[t−1] σ(c I[t])        if r[t−1] ≥ 0
               r[t−1] (1 − σ(c I[t]))  otherwise
        r[t] ← r[t] + (2 S[t] − 1) σ(I[t])
        U[t] = H[t] − S[t] (σ(r[t]) + θ[t])

    β = tanh(a) and α = c in the paper; the authors learn one scalar of each per layer. Gradients flow through every S.

    `order="code"`, the default, is the authors' released code, above: the reset acts on spikes only and the updated r
    is carried. `order="paper"` is Eq. 8 to the letter: U[t] = H[t] − (r[t] + (2 S[t] − 1) σ(I[t]) + θ[t]) at every
    step, with the decayed r as the state; the increment is never written back, so r stays 0 and c has no effect.
    `carry=False` starts r from 0 at each step, as the released network for CIFAR10-DVS does (with decay 0.2, the
    Triangle surrogate and `strict=True`); c has no effect there either.

    Deviations: Eq. 5 and the code write the increment back into r, Eq. 8 does not; Eq. 6 and the code squash r, Eq. 8
    does not; Eq. 7 and 8 subtract the reset at every step, the code on spikes only. The code's version gave the
    published results and is the default. Not carrying r is a defect of the network for event cameras, fixed by its
    authors later.

    Reference: AR-LIF (arXiv 2507.20746), Eq. 5–8; surrogate Eq. 11.

    >>> import jax.numpy as jnp
    >>> neuron = ARLIF()
    >>> state, spikes = neuron.step(neuron.init_state(jnp.zeros(1)), jnp.array([2.0]))
    >>> [f"{float(x[0]):.4f}" for x in (spikes, state.membrane, state.reset)]
    ['1.0000', '0.2930', '0.8808']
    """

    a: Leaf = param(
        default=0.0, learned=True, doc="β = tanh(a), how strongly the input shifts the threshold"
    )
    c: Leaf = param(
        default=1.0, learned=True, doc="α, how strongly the decay of r depends on the input"
    )
    decay: Leaf = param(
        default=0.5,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    surrogate: Surrogate = surrogate_field(default=Rectangle())
    order: str = option(
        default="code", choices=("code", "paper"), doc="released code or Eq. 8 to the letter"
    )
    carry: bool = option(
        default=True, choices=(True, False), doc="whether r is carried between steps"
    )
    strict: bool = strict_option()

    def step(self, state: ARLIFState, current: Array) -> tuple[ARLIFState, Array]:
        membrane = self.decay * state.membrane + current
        threshold = 1 + jnp.tanh(self.a) * jnp.tanh(current)
        spikes = spike(membrane - threshold, self.surrogate, self.strict)
        keep = jax.nn.sigmoid(self.c * current)
        # relu, not where: its gradient at r = 0 is 0 on both sides, as in the released code.
        before = state.reset if self.carry else jnp.zeros_like(state.reset)
        decayed = jax.nn.relu(before) * keep - jax.nn.relu(-before) * (1 - keep)
        updated = decayed + (2 * spikes - 1) * jax.nn.sigmoid(current)
        if self.order == "paper":
            return ARLIFState(membrane - (updated + threshold), decayed), spikes
        membrane = membrane - spikes * (jax.nn.sigmoid(updated) + threshold)
        return ARLIFState(membrane, updated), spikes
