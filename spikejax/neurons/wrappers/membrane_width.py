"""A surrogate as wide as the membrane's distribution (MPD-AGL)."""

import dataclasses
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, neuron_field, start_inside
from spikejax.surrogate import Rectangle, membrane_width


class MembraneWidthState(NamedTuple):
    """Variables of `MembraneWidth`."""

    neuron: Any
    time: Array  # steps so far, one integer


@neuron(MembraneWidthState)
class MembraneWidth(Neuron):
    """A neuron whose surrogate is a Rectangle of two standard deviations of its membrane.

        w = 2 γ V_th √(1 + α²),   at the first step w = 2 γ V_th

    The neuron inside has a `decay` α, a `threshold` V_th and a `surrogate`, which is replaced: `LIF` or `PLIF` for
    example. γ is `scale`, the mean scale of the batch normalisation before it, which changes as that layer is trained:
    pass its current value at each step. The authors use a decay of 0.2, a threshold of 0.5 and a reset to zero.

    Reference: Jiang et al. (2025), Adaptive gradient learning for spiking neural networks by exploiting membrane
    potential dynamics, Theorem 2 and its released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> model = MembraneWidth(neuron=LIF(decay=0.75, threshold=0.5), scale=0.5)
    >>> def spikes(current, time):
    ...     state = model.init_state(current)._replace(time=time)
    ...     return model.step(state, current)[1].sum()
    >>> [float(jax.grad(spikes)(jnp.array([0.5]), time)[0]) for time in (0, 1)]  # 1 / width
    [2.0, 1.600000023841858]
    """

    neuron: Any = neuron_field()
    scale: Leaf = param(
        default=1.0, low=0, doc="γ, mean scale of the normalisation before the neuron"
    )

    def init_state(self, current: Array, key: Any = None) -> MembraneWidthState:
        """The neuron's own initial state, at step 0.

        Raises:
          ValueError: a neuron that lacks one of the three.
        """
        inside = start_inside(self.neuron, current, key)
        wanted = ("decay", "threshold", "surrogate")
        missing = [name for name in wanted if not hasattr(self.neuron, name)]
        if missing:
            raise ValueError(
                f"expected a neuron with {', '.join(wanted)}, found {type(self.neuron).__name__} without "
                f"{', '.join(missing)}"
            )
        return MembraneWidthState(inside, jnp.zeros((), jnp.int32))

    def step(self, state: MembraneWidthState, current: Array) -> tuple[MembraneWidthState, Array]:
        decay = jnp.where(state.time == 0, 0, self.neuron.decay)
        width = membrane_width(self.scale, self.neuron.threshold, decay)
        adapted = dataclasses.replace(self.neuron, surrogate=Rectangle(width))
        after, spikes = adapted.step(state.neuron, current)
        return MembraneWidthState(after, state.time + 1), spikes
