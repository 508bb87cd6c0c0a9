"""Leaky integrator: a membrane without spikes, for read-outs."""

from typing import NamedTuple

from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron


class LeakyIntegratorState(NamedTuple):
    """Variables of `LeakyIntegrator`."""

    membrane: Array


@neuron(
    LeakyIntegratorState,
    spiking=False,
    like={
        "spikingjelly": {"decay": 0.5, "input_scaling": "complement"},
        "norse": {"decay": 0.9, "input_scaling": "complement"},
        "spyx": {"decay": 0.8},
    },
)
class LeakyIntegrator(Neuron):
    """Membrane that leaks and never fires; its output is the membrane potential.

        U[t] = decay U[t−1] + g I[t]                 g = 1, or 1 − decay with input_scaling="complement"

    Reference: TC-LIF (AAAI 2024), Eq. 1 without spikes.

    >>> import jax.numpy as jnp
    >>> _, membrane = LeakyIntegrator(decay=0.5).step(LeakyIntegratorState(jnp.ones(1)), jnp.ones(1))
    >>> membrane
    Array([1.5], dtype=float32)
    """

    decay: Leaf = param(
        default=0.9,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    input_scaling: str = option(
        default="none", choices=("none", "complement"), doc="g = 1 or 1 − decay"
    )

    @property
    def is_linear(self) -> bool:
        """Always: it has no reset."""
        return True

    def step(
        self, state: LeakyIntegratorState, current: Array
    ) -> tuple[LeakyIntegratorState, Array]:
        if self.input_scaling == "complement":
            current = (1 - self.decay) * current
        membrane = self.decay * state.membrane + current
        return LeakyIntegratorState(membrane), membrane
