"""Adaptive unit with graded outputs: ALIF with a ReLU in place of its spikes."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.alif import NormalTau
from spikejax.neurons.core.contract import Neuron, neuron


class AdaptiveReLUState(NamedTuple):
    """Variables of `AdaptiveReLU`."""

    membrane: Array
    adaptation: Array
    outputs: Array


@neuron(AdaptiveReLUState, spiking=False, horizon=400)
class AdaptiveReLU(Neuron):
    """`ALIF` whose output is how far its membrane potential exceeds the threshold, in place of spikes.

        A[t] = ρ A[t−1] + (1 − ρ) y[t−1]
        θ[t] = baseline + strength A[t]
        U[t] = α U[t−1] + (1 − α) I[t] − θ[t] y[t−1]
        y[t] = relu(U[t] − θ[t])

    Reference: Yin, Corradi, Bohté (2020), Effective and efficient computation with multiple-timescale spiking recurrent
    neural networks, and its released code.

    >>> import jax.numpy as jnp
    >>> unit = AdaptiveReLU(tau_membrane=1.0, tau_adaptation=1.0, baseline=0.5)
    >>> _, outputs = unit.step(unit.init_state(jnp.zeros(1)), jnp.array([2.0]))
    >>> f"{float(outputs[0]):.4f}"  # 2 (1 − e⁻¹) − 0.5 − 1.8 · 0.5 e⁻¹
    '0.4331'
    """

    tau_membrane: Leaf = param(
        default=NormalTau(20.0, 5.0),
        low=0.5,
        unit="steps",
        learned=True,
        doc="membrane time constant",
    )
    tau_adaptation: Leaf = param(
        default=NormalTau(200.0, 25.0),
        low=0.5,
        unit="steps",
        learned=True,
        doc="adaptation time constant",
    )
    baseline: Leaf = param(default=0.01, low=0, doc="threshold of a unit at rest")
    strength: Leaf = param(default=1.8, doc="how far the adaptation raises the threshold")

    def init_state(self, current: Array) -> AdaptiveReLUState:
        zeros = jnp.zeros_like(current)
        return AdaptiveReLUState(zeros, zeros + self.baseline, zeros)

    def step(self, state: AdaptiveReLUState, current: Array) -> tuple[AdaptiveReLUState, Array]:
        keep, remember = jnp.exp(-1 / self.tau_membrane), jnp.exp(-1 / self.tau_adaptation)
        adaptation = remember * state.adaptation + (1 - remember) * state.outputs
        threshold = self.baseline + self.strength * adaptation
        membrane = keep * state.membrane + (1 - keep) * current - threshold * state.outputs
        outputs = jax.nn.relu(membrane - threshold)
        return AdaptiveReLUState(membrane, adaptation, outputs), outputs
