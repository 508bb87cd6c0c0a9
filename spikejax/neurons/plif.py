"""Parametric LIF: the decay is learned through a sigmoid."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset, reset_option, strict_option
from spikejax.surrogate import ATan, Sigmoid, Surrogate, spike


class PLIFState(NamedTuple):
    """Variables of `PLIF`, after the reset."""

    membrane: Array


@neuron(
    PLIFState,
    drive=1.5,
    like={"spikingjelly": {"detach_reset": False, "surrogate": Sigmoid(4.0)}},
)
class PLIF(Neuron):
    """LIF whose decay 1 − σ(w) is learned; the authors learn one w per layer.

        H[t] = U[t−1] + (I[t] − U[t−1]) σ(w)         input_scaling="complement"
               U[t−1] (1 − σ(w)) + I[t]              input_scaling="none"
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] (1 − S[t])                       or according to `reset`

    σ is the logistic function and w = −log(τ − 1) for a time constant of τ steps. `LIF` with `learn=("decay",)` learns
    the decay itself.

    Deviations: TC-LIF's baseline of this name starts at w = −1.4, does not scale its input (input_scaling="none") and
    resets to zero; its authors' code does not detach the reset (detach_reset=False).

    Reference: Fang et al. (2021), Incorporating learnable membrane time constant to enhance learning of spiking neural
    networks; its released code.

    >>> import jax.numpy as jnp
    >>> state, spikes = PLIF().step(PLIFState(membrane=jnp.array([0.5])), jnp.array([1.0]))
    >>> spikes, state.membrane
    (Array([0.], dtype=float32), Array([0.75], dtype=float32))
    """

    w: Leaf = param(default=0.0, learned=True, doc="the decay is 1 − σ(w)")
    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=ATan())
    reset: str = reset_option("zero")
    input_scaling: str = option(
        default="complement",
        choices=("complement", "none"),
        doc="whether σ(w) scales the input as well",
    )
    strict: bool = strict_option()
    detach_reset: bool = detach_option(True)

    @property
    def decay(self) -> Array:
        """Fraction of the membrane potential kept per step, 1 − σ(w)."""
        return jax.nn.sigmoid(-jnp.asarray(self.w))

    @property
    def is_linear(self) -> bool:
        """Whether there is no reset."""
        return self.reset == "none"

    def step(self, state: PLIFState, current: Array) -> tuple[PLIFState, Array]:
        rate = jax.nn.sigmoid(self.w)
        if self.input_scaling == "complement":
            membrane = state.membrane + (current - state.membrane) * rate
        else:
            membrane = state.membrane - state.membrane * rate + current
        spikes = spike(membrane - self.threshold, self.surrogate, self.strict)
        after = reset(membrane, spikes, self.threshold, self.reset, self.detach_reset)
        return PLIFState(after), spikes
