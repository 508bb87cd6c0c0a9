"""What a layer carries through time: a variable of the Flax collection "state".

A sequence can be run in pieces: apply a network with the collection "state" mutable and pass what it returns to the
next piece. Without the collection a layer starts from its initial state.
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn

STATE, START = "state", "start"


def carried(module: nn.Module, name: str, start: Callable[[], Any]) -> tuple[Any, Callable]:
    """What a layer carries, and a function that stores its next value.

    The state before the first step is also stored in the collection "start" if that is mutable: this gives the
    executor the first state of any network, for a scan over chunks, from one step whose results it does not use.

    Args:
      module: the layer, inside its `__call__`.
      name: of the variable.
      start: makes the state before the first step.

    Returns:
      The state, and `keep(state)`.

    >>> import jax, jax.numpy as jnp
    >>> class Sum(nn.Module):
    ...     @nn.compact
    ...     def __call__(self, x):
    ...         total, keep = carried(self, "total", lambda: jnp.zeros_like(x[0]))
    ...         sums = total + jnp.cumsum(x, 0)
    ...         keep(sums[-1])
    ...         return sums
    >>> first, after = Sum().apply({}, jnp.ones((2, 1, 1)), mutable=["state"])
    >>> second, _ = Sum().apply(after, jnp.ones((2, 1, 1)), mutable=["state"])
    >>> second.ravel()
    Array([3., 4.], dtype=float32)
    """
    given = module.has_variable(STATE, name)
    state = module.get_variable(STATE, name) if given else start()
    if not given and module.is_mutable_collection(START) and not module.is_initializing():
        module.put_variable(START, name, state)

    def keep(after):
        # What `init` returns must not start a network in the middle of a sequence.
        if module.is_mutable_collection(STATE) and not module.is_initializing():
            module.put_variable(STATE, name, after)

    return state, keep
