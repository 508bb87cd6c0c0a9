"""Currents that reach a neuron later, by a fixed or a learned delay."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.fields import Leaf, param, size
from spikejax.neurons.core.contract import Neuron, neuron, neuron_field, start_inside
from spikejax.neurons.core.parameters import within


class DelayedState(NamedTuple):
    """Variables of `Delayed`."""

    neuron: Any
    currents: Array  # of the last `longest` steps, the latest first, [longest, B, *F]


@neuron(DelayedState)
class Delayed(Neuron):
    """A neuron that receives I[t − d], with a delay d that may be learned.

        I'[t] = Σ_k w[k] I[t − k],   w[k] ∝ max(0, 1 − |k − d| / width),   k = 0 … longest

    With `width` 1 a whole d delays exactly and any other is interpolated between two steps. A wider window lets the
    gradient of d see further; to learn delays, narrow it to 1 in the course of training. Beyond [0, longest] the
    nearest delay is used.
    An array `[*F]` is one delay per neuron.

    Reference: Hammouamri, Khalfaoui-Hassani, Masquelier (2024), Learning delays in spiking neural networks using
    dilated convolutions with learnable spacings; here with a triangle in place of their Gaussian, and a delay for each
    neuron instead of each synapse.

    >>> import jax.numpy as jnp
    >>> from spikejax.neurons.leaky_integrator import LeakyIntegrator
    >>> model = Delayed(neuron=LeakyIntegrator(decay=0.0), delay=1.25, longest=3)
    >>> currents = jnp.eye(4)[:, :1]
    >>> model.sequence(model.init_state(currents[0]), currents)[1].ravel()
    Array([0.  , 0.75, 0.25, 0.  ], dtype=float32)
    """

    neuron: Any = neuron_field()
    delay: Leaf = param(default=1.0, low=0, unit="steps", learned=True, doc="d")
    width: Leaf = param(default=1.0, low=1, unit="steps", doc="half-width of the window around d")
    longest: int = size(default=8, doc="longest delay, in steps")

    def check(self) -> None:
        """Raises ValueError if the delay is longer than the longest."""
        if np.any(self.delay > self.longest):
            raise ValueError(
                f"expected a delay of at most longest={self.longest} steps, found {self.delay}"
            )

    def init_state(self, current: Array, key: Any = None) -> DelayedState:
        zeros = jnp.broadcast_to(jnp.zeros_like(current), (self.longest, *current.shape))
        return DelayedState(start_inside(self.neuron, current, key), zeros)

    def step(self, state: DelayedState, current: Array) -> tuple[DelayedState, Array]:
        currents = jnp.concatenate([current[None], state.currents])
        places = jnp.arange(self.longest + 1, dtype=current.dtype)
        places = places.reshape(-1, *[1] * current.ndim)
        # Beyond its bounds the nearest delay is used; the gradient is that of the delay itself, which can return.
        delay = within(self.delay, 0, self.longest)
        window = 1 - jnp.abs(places - delay) / within(self.width, 1, jnp.inf)
        window = jnp.maximum(window, 0)
        arriving = (window / window.sum(0) * currents).sum(0)
        after, spikes = self.neuron.step(state.neuron, arriving)
        return DelayedState(after, currents[:-1]), spikes
