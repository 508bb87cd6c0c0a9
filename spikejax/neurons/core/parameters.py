"""A neuron's parameters by name: listing, initialising, setting."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from spikejax.fields import fields_of


def learned_by_default(model: Any) -> tuple[str, ...]:
    """The parameters that the model's authors learn, and a layer by default.

    >>> from spikejax.neurons.tc_lif import TCLIF
    >>> learned_by_default(TCLIF())
    ('c1', 'c2')
    """
    found: list[str] = []

    def note(name, leaf, field, owner):
        if field is not None and field.metadata["learned"]:
            found.append(name)

    _walk(note, model)
    return tuple(found)


def map_parameters(function: Callable[[str, Any, tuple[int, ...] | None], Any], model: Any) -> Any:
    """The model with each of its parameters, those of its surrogate and of a neuron inside it, mapped.

    Args:
      function: `(name, leaf, shape) -> leaf`. A parameter's name is its field's; those of a surrogate are
        prefixed with "surrogate_". Those of a neuron inside a wrapper keep their names, prefixed with "neuron_" if one
        of them is also the name of a parameter of the wrapper. The shape is that of a parameter with axes, which ends
        in `...` if `[*F]` follows, else None.
      model: a neuron.

    >>> from spikejax.neurons.lif import LIF
    >>> names = []
    >>> _ = map_parameters(lambda name, leaf, shape: names.append(name), LIF())
    >>> names
    ['decay', 'threshold', 'surrogate_width']
    """

    def apply(name, leaf, field, owner):
        axes = None if field is None else field.metadata["axes"]
        shape = axes and tuple(axis if axis is ... else getattr(owner, axis) for axis in axes)
        return function(name, leaf, shape)

    return _walk(apply, model)


def _walk(function, model, prefix=""):
    """Maps `(name, leaf, field, owner)` over a neuron; the field is None for a surrogate's parameters."""
    values = {}
    for field in dataclasses.fields(model):
        name, value = prefix + field.name, getattr(model, field.name)
        kind = field.metadata.get("kind")
        if field.metadata.get("of") == "neuron":
            clash = set(fields_of(model)) & set(named_parameters(value))
            values[field.name] = _walk(function, value, prefix + ("neuron_" if clash else ""))
        elif kind == "part" or (dataclasses.is_dataclass(value) and not callable(value)):
            values[field.name] = _walk(function, value, f"{name}_")
        elif not field.metadata.get("static"):
            known = field if kind == "param" else None
            values[field.name] = function(name, value, known, model)
    new = object.__new__(type(model))
    for field in dataclasses.fields(model):
        # Not `replace`: a leaf may be a tracer or a gradient, to which no bounds apply.
        object.__setattr__(new, field.name, values.get(field.name, getattr(model, field.name)))
    return new


def named_parameters(model: Any) -> dict[str, Any]:
    """All parameters of a neuron by name, see `map_parameters`."""
    found: dict[str, Any] = {}
    map_parameters(lambda name, leaf, shape: found.__setitem__(name, leaf), model)
    return found


def parameter_bounds(model: Any) -> dict[str, tuple[float, float]]:
    """The lower and upper bound of each parameter by name, see `map_parameters`.

    >>> from spikejax.neurons.lif import LIF
    >>> parameter_bounds(LIF())["decay"]
    (0, 1)
    """
    found: dict[str, tuple[float, float]] = {}

    def note(name, leaf, field, owner):
        low, high = (-jnp.inf, jnp.inf)
        if field is not None:
            low, high = field.metadata["low"], field.metadata["high"]
        found[name] = (low, high)

    _walk(note, model)
    return found


def within(value: Any, low: Any, high: Any) -> Any:
    """A parameter between its bounds; its gradient passes through, so that one beyond them can return.

    >>> import jax
    >>> [float(jax.grad(lambda x: 3 * within(x, 0, 1))(x)) for x in (-1.0, 0.0, 0.5)]
    [3.0, 3.0, 3.0]
    """
    value = jnp.asarray(value)
    inside = jax.lax.stop_gradient(jnp.clip(value, low, high))
    passed = jnp.where(jnp.isfinite(value), value - jax.lax.stop_gradient(value), 0)
    return inside + passed


def initialise(
    model: Any, key: Any, features: tuple[int, ...] = (), dtype: Any = jnp.float32
) -> Any:
    """The model with arrays in place of initialisers, as a layer would sample them.

    Args:
      model: a neuron.
      key: a PRNG key.
      features: `[*F]`, the shape of a layer.
      dtype: of the arrays.

    >>> import jax
    >>> from spikejax.neurons.psn import PSN
    >>> initialise(PSN(steps=4), jax.random.key(0)).weight.shape
    (4, 4)
    """
    names = list(named_parameters(model))
    keys = dict(zip(names, jax.random.split(key, len(names)), strict=True))

    def sample(name, leaf, shape):
        return make_parameter(leaf, shape, features, dtype, keys[name])

    return map_parameters(sample, model)


def make_parameter(leaf: Any, shape: Any, features: Any, dtype: Any, key: Any) -> Any:
    """One parameter as an array: an initialiser sampled, a number with axes spread over its shape."""
    if shape is not None and ... in shape:
        shape = (*shape[:-1], *features)
    if callable(leaf):
        return leaf(key, features if shape is None else shape, dtype)
    array = jnp.asarray(leaf, dtype)
    return jnp.broadcast_to(array, shape) if shape is not None and array.ndim == 0 else array


def check_learnable(model: Any, learn: tuple[str, ...]) -> None:
    """Raises ValueError if a name in `learn` is not a parameter of the model."""
    known = sorted(named_parameters(model))
    if isinstance(learn, str):
        raise ValueError(f"expected a tuple of parameter names to learn, found {learn!r}")
    for name in learn:
        if name not in known:
            raise ValueError(
                f"{type(model).__name__} has no parameter {name!r} to learn; expected one of {known}"
            )
