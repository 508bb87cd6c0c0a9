"""The numbers of a neuron by name: which there are, how they are drawn, which can be learned."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from spikejax.neurons.core.contract import fields


def usually_learned(model: Any) -> tuple[str, ...]:
    """The numbers that the model's authors learn, for a layer's `learn`.

    >>> from spikejax.neurons.tc_lif import TCLIF
    >>> usually_learned(TCLIF)
    ('c1', 'c2')
    """
    own = tuple(name for name, field in fields(model).items() if field.metadata["learned"])
    inside = [usually_learned(getattr(model, name)) for name in fields(model, "neuron")]
    return sum(inside, own)


def map_numbers(
    function: Callable[[str, Any, tuple[int, ...] | None], Any], model: Any, prefix: str = ""
) -> Any:
    """The model with each of its numbers, those of its surrogate and of a neuron inside it, mapped.

    Args:
      function: `(name, leaf, shape) -> leaf`. A number's name is its field's; those of a surrogate are behind
        "surrogate_". Those of a neuron inside a wrapper have their own, behind "neuron_" if one of them is also the
        name of a number of the wrapper. The shape is that of a number with axes, else None.
      model: a neuron.
      prefix: put before each name.

    >>> from spikejax.neurons.lif import LIF
    >>> names = []
    >>> _ = map_numbers(lambda name, leaf, shape: names.append(name), LIF())
    >>> names
    ['decay', 'threshold', 'surrogate_width']
    """
    values = {}
    for field in dataclasses.fields(model):
        name, value = prefix + field.name, getattr(model, field.name)
        kind = field.metadata.get("kind")
        if kind == "neuron":
            inside = "neuron_" if set(fields(model)) & set(named_numbers(value)) else ""
            values[field.name] = map_numbers(function, value, prefix + inside)
        elif kind == "surrogate" or (dataclasses.is_dataclass(value) and not callable(value)):
            values[field.name] = map_numbers(function, value, f"{name}_")
        elif not field.metadata.get("static"):
            axes = field.metadata.get("axes")
            shape = None if axes is None else tuple(getattr(model, axis) for axis in axes)
            values[field.name] = function(name, value, shape)
    new = object.__new__(type(model))
    for field in dataclasses.fields(model):
        # Not `replace`: a leaf may be a tracer or a gradient, which no bound holds.
        object.__setattr__(new, field.name, values.get(field.name, getattr(model, field.name)))
    return new


def named_numbers(model: Any) -> dict[str, Any]:
    """All numbers of a neuron by name, see `map_numbers`."""
    found: dict[str, Any] = {}
    map_numbers(lambda name, leaf, shape: found.__setitem__(name, leaf), model)
    return found


def with_values(model: Any, values: dict[str, Any]) -> Any:
    """The model with some of its numbers and options set by name.

    Args:
      model: a neuron.
      values: by name, as `named_numbers` has them ("surrogate.width" is "surrogate_width"), options, or numbers that
        follow from others and that the model can set, as the β1 of TC-LIF.

    Raises:
      ValueError: an unknown name, or a value out of its bounds.

    >>> from spikejax.neurons.tc_lif import TCLIF
    >>> neuron = with_values(TCLIF(), {"beta1": -0.25, "surrogate.width": 2.0, "order": "paper"})
    >>> float(neuron.beta1), neuron.surrogate.width, neuron.order
    (-0.25, 2.0, 'paper')
    """
    values = {name.replace(".", "_"): value for name, value in values.items()}
    options = {name: values.pop(name) for name in fields(model, "option") if name in values}
    derived = {name: values.pop(name) for name in getattr(model, "derived", ()) if name in values}
    known = named_numbers(model)
    unknown = sorted(set(values) - set(known))
    if unknown:
        choices = [*known, *getattr(model, "derived", ()), *fields(model, "option")]
        raise ValueError(
            f"{type(model).__name__} has no {', '.join(unknown)}; expected names of {choices}"
        )
    model = map_numbers(lambda name, leaf, shape: values.get(name, leaf), model)
    for part in (model, *(getattr(model, field.name) for field in dataclasses.fields(model))):
        if hasattr(part, "__post_init__"):  # holds the bounds
            part.__post_init__()
    model = dataclasses.replace(model, **options)
    return model.with_derived(**derived) if derived else model


def for_steps(model: Any, steps: int) -> Any:
    """The model for sequences of so many steps, if it is one for sequences of one length; else as it is.

    >>> from spikejax.neurons.psn import PSN
    >>> for_steps(PSN(), 64).steps
    64
    """
    if "steps" not in fields(model, "size"):
        return model
    if hasattr(model, "for_steps"):
        return model.for_steps(steps)
    return dataclasses.replace(model, steps=steps)


def draw_numbers(
    model: Any, key: Any, features: tuple[int, ...] = (), dtype: Any = jnp.float32
) -> Any:
    """The model with arrays in place of initialisers, as a layer would draw them.

    Args:
      model: a neuron.
      key: a key.
      features: `[*F]`, the shape of a layer.
      dtype: of the arrays.

    >>> import jax
    >>> from spikejax.neurons.psn import PSN
    >>> draw_numbers(PSN(steps=4), jax.random.key(0)).weight.shape
    (4, 4)
    """
    keys = dict(
        zip(named_numbers(model), jax.random.split(key, len(named_numbers(model))), strict=True)
    )

    def draw(name, leaf, shape):
        return make_number(leaf, shape, features, dtype, keys[name])

    return map_numbers(draw, model)


def make_number(leaf: Any, shape: Any, features: Any, dtype: Any, key: Any) -> Any:
    """One number as an array: an initialiser drawn, a number with axes spread over its shape."""
    if callable(leaf):
        return leaf(key, features if shape is None else shape, dtype)
    array = jnp.asarray(leaf, dtype)
    return jnp.broadcast_to(array, shape) if shape is not None and array.ndim == 0 else array


def check_learnable(model: Any, learn: tuple[str, ...]) -> None:
    """Raises ValueError where a name in `learn` is not a number of the model."""
    known = sorted(named_numbers(model))
    for name in learn:
        if name not in known:
            raise ValueError(
                f"{type(model).__name__} has no number {name!r} to learn; expected one of {known}"
            )
