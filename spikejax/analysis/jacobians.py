"""How far a neuron carries a gradient back in time: the derivative of its state with respect to an earlier one."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array


def jacobian(step: Callable[[Any, Array], tuple[Any, Array]], state: Any, currents: Array) -> Array:
    """J = ∂x[T]/∂x[0], where x are the variables of a neuron and currents are given for T steps.

    It is the product of the derivatives of all steps, the last one first, and includes what goes through spikes, with
    the derivative of the surrogate. Where a neuron is silent and the surrogate is 0, that of LIF is decay^T.

    Args:
      step: that of a neuron, `(state, current) -> (state, spikes)`.
      state: x[0], of a shape `[*F]`, for example `neuron.init_state(currents[0])`.
      currents: `[T, *F]`.

    Returns:
      `[*F, n, n]`, of n floating-point variables in the order of the state: J[..., i, j] is the derivative of
      variable i with respect to variable j.

    Raises:
      ValueError: a state without floating-point variables, or with some of different shapes.

    Reference: for a product of one-step derivatives, TC-LIF (AAAI 2024), Eq. 6 and 13.

    >>> from spikejax.neurons.tc_lif import TCLIF
    >>> neuron, silent = TCLIF.from_beta(-0.5, 0.25), jnp.zeros((1, 1))
    >>> jacobian(neuron.step, neuron.init_state(silent[0]), silent)[0].round(4)
    Array([[ 1.   , -0.5  ],
           [ 0.25 ,  0.875]], dtype=float32)
    """
    leaves, structure = jax.tree.flatten(state)
    places = [i for i, x in enumerate(leaves) if jnp.issubdtype(jnp.asarray(x).dtype, jnp.floating)]
    shapes = {jnp.shape(leaves[place]) for place in places}
    if len(shapes) != 1:
        raise ValueError(
            f"expected floating-point variables of one shape in the state, found {shapes or 'none'}; give the state of "
            "a neuron whose variables have a value per neuron"
        )

    def last(values):
        changed = list(leaves)
        for place, value in zip(places, values, strict=True):
            changed[place] = value
        after, _ = jax.lax.scan(step, structure.unflatten(changed), currents)
        found = jax.tree.leaves(after)
        return [found[place] for place in places]

    after, pullback = jax.vjp(last, [jnp.asarray(leaves[place]) for place in places])
    # A neuron depends on no other, so that one cotangent of ones serves all of them.
    rows = []
    for i in range(len(places)):
        cotangents = [jnp.full_like(x, float(i == k)) for k, x in enumerate(after)]
        rows.append(jnp.stack(pullback(cotangents)[0], -1))
    return jnp.stack(rows, -2)
