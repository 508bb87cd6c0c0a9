"""Gated LIF: learned gates mix exponential and linear decay, two forms of input and two of reset."""

import dataclasses
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.parameters import map_parameters
from spikejax.neurons.core.resets import strict_option
from spikejax.surrogate import Rectangle, Sigmoid, Surrogate, spike


def logit(share: float) -> float:
    """The x with σ(x) = share.

    >>> logit(0.5)
    0.0
    """
    return math.log(share / (1 - share))


class GLIFState(NamedTuple):
    """Variables of `GLIF`, the membrane before the reset, which comes with the next step."""

    membrane: Array
    spikes: Array
    time: Array  # steps so far, one integer


@neuron(
    GLIFState,
    drive=0.45,
    like={"spikingjelly": {"strict": False, "surrogate": Sigmoid(4.0)}},
)
class GLIF(Neuron):
    """LIF with gates between its mechanisms; every quantity is σ of a learned parameter.

        U[t] = (1 − α (1 − τ)) U[t−1] (1 − γ S[t−1]) − (1 − α) V_leak
               + I[t] (1 − β (1 − g[t])) − (1 − γ) V_reset S[t−1]
        S[t] = Θ(U[t] − V_th), above the threshold only

    α, β, γ are the gates of leak, input and reset, τ is the decay, V_leak the linear leak, V_reset what a spike
    subtracts, V_th the threshold and g[t] the conductance of step t; each is σ of the parameter named after it.
    A scalar is layer-wise, an array `[C]` channel-wise; the conductance is `[T]` or `[T, C]` with T = `steps`, and
    beyond T its last row is used, so a sequence can be streamed.

    Deviations: the authors initialise the gates at σ = 0.45, 0.35 and 0.45 (randomly with their option `randomgate`);
    the released layer-wise gates have these values with the sign that the channel-wise ones lack. V_leak is
    V_th/(2T), which `for_steps` sets; the default is that of T = 4.

    Reference: Yao et al. (2022), GLIF: a unified gated leaky integrate-and-fire neuron for spiking neural networks,
    and its released code.

    >>> import jax, jax.numpy as jnp
    >>> neuron = GLIF(gate_leak=50.0, gate_input=-50.0, gate_reset=50.0)  # a LIF that is reset to 0
    >>> state, spikes = neuron.step(neuron.init_state(jnp.zeros(1)), jnp.array([0.4]))
    >>> state, spikes = neuron.step(state, jnp.array([0.4]))
    >>> state.membrane, spikes
    (Array([0.5], dtype=float32), Array([0.], dtype=float32))
    """

    steps: int = size(default=4, doc="T, the rows of the conductance")
    gate_leak: Leaf = param(
        default=logit(0.45), learned=True, doc="α = σ(gate_leak), exponential versus linear leak"
    )
    gate_input: Leaf = param(
        default=logit(0.35), learned=True, doc="β = σ(gate_input), weight of g"
    )
    gate_reset: Leaf = param(
        default=logit(0.45),
        learned=True,
        doc="γ = σ(gate_reset), reset to zero versus by subtraction",
    )
    decay_logit: Leaf = param(
        default=logit(0.25),
        learned=True,
        doc="τ = σ(decay_logit), fraction of the membrane potential kept",
    )
    threshold_logit: Leaf = param(
        default=logit(0.5), learned=True, doc="σ(threshold_logit) is the threshold"
    )
    leak_logit: Leaf = param(
        default=logit(0.5 / 8), learned=True, doc="σ(leak_logit) is the linear leak per step"
    )
    reset_logit: Leaf = param(
        default=logit(0.5), learned=True, doc="σ(reset_logit) is what a spike subtracts"
    )
    conductance_logit: Leaf = param(
        default=logit(0.5),
        axes=("steps",),
        learned=True,
        doc="g = σ(conductance_logit), gain of each step's input",
    )
    surrogate: Surrogate = surrogate_field(default=Rectangle())
    strict: bool = strict_option(True)

    def for_steps(self, steps: int) -> "GLIF":
        """The neuron for sequences of T = `steps`, with the authors' initial leak for that T."""
        return dataclasses.replace(self, steps=steps, leak_logit=logit(0.5 / (2 * steps)))

    @classmethod
    def channel_wise(cls, channels: int, steps: int = 4, **fields) -> "GLIF":
        """A neuron with parameters for each channel, `[C]` and `[T, C]`, at the initial values of the scalars.

        >>> GLIF.channel_wise(3, steps=5).conductance_logit.shape
        (5, 3)
        """
        neuron = cls(**fields).for_steps(steps)

        def spread(name, leaf, shape):
            del name
            return jnp.full((channels,) if shape is None else (*shape, channels), leaf)

        surrogate = neuron.surrogate
        return dataclasses.replace(map_parameters(spread, neuron), surrogate=surrogate)

    def init_state(self, current: Array) -> GLIFState:
        zeros = jnp.zeros_like(current)
        return GLIFState(zeros, zeros, jnp.zeros((), jnp.int32))

    def step(self, state: GLIFState, current: Array) -> tuple[GLIFState, Array]:
        σ = jax.nn.sigmoid
        conductance = self.conductance_logit
        if jnp.ndim(conductance):
            conductance = jnp.take(jnp.asarray(conductance), state.time, axis=0, mode="clip")
        leak_gate, input_gate, reset_gate = (
            σ(self.gate_leak),
            σ(self.gate_input),
            σ(self.gate_reset),
        )
        kept = (1 - leak_gate * (1 - σ(self.decay_logit))) * state.membrane
        membrane = (
            kept * (1 - reset_gate * state.spikes)
            - (1 - leak_gate) * σ(self.leak_logit)
            + current * (1 - input_gate * (1 - σ(conductance)))
            - (1 - reset_gate) * σ(self.reset_logit) * state.spikes
        )
        spikes = spike(membrane - σ(self.threshold_logit), self.surrogate, self.strict)
        return GLIFState(membrane, spikes, state.time + 1), spikes
