"""Integrate-and-fire without leak."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
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
from spikejax.surrogate import Sigmoid, SuperSpike, Surrogate, Triangle


class IntegrateAndFireState(NamedTuple):
    """Variables of `IntegrateAndFire`."""

    membrane: Array  # after the reset, unless reset_timing or late leave it to the next step
    spikes: Array | None = None  # of the last step, with reset_timing="next"


@neuron(
    IntegrateAndFireState,
    drive=0.3,
    like={
        "spikingjelly": {"reset": "zero", "surrogate": Sigmoid(4.0)},
        "norse": {"reset": "zero", "strict": True, "surrogate": SuperSpike(1.0)},
        "spyx": {
            "reset_timing": "next",
            "late": True,
            "strict": True,
            "surrogate": SuperSpike(25.0),
        },
    },
)
class IntegrateAndFire(Neuron):
    """Membrane without leak that integrates its currents and fires at a threshold.

        H[t] = U[t−1] + I[t]
        S[t] = Θ(H[t] − threshold)
        U[t] = H[t] − threshold S[t]                 or according to `reset`

    It is `LIF` with a decay of 1; `reset_timing` and `late` are explained there. With a reset by subtraction its firing
    rate in the long run is exactly I/threshold.

    Reference: Lapicque (1907); Cao, Chen, Khosla (2015), Spiking deep convolutional neural networks.

    >>> import jax.numpy as jnp
    >>> neuron, currents = IntegrateAndFire(), jnp.full((8, 1), 0.25)
    >>> neuron.sequence(neuron.init_state(currents[0]), currents)[1].ravel()
    Array([0., 0., 0., 1., 0., 0., 0., 1.], dtype=float32)
    """

    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Triangle())
    reset: str = reset_option()
    reset_timing: str = timing_option()
    late: bool = late_option()
    strict: bool = strict_option()
    detach_reset: bool = detach_option()

    @property
    def is_linear(self) -> bool:
        """Whether there is no reset."""
        return without_reset(self)

    def init_state(self, current: Array) -> IntegrateAndFireState:
        return IntegrateAndFireState(jnp.zeros_like(current), none_yet(self, current))

    def step(
        self, state: IntegrateAndFireState, current: Array
    ) -> tuple[IntegrateAndFireState, Array]:
        def integrate(membrane):
            return membrane + current

        membrane, spikes, last = integrate_and_fire(self, integrate, state.membrane, state.spikes)
        return IntegrateAndFireState(membrane, last), spikes
