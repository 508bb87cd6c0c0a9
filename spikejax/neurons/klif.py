"""KLIF: a learned slope before the threshold."""

from typing import NamedTuple

import jax
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset, reset_option, strict_option
from spikejax.surrogate import ATan, Sigmoid, Surrogate, spike


class KLIFState(NamedTuple):
    """Variables of `KLIF`, after the reset."""

    membrane: Array


@neuron(
    KLIFState,
    compared="",
    drive=1.5,
    like={"spikingjelly": {"surrogate": Sigmoid(4.0)}},
)
class KLIF(Neuron):
    """LIF whose membrane potential passes through a ReLU of learned slope before it is compared with the threshold.

        H[t] = decay U[t−1] + g I[t]                 g = 1 − decay, or 1 with input_scaling="none"
        F[t] = relu(k H[t])
        S[t] = Θ(F[t] − threshold)
        U[t] = F[t] (1 − S[t])                       reset="zero"
               F[t] − threshold S[t]                 reset="subtract"

    With `scale_reset=True` the membrane potential is divided by k again before its reset, and so is the threshold: U[t]
    = F[t]/k − (threshold/k) S[t], or F[t]/k (1 − S[t]).

    Reference: Jiang, Zhang (2023), KLIF: an optimized spiking neuron unit for tuning surrogate gradient slope and
    membrane potential (arXiv 2302.09238).

    >>> import jax.numpy as jnp
    >>> state, spikes = KLIF(k=2.0).step(KLIFState(jnp.array([0.5])), jnp.array([0.25]))
    >>> spikes, state.membrane
    (Array([0.], dtype=float32), Array([0.75], dtype=float32))
    """

    k: Leaf = param(
        default=1.0, low=0.1, learned=True, doc="slope of the ReLU before the threshold"
    )
    decay: Leaf = param(
        default=0.5,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    threshold: Leaf = param(default=1.0, low=0, doc="F at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=ATan())
    input_scaling: str = option(
        default="complement", choices=("complement", "none"), doc="g = 1 − decay or 1"
    )
    scale_reset: bool = option(default=False, choices=(False, True), doc="U is F/k, not F")
    reset: str = reset_option("zero")
    strict: bool = strict_option()
    detach_reset: bool = detach_option()

    def step(self, state: KLIFState, current: Array) -> tuple[KLIFState, Array]:
        if self.input_scaling == "complement":
            current = (1 - self.decay) * current
        membrane = jax.nn.relu(self.k * (self.decay * state.membrane + current))
        spikes = spike(membrane - self.threshold, self.surrogate, self.strict)
        scale = self.k if self.scale_reset else 1
        after = reset(
            membrane / scale, spikes, self.threshold / scale, self.reset, self.detach_reset
        )
        return KLIFState(after), spikes
