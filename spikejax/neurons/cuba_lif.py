"""LIF with a synaptic current: current-based exponential synapse."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import (
    detach_option,
    integrate_and_fire,
    late_option,
    none_yet,
    reset_option,
    strict_option,
    timing_option,
    without_reset,
)
from spikejax.surrogate import ATan, Rectangle, SuperSpike, Surrogate, Triangle


class CubaLIFState(NamedTuple):
    """Variables of `CubaLIF`."""

    membrane: Array  # after the reset, unless reset_timing or late leave it to the next step
    synapse: Array
    spikes: Array | None = None  # of the last step, with reset_timing="next"


@neuron(
    CubaLIFState,
    drive=0.1,
    like={
        "spikingjelly": {
            "synaptic_decay": 0.5,
            "decay": 0.75,
            "threshold": 0.5,
            "reset": "zero",
            "surrogate": Rectangle(1.0),
        },
        "snntorch": {
            "reset_timing": "next",
            "strict": True,
            "detach_reset": True,
            "surrogate": ATan(2.0),
        },
        "norse": {
            "synaptic_decay": 0.8,
            "decay": 0.9,
            "synapse": "decays after",
            "input_scaling": "complement",
            "reset": "zero",
            "strict": True,
            "surrogate": SuperSpike(1.0),
        },
        "spyx": {"late": True, "strict": True, "surrogate": SuperSpike(25.0)},
    },
)
class CubaLIF(Neuron):
    """LIF behind an exponential synapse: each input leaves a current that decays.

        Y[t] = synaptic_decay Y[t−1] + I[t]
        H[t] = decay U[t−1] + g Y[t]                 g = 1, or 1 − decay with input_scaling="complement"
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] − threshold S[t]                 or according to `reset`; Y is not reset

    With `synapse="decays after"` the current acts before it decays: H receives Y[t−1] + I[t], and
    Y[t] = synaptic_decay (Y[t−1] + I[t]). `reset_timing` and `late` are explained in `LIF`.

    Reference: Gerstner, Kistler, Naud, Paninski (2014), Neuronal Dynamics, Ch. 3.1 and 1.3; Neftci, Mostafa, Zenke
    (2019), Surrogate gradient learning in spiking neural networks.

    >>> import jax.numpy as jnp
    >>> neuron = CubaLIF(synaptic_decay=0.5, decay=0.5)
    >>> state, spikes = neuron.step(CubaLIFState(jnp.array([0.5]), jnp.array([0.5])), jnp.array([0.25]))
    >>> spikes, state.membrane, state.synapse
    (Array([0.], dtype=float32), Array([0.75], dtype=float32), Array([0.5], dtype=float32))
    """

    synaptic_decay: Leaf = param(
        default=0.8,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the synaptic current kept per step",
    )
    decay: Leaf = param(
        default=0.9,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Triangle())
    synapse: str = option(
        default="decays before",
        choices=("decays before", "decays after"),
        doc="when Y decays in a step",
    )
    reset: str = reset_option()
    input_scaling: str = option(
        default="none", choices=("none", "complement"), doc="g = 1 or 1 − decay"
    )
    reset_timing: str = timing_option()
    late: bool = late_option()
    strict: bool = strict_option()
    detach_reset: bool = detach_option()

    @property
    def is_linear(self) -> bool:
        """Whether there is no reset."""
        return without_reset(self)

    def init_state(self, current: Array) -> CubaLIFState:
        zeros = jnp.zeros_like(current)
        return CubaLIFState(zeros, zeros, none_yet(self, current))

    def step(self, state: CubaLIFState, current: Array) -> tuple[CubaLIFState, Array]:
        if self.synapse == "decays before":
            acting = synapse = self.synaptic_decay * state.synapse + current
        else:
            acting = state.synapse + current
            synapse = self.synaptic_decay * acting
        gain = 1 - self.decay if self.input_scaling == "complement" else 1

        def integrate(membrane):
            return self.decay * membrane + gain * acting

        membrane, spikes, last = integrate_and_fire(self, integrate, state.membrane, state.spikes)
        return CubaLIFState(membrane, synapse, last), spikes
