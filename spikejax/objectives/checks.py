"""What losses, regularisers, metrics and networks must be like to be trained and measured.

An integer or a boolean has no gradient: a network that is trained on one would stay as it is without a word.
"""

import functools
import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

ARRAYS = (jax.Array, np.ndarray, np.generic)


def check_call(kind: str, part: Any) -> None:
    """Raises ValueError for a loss, a regulariser or a metric that cannot be called as one.

    >>> def error(outputs, labels):
    ...     return 0.0
    >>> check_call("loss", error)
    Traceback (most recent call last):
    ValueError: expected the loss error to be called as (outputs, labels, activity, mask), found (outputs, labels); \
give it these four arguments
    """
    if not callable(part):
        raise ValueError(f"expected the {kind} as a function or an instance, found {part!r}")
    try:
        signature = inspect.signature(part)
    except (TypeError, ValueError):  # a function that does not tell, one written in C
        return
    try:
        signature.bind("outputs", "labels", "activity", "mask")
    except TypeError:
        cls = isinstance(part, type)
        remedy = f"an instance, {part.__name__}(…)" if cls else "it these four arguments"
        found = f"the class {part.__name__}" if cls else signature
        raise ValueError(
            f"expected the {kind} {_name(part)} to be called as (outputs, labels, activity, mask), found {found}; "
            f"give {remedy}"
        ) from None


def check_value(kind: str, part: Any, value: Any) -> None:
    """Raises ValueError for the value of a loss, a regulariser or a metric that is no real scalar.

    A metric may also be a dictionary of scalars; a loss and a regulariser are floats, which have a gradient.

    Args:
      kind: "loss", "regulariser" or "metric".
      part: it.
      value: what it has returned.

    >>> check_value("loss", len, jnp.ones(3))
    Traceback (most recent call last):
    ValueError: expected the loss len to return a float, found float32[3]; return a scalar, for example .mean()
    """
    several = kind == "metric" and isinstance(value, dict)
    expected = "a real number, or a dictionary of them" if kind == "metric" else "a float"
    for found in value.values() if several else (value,):
        remedy = _remedy(found, kind == "metric")
        if remedy:
            raise ValueError(
                f"expected the {kind} {_name(part)} to return {expected}, found {_described(found)}; {remedy}"
            )


def check_returned(outputs: Any, x: Any) -> None:
    """Raises ValueError unless a network has returned one floating-point array `[T, B, ...]` for inputs `[T, B, *F]`.

    >>> check_returned(jnp.ones((2, 5, 3)), jnp.ones((5, 2, 4)))
    Traceback (most recent call last):
    ValueError: expected the network to return one floating-point array [T, B, ...] with T, B = 5, 2, found \
float32[2, 5, 3]; swap its axes, outputs.swapaxes(0, 1)
    """
    steps, samples = jax.tree.leaves(x)[0].shape[:2]
    shape = outputs.shape if isinstance(outputs, ARRAYS) else None
    if shape is None:
        remedy = "return the logits alone"
    elif shape[:2] == (steps, samples):
        if jnp.issubdtype(outputs.dtype, jnp.floating):
            return
        remedy = "return logits, or spikes, as floats: what argmax, rounding or a comparison returns has no gradient"
    elif shape[:2] == (samples, steps):
        remedy = "swap its axes, outputs.swapaxes(0, 1)"
    elif shape[:1] != (steps,):
        remedy = "keep the time axis, with one output for each step; losses reduce over time"
    else:
        remedy = "keep the axis of samples, the second one"
    raise ValueError(
        "expected the network to return one floating-point array [T, B, ...] with T, B = "
        f"{steps}, {samples}, found {_described(outputs)}; {remedy}"
    )


def _remedy(value, any_real):
    """What to do about a value that is no real scalar, or none with a gradient; "" for one that is."""
    if not isinstance(value, (*ARRAYS, int, float, complex)):
        return "return one scalar"
    dtype = jnp.result_type(value)
    if jnp.issubdtype(dtype, jnp.complexfloating):
        return "return a real number, for example its magnitude, jnp.abs(…)"
    if not any_real and not jnp.issubdtype(dtype, jnp.floating):
        return (
            "return a float that the outputs change smoothly: what argmax, rounding or a comparison returns has no "
            "gradient"
        )
    return "return a scalar, for example .mean()" if jnp.shape(value) else ""


def _described(value):
    if isinstance(value, (*ARRAYS, int, float, complex)):
        return f"{jnp.result_type(value)}{list(jnp.shape(value))}"
    if isinstance(value, tuple | list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return "None" if value is None else f"an instance of {type(value).__name__}"


def _name(part):
    function = inspect.unwrap(part.func if isinstance(part, functools.partial) else part)
    named = inspect.isroutine(function) or isinstance(function, type)
    return function.__name__ if named else type(function).__name__
