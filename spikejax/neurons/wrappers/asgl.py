"""Half spikes, half their smooth form, while a surrogate's slope is learned (ASGL)."""

import dataclasses
from typing import Any, NamedTuple

import jax
from jax import Array

from spikejax.fields import Leaf, fields_of, param
from spikejax.neurons.core.contract import Neuron, neuron, neuron_field, start_inside
from spikejax.surrogate import Mixed


class ASGLState(NamedTuple):
    """Variables of `ASGL`."""

    neuron: Any
    # 1 where the neuron emits spikes, 0 where their smooth form, for the whole sequence
    mask: Array


@neuron(ASGLState, stochastic=True)
class ASGL(Neuron):
    """Neurons some of which emit P(x), the antiderivative of their surrogate, in place of spikes; for training only.

        S = M Θ(x) + (1 − M) P(x),   M ~ Bernoulli(share), sampled at the start

    The gradient is that of P, also for the surrogate's parameters. Its authors learn the slope,
    `learn=("surrogate_log_slope",)` with `ClippedLine`, use a share of ½, and evaluate the neuron without this wrapper.

    Reference: Wang et al. (2023), Adaptive smoothing gradient learning for spiking neural networks, and its released
    code, whose surrogate is a `Sigmoid`.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> from spikejax.surrogate import ClippedLine
    >>> model = ASGL(neuron=LIF(surrogate=ClippedLine()), share=0.5)
    >>> state = model.init_state(jnp.zeros(1000), jax.random.key(0))
    >>> _, sent = model.step(state, jnp.full(1000, 1.25))
    >>> sorted(set(sent.tolist())), f"{float((sent == 1).mean()):.1f}"
    ([0.75, 1.0], '0.5')
    """

    neuron: Any = neuron_field()
    share: Leaf = param(default=0.5, low=0, high=1, doc="fraction of neurons that emit spikes")

    def init_state(self, current: Array, key: Any) -> ASGLState:
        """The neuron's own initial state, and the mask.

        Raises:
          ValueError: a neuron without a surrogate.
        """
        inner, own = jax.random.split(key)
        inside = start_inside(self.neuron, current, inner)
        if not fields_of(self.neuron, "surrogate"):
            raise ValueError(
                f"expected a neuron with a surrogate, found {type(self.neuron).__name__}, which has no surrogate"
            )
        mask = jax.random.bernoulli(own, self.share, current.shape).astype(current.dtype)
        return ASGLState(inside, mask)

    def step(self, state: ASGLState, current: Array) -> tuple[ASGLState, Array]:
        mixed = dataclasses.replace(self.neuron, surrogate=Mixed(self.neuron.surrogate, state.mask))
        after, spikes = mixed.step(state.neuron, current)
        return ASGLState(after, state.mask), spikes
