"""Adaptive LIF: the threshold rises with the neuron's own spikes."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import MultiGaussian, SuperSpike, Surrogate, spike


@dataclasses.dataclass(frozen=True)
class NormalTau:
    """Initialiser of time constants: normally distributed, at least one step.

    The authors sample the membrane's from N(20, 5) and the adaptation's from N(200, 25) for permuted pixels, N(150, 10)
    for spoken digits and N(200, 50) for speech commands.

    Attributes:
      mean: of the time constants, in steps.
      deviation: their standard deviation.
    """

    mean: float
    deviation: float

    def __call__(self, key, shape, dtype):
        tau = self.mean + self.deviation * jax.random.normal(key, shape, dtype)
        return jnp.maximum(tau, 1).astype(dtype)


class ALIFState(NamedTuple):
    """Variables of `ALIF`."""

    membrane: Array
    adaptation: Array
    spikes: Array
    threshold: Array


@neuron(
    ALIFState,
    drive=1.0,
    horizon=400,
    like={
        "spyx": {
            "order": "spyx",
            "baseline": 1.0,
            "strength": 1.0,
            "surrogate": SuperSpike(25.0),
        }
    },
)
class ALIF(Neuron):
    """LIF whose threshold rises with each spike and falls back over hundreds of steps.

        A[t] = ρ A[t−1] + (1 − ρ) S[t−1]
        θ[t] = baseline + strength A[t]
        U[t] = α U[t−1] + (1 − α) I[t] − θ[t] S[t−1]
        S[t] = Θ(U[t] − θ[t]), above the threshold only

    with α = exp(−1/tau_membrane) and ρ = exp(−1/tau_adaptation); the authors learn one pair of time constants per
    neuron, initialised by `NormalTau`. A starts at the baseline.

    `order` selects the publication. "yin": as above. "lsnn": S[t] = Θ((U[t−1] − θ[t]) / θ[t]), with the membrane
    potential before this step, and A starts at 0. "sfa": as "lsnn" with θ at least `floor`, for a negative strength.
    "tc_lif": the baseline in TC-LIF's released code, which adapts to Z[t] = Θ(U[t−1] − θ[t−1]), the membrane potential
    after its reset compared with the old threshold, in place of S[t−1], resets in the step of the spike and fires at
    the threshold; A starts at 0 and θ at 1. "spyx": S[t] = Θ(U[t−1] − θ), U[t] = α U[t−1] + I[t] − θ S[t], with θ
    computed from A[t−1], which is then updated with S[t].

    Deviations: TC-LIF's baseline of this name is a different neuron: order="tc_lif", with time constants −1/log α below
    one step (its α is exp(−1/σ(c))); baseline 0.01 and strength 1.8 are the same. The authors of "yin" initialise
    membrane and spikes with uniform random values, we with 0; those of "lsnn" use 0.3 times `Triangle` and a
    refractory period, which here are `Scaled` and the wrapper `Refractory`.

    Reference: Yin, Corradi, Bohté (2021), Accurate and efficient time-domain classification with adaptive spiking
    recurrent neural networks; Bellec et al. (2018), Long short-term memory and learning-to-learn in networks
    of spiking neurons, both as in the released code; Salaj et al. (2021), Spike frequency adaptation supports
    network computations.

    >>> import jax.numpy as jnp
    >>> neuron, currents = ALIF(tau_membrane=20.0, tau_adaptation=5.0), jnp.full((12, 1), 5.0)
    >>> neuron.sequence(neuron.init_state(currents[0]), currents)[1].ravel().astype(int)
    Array([1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1], dtype=int32)
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
    baseline: Leaf = param(default=0.01, low=0, doc="threshold of a neuron at rest")
    strength: Leaf = param(default=1.8, doc="how far the adaptation raises the threshold")
    floor: Leaf = param(default=0.005, low=0, doc='lowest threshold, for order "sfa"')
    surrogate: Surrogate = surrogate_field(default=MultiGaussian())
    order: str = option(
        default="yin",
        choices=("yin", "lsnn", "sfa", "tc_lif", "spyx"),
        doc="which publication's equations, see above",
    )

    def init_state(self, current: Array) -> ALIFState:
        zeros = jnp.zeros_like(current)
        adaptation = zeros + self.baseline if self.order == "yin" else zeros
        threshold = zeros + 1 if self.order == "tc_lif" else zeros
        return ALIFState(zeros, adaptation, zeros, threshold)

    def step(self, state: ALIFState, current: Array) -> tuple[ALIFState, Array]:
        keep, remember = jnp.exp(-1 / self.tau_membrane), jnp.exp(-1 / self.tau_adaptation)
        if self.order == "spyx":
            threshold = self.baseline + self.strength * state.adaptation
            spikes = spike(state.membrane - threshold, self.surrogate, True)
            membrane = keep * state.membrane + current - threshold * spikes
            adaptation = remember * state.adaptation + (1 - remember) * spikes
            return ALIFState(membrane, adaptation, spikes, threshold), spikes
        seen = state.spikes
        if self.order == "tc_lif":
            seen = spike(state.membrane - state.threshold, self.surrogate)
        adaptation = remember * state.adaptation + (1 - remember) * seen
        threshold = self.baseline + self.strength * adaptation
        if self.order == "sfa":
            threshold = jnp.maximum(threshold, self.floor)
        membrane = keep * state.membrane + (1 - keep) * current
        if self.order == "tc_lif":
            spikes = spike(membrane - threshold, self.surrogate)
            membrane = membrane - threshold * spikes
        else:
            membrane = membrane - threshold * state.spikes
            distance = membrane - threshold
            if self.order != "yin":
                distance = (state.membrane - threshold) / threshold
            spikes = spike(distance, self.surrogate, True)
        return ALIFState(membrane, adaptation, spikes, threshold), spikes
