"""Ternary LIF: spikes of either sign, at a threshold on either side."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset
from spikejax.surrogate import Rectangle, Surrogate, spike


class TernaryLIFState(NamedTuple):
    """Variables of `TernaryLIF`, after the reset."""

    membrane: Array


@neuron(TernaryLIFState, spiking=False, drive=0.4)
class TernaryLIF(Neuron):
    """LIF whose spikes are 1 above the threshold and −1 below minus the threshold.

        H[t] = decay U[t−1] + I[t]
        F[t] = Θ(|H[t]| − threshold)
        S[t] = amplitude F[t] sign(H[t])
        U[t] = H[t] (1 − F[t])                       reset="zero"
        U[t] = H[t] − threshold F[t] sign(H[t])      reset="subtract"

    The gradient of F[t] sign(H[t]) is the surrogate's at |H[t]| − threshold, on either side; the default is 1 where
    |H[t]| ≤ 1. With the publication's trainable amplitude, `learn=("amplitude",)`, it can be multiplied into the
    weights of the next layer afterwards, and the spikes are −1, 0 and 1 again.

    Deviations: in the released code the gradient through the reset is 0 where the neuron does not fire; here it is that
    of F everywhere. SpikingJelly's gradient adds the curves of both thresholds, which is the same for a curve that
    vanishes beyond the threshold.

    Reference: Guo et al. (2024), Ternary spike: learning ternary spikes for spiking neural networks (AAAI), and its
    released code.

    >>> import jax.numpy as jnp
    >>> neuron, currents = TernaryLIF(), jnp.array([[0.7], [-0.3], [-0.5]])
    >>> neuron.sequence(neuron.init_state(currents[0]), currents)[1].ravel()
    Array([ 1.,  0., -1.], dtype=float32)
    """

    decay: Leaf = param(
        default=0.25,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    threshold: Leaf = param(
        default=0.5, low=0, doc="size of the membrane potential at which the neuron fires"
    )
    amplitude: Leaf = param(default=1.0, low=0, doc="size of a spike")
    surrogate: Surrogate = surrogate_field(default=Rectangle())
    reset: str = option(
        default="zero", choices=("zero", "subtract"), doc="how a spike of either sign resets U"
    )
    detach_reset: bool = detach_option()

    def step(self, state: TernaryLIFState, current: Array) -> tuple[TernaryLIFState, Array]:
        before = self.decay * state.membrane + current
        # Not jnp.sign, which is 0 at 0: a silent neuron would have no gradient.
        sign = jnp.where(before < 0, -1, 1).astype(before.dtype)
        fired = spike(sign * before - self.threshold, self.surrogate)
        seen = fired if self.reset == "zero" else sign * fired
        after = reset(before, seen, self.threshold, self.reset, self.detach_reset)
        return TernaryLIFState(after), self.amplitude * (sign * fired)
