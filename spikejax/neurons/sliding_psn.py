"""Sliding parallel spiking neuron: the same weights over the last steps, everywhere in a sequence."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import ATan, Surrogate, spike


def halving(key, shape, dtype):
    """…, ¼, ½, 1: a membrane potential that halves at each step, cut off after k steps."""
    del key
    return jnp.asarray(2.0 ** -jnp.arange(shape[0] - 1, -1, -1), dtype)


class SlidingPSNState(NamedTuple):
    """Variables of `SlidingPSN`."""

    currents: Array  # those of the last k − 1 steps, [k − 1, B, *F]


@neuron(SlidingPSNState, drive=0.8, like={"spikingjelly": {"surrogate": ATan(2.0)}})
class SlidingPSN(Neuron):
    """Membrane potentials as one learned filter over the last k currents; no reset.

        H[t] = Σ_i w[i] I[t − k + 1 + i]             i = 0 … k − 1, k = order
        S[t] = Θ(H[t] − threshold)

    All steps of a sequence are computed at once. Unlike the rest of its family it depends on the past only and is the
    same at every step, so it can be streamed: its state is the last k − 1 currents.

    Reference: Fang et al. (2023), Parallel spiking neurons with high efficiency and ability to learn long-term
    dependencies; initialisation of its released code.

    >>> import jax.numpy as jnp
    >>> neuron = SlidingPSN(order=2, weight=jnp.array([0.5, 1.0]))
    >>> currents = jnp.array([[0.9], [0.6], [0.6], [1.1]])
    >>> neuron.sequence(neuron.init_state(currents[0]), currents)[1].ravel()
    Array([0., 1., 0., 1.], dtype=float32)
    """

    order: int = size(default=4, doc="k, how many steps each step sees, itself included")
    weight: Leaf = param(default=halving, axes=("order",), learned=True, doc="w, oldest step first")
    threshold: Leaf = param(
        default=1.0, low=0, learned=True, doc="membrane potential at which the neuron fires"
    )
    surrogate: Surrogate = surrogate_field(default=ATan())

    def init_state(self, current: Array) -> SlidingPSNState:
        zeros = jnp.zeros_like(current)
        return SlidingPSNState(jnp.broadcast_to(zeros, (self.order - 1, *current.shape)))

    def sequence(self, state: SlidingPSNState, currents: Array) -> tuple[SlidingPSNState, Array]:
        """The spikes `[T, B, *F]` of currents that follow on those in the state."""
        steps, all_currents = currents.shape[0], jnp.concatenate([state.currents, currents])
        membrane = sum(self.weight[i] * all_currents[i : i + steps] for i in range(self.order))
        spikes = spike(membrane - self.threshold, self.surrogate)
        return SlidingPSNState(all_currents[steps:]), spikes

    def step(self, state: SlidingPSNState, current: Array) -> tuple[SlidingPSNState, Array]:
        state, spikes = self.sequence(state, current[None])
        return state, spikes[0]
