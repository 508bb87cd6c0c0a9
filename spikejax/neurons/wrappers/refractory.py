"""A pause after each spike."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, setting
from spikejax.neurons.core.contract import Neuron, neuron, neuron_field, start_inside


class RefractoryState(NamedTuple):
    """Variables of `Refractory`."""

    neuron: Any
    remaining: Array  # steps of the pause that are left


@neuron(RefractoryState)
class Refractory(Neuron):
    """Silent for `period` steps after each spike; meanwhile its variables are held.

        S[t] = S'[t] (1 − P[t]),   P[t] = 1 where R[t−1] > 0
        R[t] = period on a spike, else max(R[t−1] − 1, 0)

    S' are the spikes of the neuron inside. `hold` names those of its variables that stay as they are while P = 1, its
    membrane for example; None holds all of them. No gradient flows through P.

    Reference: Gerstner, Kistler, Naud, Paninski (2014), Neuronal Dynamics, Ch. 1.3.

    >>> import jax.numpy as jnp
    >>> from spikejax.neurons.integrate_and_fire import IntegrateAndFire
    >>> model, currents = Refractory(neuron=IntegrateAndFire(), period=2.0), jnp.ones((7, 1))
    >>> model.sequence(model.init_state(currents[0]), currents)[1].ravel()
    Array([1., 0., 0., 1., 0., 0., 1.], dtype=float32)
    """

    neuron: Any = neuron_field()
    period: Leaf = param(default=1.0, low=0, unit="steps", doc="length of the pause")
    hold: tuple[str, ...] | None = setting(
        default=None, doc="variables that the pause holds; all of them if None"
    )

    def init_state(self, current: Array, key: Any = None) -> RefractoryState:
        """The neuron's own initial state, and no pause.

        Raises:
          ValueError: `hold` names a variable that the neuron does not have.
        """
        known = self.neuron.State._fields
        unknown = sorted(set(self.hold or ()) - set(known))
        if unknown:
            raise ValueError(f"hold names {unknown}, expected variables of {known}")
        return RefractoryState(start_inside(self.neuron, current, key), jnp.zeros_like(current))

    def step(self, state: RefractoryState, current: Array) -> tuple[RefractoryState, Array]:
        after, spikes = self.neuron.step(state.neuron, current)
        paused = state.remaining > 0

        def pause(before, after):
            # Keys, counters and buffers advance.
            variable = jnp.issubdtype(after.dtype, jnp.floating) and after.shape == current.shape
            return jnp.where(paused, before, after) if variable else after

        held = self.neuron.State._fields if self.hold is None else self.hold
        kept = {
            name: jax.tree.map(pause, getattr(state.neuron, name), getattr(after, name))
            for name in held
        }
        spikes = jnp.where(paused, 0, spikes)
        waiting = jnp.maximum(state.remaining - 1, 0)
        remaining = jnp.where(spikes > 0, self.period, waiting).astype(current.dtype)
        return RefractoryState(after._replace(**kept), jax.lax.stop_gradient(remaining)), spikes
