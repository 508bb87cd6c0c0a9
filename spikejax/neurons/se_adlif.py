"""Adaptive LIF with an adaptation current, discretised so that it stays stable: SE-adLIF, and EF-adLIF beside it."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.initialisers import Uniform
from spikejax.neurons.core.resets import detach_option, reset
from spikejax.surrogate import PiecewiseExponential, Scaled, Surrogate, spike


class SEAdLIFState(NamedTuple):
    """Variables of `SEAdLIF`, after the reset."""

    membrane: Array
    adaptation: Array
    spikes: Array


@neuron(SEAdLIFState, drive=25.0, horizon=400)
class SEAdLIF(Neuron):
    """LIF with an adaptation current that is advanced by the new membrane potential: the symplectic Euler method.

        H[t] = α U[t−1] + (1 − α) (I[t] − W[t−1])
        S[t] = Θ(H[t] − threshold), above the threshold only
        U[t] = H[t] (1 − S[t])
        W[t] = β W[t−1] + (1 − β) q (a U[t] + b S[t])

    with α = exp(−1/tau_membrane) and β = exp(−1/tau_adaptation); the time constants, a and b are learned per neuron,
    within the bounds from which they are drawn. `discretisation="forward"` is EF-adLIF, the forward Euler method, whose
    adaptation follows U[t−1] and S[t−1] instead; it oscillates in a smaller range before it is unstable.

    Deviations: the authors also learn the membrane potential at the start of a sequence, which here is 0. Their
    surrogate is c α/2 exp(−α|x|) with c = 0.4 and α = 5. The time constants are those of their networks for spoken
    digits and commands, in steps.

    Reference: Baronig, Ferrand, Sabathiel, Legenstein (2025), Advancing spatio-temporal processing through adaptation
    in spiking neural networks (arXiv 2408.07517), and its released code.

    >>> import jax.numpy as jnp
    >>> pulse = jnp.zeros((60, 1)).at[0].set(5.0)  # too weak to fire: the membrane potential rings
    >>> for method in ("symplectic", "forward"):
    ...     neuron = SEAdLIF(
    ...         tau_membrane=10.0, tau_adaptation=100.0, a=0.5, b=1.0, discretisation=method
    ...     )
    ...     state, _ = neuron.sequence(neuron.init_state(pulse[0]), pulse)
    ...     print(f"{float(state.membrane[0]):.3f}")
    -0.008
    -0.041
    """

    tau_membrane: Leaf = param(
        default=Uniform(5.0, 25.0),
        low=5,
        high=25,
        unit="steps",
        learned=True,
        doc="membrane time constant",
    )
    tau_adaptation: Leaf = param(
        default=Uniform(60.0, 300.0),
        low=60,
        high=300,
        unit="steps",
        learned=True,
        doc="adaptation time constant",
    )
    a: Leaf = param(
        default=Uniform(0.0, 1.0),
        low=0,
        high=1,
        learned=True,
        doc="coupling of the membrane potential to the adaptation",
    )
    b: Leaf = param(
        default=Uniform(0.0, 2.0),
        low=0,
        high=2,
        learned=True,
        doc="coupling of the spikes to the adaptation",
    )
    q: Leaf = param(default=120.0, low=0, doc="strength of both couplings")
    threshold: Leaf = param(
        default=1.0, low=0, doc="membrane potential above which the neuron fires"
    )
    surrogate: Surrogate = surrogate_field(default=Scaled(PiecewiseExponential(5.0), 0.4))
    discretisation: str = option(
        default="symplectic",
        choices=("symplectic", "forward"),
        doc="the adaptation follows membrane potential and spikes of this step or of the last one",
    )
    detach_reset: bool = detach_option(
        True, doc="no gradient through the reset; that of the adaptation stays"
    )

    def step(self, state: SEAdLIFState, current: Array) -> tuple[SEAdLIFState, Array]:
        keep, remember = jnp.exp(-1 / self.tau_membrane), jnp.exp(-1 / self.tau_adaptation)
        before = keep * state.membrane + (1 - keep) * (current - state.adaptation)
        spikes = spike(before - self.threshold, self.surrogate, True)
        membrane = reset(before, spikes, self.threshold, "zero", self.detach_reset)
        seen, last = membrane, spikes
        if self.discretisation == "forward":
            seen, last = state.membrane, state.spikes
        driven = self.q * (self.a * seen + self.b * last)
        adaptation = remember * state.adaptation + (1 - remember) * driven
        return SEAdLIFState(membrane, adaptation, spikes), spikes
