"""What every neuron's methods are held to: float32 at least, spikes like the currents, a state that keeps its form."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.fields import fields_of


def checked_start(init_state: Callable[..., Any]) -> Callable[..., Any]:
    """Refuses to start a neuron whose parameters are still initialisers; the state is float32 at least."""

    @functools.wraps(init_state)
    def start(self, current, *args, **kwargs):
        open_ = [name for name in fields_of(self) if callable(getattr(self, name))]
        if open_:
            raise ValueError(
                f"{type(self).__name__} has parameters that are initialisers, {', '.join(open_)}: expected arrays; "
                "use parameters.initialise, or a layer, which samples them"
            )
        model, wide = _widened(self, current)
        return init_state(model, wide, *args, **kwargs)

    return start


def checked(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A `step` or `sequence`, by its name, that computes in float32 and whose spikes are like its currents."""

    @functools.wraps(method)
    def run(self, state, current):
        model, wide = _widened(self, current)
        try:
            returned = method(model, state, wide)
        except (AttributeError, TypeError, ValueError) as error:
            _check_state(model, state, wide, name, error)
            raise
        pair = type(returned) is tuple and len(returned) == 2
        if not pair or not isinstance(
            returned[1], jax.Array | np.ndarray | np.number | float | int
        ):
            raise ValueError(
                f"expected {type(self).__name__} to return (state, spikes), found {_described(returned)}; mend its "
                f"{name}"
            )
        after, spikes = returned[0], jnp.asarray(returned[1])
        fits = spikes.shape == wide.shape and jnp.issubdtype(spikes.dtype, jnp.floating)
        if not fits or _described(after) != _described(state):
            _check_state(model, state, wide, name, None)
        if not fits:
            raise ValueError(
                f"expected {type(self).__name__} to emit spikes like its currents, {wide.dtype}{list(wide.shape)}, "
                f"found {spikes.dtype}{list(spikes.shape)}; let its {name} return spikes of the current's "
                "shape and dtype"
            )
        if _described(after) != _described(state):
            raise ValueError(
                f"expected {type(self).__name__} to keep the structure of its state, {_described(state)}, found "
                f"{_described(after)}; let its {name} return (state, spikes), the state with the shapes and "
                "dtypes of init_state"
            )
        return after, spikes.astype(jnp.result_type(current))

    return run


def _check_state(model, state, current, method, error):
    """Raises ValueError if a state is not that of a neuron for currents of this shape."""
    key = (jax.random.key(0),) if model.stochastic else ()
    currents = current if method == "step" else current[0]
    expected = _described(jax.eval_shape(model.init_state, currents, *key))
    if _described(state) != expected:
        raise ValueError(
            f"expected the state of {type(model).__name__} for currents {list(current.shape)}, {expected}, found "
            f"{_described(state)}; start with init_state of one step's current"
        ) from error


def _described(state):
    """The structure of a state, with shapes and dtypes, as text."""
    return str(jax.tree.map(_Words, state))


class _Words:
    """An array in words."""

    def __init__(self, x: Any):
        known = isinstance(
            x, jax.Array | jax.ShapeDtypeStruct | np.ndarray | np.number | float | int
        )
        self.words = f"{jnp.result_type(x)}{list(jnp.shape(x))}" if known else repr(x)

    def __repr__(self):
        return self.words


def widened(current: Array) -> Array:
    """Currents in float32 at least.

    Raises:
      ValueError: currents that are not floating point.

    >>> widened(jnp.ones(2, jnp.bfloat16)).dtype
    dtype('float32')
    """
    current = jnp.asarray(current)
    if not jnp.issubdtype(current.dtype, jnp.floating):
        raise ValueError(
            f"expected floating-point currents, found {current.dtype}; cast them with astype(float), or put a layer of "
            "weights before the neurons"
        )
    return current if jnp.finfo(current.dtype).bits >= 32 else current.astype(jnp.float32)


def _widened(model, current):
    """A model and its current in float32 at least."""
    wide = widened(current)
    if wide.dtype == jnp.result_type(current):
        return model, wide

    def parameter(leaf):
        half = isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jnp.floating)
        return widened(leaf) if half else leaf

    return jax.tree.map(parameter, model), wide
