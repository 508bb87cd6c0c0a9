"""What the networks here accept as sizes and as the dtype and gain of their weights."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def check_size(name: str, value: Any) -> None:
    """Raises ValueError for a size that is no integer of at least 1.

    >>> check_size("classes", 2.5)
    Traceback (most recent call last):
    ValueError: expected classes as an integer of at least 1, found 2.5
    """
    if not _is_whole(value, 1):
        raise ValueError(f"expected {name} as an integer of at least 1, found {value!r}")


def classes_of(network: Any) -> int:
    """The number of outputs of a network.

    Raises:
      ValueError: `classes` is left open, or is no number of outputs.
    """
    if network.classes is None:
        raise ValueError(
            f"expected a number of classes, found None; give {type(network).__name__}(classes=…)"
        )
    check_size("classes", network.classes)
    return network.classes


def check_sizes(name: str, values: Any, *, low: int = 1, empty: bool = False) -> None:
    """Raises ValueError for sizes that are no tuple of integers of at least `low`, `empty` or not.

    >>> check_sizes("hidden", 8)
    Traceback (most recent call last):
    ValueError: expected hidden as a tuple of integers of at least 1, found 8; give hidden=(8,)
    """
    several = isinstance(values, tuple | list) and (empty or len(values) > 0)
    if several and all(_is_whole(value, low) for value in values):
        return
    hint = f"; give {name}=({values},)" if _is_whole(values, low) else ""
    raise ValueError(
        f"expected {name} as a tuple of integers of at least {low}, found {values!r}{hint}"
    )


def check_vectors(x: Any) -> None:
    """Raises ValueError for inputs that are no vectors, `[T, B, F]`."""
    if jnp.ndim(x) != 3:
        raise ValueError(
            f"expected inputs [T, B, F], found shape {jnp.shape(x)}; flatten the features, "
            "x.reshape(*x.shape[:2], -1), or use a convolutional network"
        )


def check_recurrent(network: Any) -> None:
    """Raises ValueError unless `recurrent` of a network names some of its `hidden` layers, counted from 0."""
    check_sizes("recurrent", network.recurrent, low=0, empty=True)
    there = tuple(layer for layer in network.recurrent if layer < len(network.hidden))
    if len(there) < len(network.recurrent):
        raise ValueError(
            f"expected recurrent layers from 0 to {len(network.hidden) - 1}, as hidden={network.hidden} has them, "
            f"found {tuple(network.recurrent)}; give recurrent={there}"
        )


def check_product(dtype: Any, gain: Any) -> None:
    """Raises ValueError for what cannot be the dtype of a product or the scale of initial weights.

    >>> check_product("int8", 1.0)
    Traceback (most recent call last):
    ValueError: expected dtype as a floating-point dtype or None, found 'int8'; give jnp.bfloat16 for example
    """
    if dtype is not None and not _is_floating(dtype):
        raise ValueError(
            f"expected dtype as a floating-point dtype or None, found {dtype!r}; give jnp.bfloat16 for example"
        )
    if isinstance(gain, jax.Array | np.ndarray):  # a tracer, too
        fits = jnp.issubdtype(gain.dtype, jnp.floating) or jnp.issubdtype(gain.dtype, jnp.integer)
    else:
        number = isinstance(gain, int | float | np.integer | np.floating)
        fits = number and not isinstance(gain, bool) and 0 <= gain < math.inf
    if not fits:
        raise ValueError(f"expected gain as a number of at least 0, found {gain!r}; give gain=1.0")


def _is_whole(value, low):
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return whole and low <= int(value) < 2**31


def _is_floating(dtype):
    try:
        return jnp.issubdtype(jnp.dtype(dtype), jnp.floating)
    except TypeError:
        return False
