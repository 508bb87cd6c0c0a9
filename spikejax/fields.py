"""Fields of a spec: parameters are leaves, choices and sizes are static, parts are specs inside it.

A spec is a frozen dataclass that is a pytree, made by `spec` or, for neurons, by `neuron`. Its fields declare what they
are; validation, command-line flags, records, sweep axes and documentation are derived from them.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, dataclass_transform

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spikejax import pytree

# A number, an array that broadcasts against [B, *F], or an initialiser (key, shape, dtype) -> array.
Leaf = Any
T = TypeVar("T")


def param(
    default: Any = dataclasses.MISSING,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    unit: str = "",
    learned: bool = False,
    axes: tuple[Any, ...] | None = None,
    doc: str,
) -> Any:
    """A parameter: a leaf. A number outside [low, high], or one that is not finite, is rejected at construction.

    Args:
      default: a number, or an initialiser (key, shape, dtype) -> array.
      low: least value.
      high: greatest value.
      unit: its unit.
      learned: whether the model's authors learn it; layers then do so by default.
      axes: names of the model's sizes, for a parameter that is an array of that shape, or, if `...` follows, of that
        shape and `[*F]`; None for a scalar or `[*F]`.
      doc: what it is.
    """
    bounds = {"low": low, "high": high, "unit": unit, "learned": learned, "axes": axes}
    return dataclasses.field(default=default, metadata={"kind": "param", **bounds, "doc": doc})


def option(default: Any = dataclasses.MISSING, *, choices: Sequence[Any], doc: str) -> Any:
    """A choice: static, one of `choices`."""
    metadata = {"kind": "option", "static": True, "choices": tuple(choices), "doc": doc}
    return dataclasses.field(default=default, metadata=metadata)


def size(default: Any = dataclasses.MISSING, *, low: int = 1, doc: str) -> Any:
    """An integer of at least `low`: static. With None as its default it may be left open."""
    metadata = {"kind": "size", "static": True, "low": low, "open": default is None, "doc": doc}
    return dataclasses.field(default=default, metadata=metadata)


def setting(default: Any = dataclasses.MISSING, *, doc: str) -> Any:
    """Any other static value: a name, a tuple of names or of integers."""
    metadata = {"kind": "setting", "static": True, "doc": doc}
    return dataclasses.field(default=default, metadata=metadata)


def part(
    default: Any = dataclasses.MISSING,
    *,
    doc: str,
    of: str = "",
    static: bool = False,
    check: Callable[[str, Any], None] | None = None,
) -> Any:
    """A spec, a Flax module or a tuple of specs inside this one: a subtree.

    Args:
      default: an instance.
      doc: what it is.
      of: the kind of part: "neuron", "surrogate", …
      static: whether it is static as a whole, its numbers not being leaves.
      check: `(label, value)`, raises ValueError if a value is not such a part; not called for None if that is the
        default.
    """
    metadata = {"kind": "part", "of": of, "static": static, "check": check, "doc": doc}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(
    frozen_default=True,
    kw_only_default=True,
    field_specifiers=(param, option, size, setting, part),
)
def spec(cls: type[T]) -> type[T]:
    """Makes a class a spec: a frozen, keyword-only dataclass that is validated and a pytree.

    If its values constrain each other it has a `check()` that raises ValueError; it is called if all values are known,
    numbers or arrays: none is a tracer, an initialiser or a shape.

    >>> @spec
    ... class Window:
    ...     '''A window over the last steps.'''
    ...     length: int = size(default=4, doc="steps")
    ...     width: Leaf = param(default=1.0, low=0, doc="relative width")
    >>> jax.tree.leaves(Window(width=0.5)), Window(length=2) == Window(length=3)
    ([0.5], False)
    >>> Window(width=-1.0)
    Traceback (most recent call last):
    ValueError: Window.width must lie in [0, inf], found -1.0
    """
    setattr(cls, "__post_init__", validate)  # noqa: B010
    if "check" not in dir(cls):
        setattr(cls, "check", lambda self: None)  # noqa: B010
    return pytree.register(dataclasses.dataclass(frozen=True, kw_only=True)(cls))


def fields_of(model: Any, kind: str = "param") -> dict[str, dataclasses.Field]:
    """The fields of a spec (class or instance) of one kind, or its parts of one kind.

    Args:
      model: the spec.
      kind: "param", "option", "size", "setting", "part"; or "surrogate" or "neuron" for parts of that kind.

    >>> from spikejax.neurons.lif import LIF
    >>> list(fields_of(LIF)), list(fields_of(LIF, "surrogate"))
    (['decay', 'threshold'], ['surrogate'])
    """
    return {
        field.name: field
        for field in dataclasses.fields(model)
        if kind in (field.metadata.get("kind"), field.metadata.get("of"))
    }


def validate(model: Any) -> None:
    """Validates a spec against its fields: bounds, choices, sizes, shapes.

    Parameters that are numbers become floats, other numbers of NumPy and JAX those of Python, and lists tuples.

    Raises:
      ValueError: a value that its field does not allow; the message names the field, what it allows and what was found.
    """
    for field in dataclasses.fields(model):
        if field.metadata.get("kind") in ("option", "size", "setting", "part"):
            object.__setattr__(model, field.name, plain(_tuple(getattr(model, field.name))))
    for name, field in fields_of(model).items():
        value: Any = _parameter(f"{type(model).__name__}.{name}", getattr(model, name), field)
        object.__setattr__(model, name, value)
        axes, shape = field.metadata["axes"], np.shape(value)
        if axes and shape:
            sizes = tuple(getattr(model, axis) for axis in axes if axis is not ...)
            if shape[: len(sizes)] != sizes:
                raise ValueError(
                    f"{type(model).__name__}.{name} has the axes {axes}: expected a shape that begins with {sizes}, "
                    f"found {shape}"
                )
    for name, field in fields_of(model, "option").items():
        value, choices = getattr(model, name), field.metadata["choices"]
        if value not in choices:
            raise ValueError(
                f"{type(model).__name__}.{name} must be one of {choices}, found {value!r}"
            )
    for name, field in fields_of(model, "size").items():
        value, low = getattr(model, name), field.metadata["low"]
        if value is None and field.metadata["open"]:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ValueError(
                f"{type(model).__name__}.{name} must be an integer of at least {low}, found {value!r}"
            )
    for name, field in fields_of(model, "part").items():
        value, part_check = getattr(model, name), field.metadata["check"]
        if part_check is not None and not (value is None and field.default is None):
            part_check(f"{type(model).__name__}.{name}", value)
    values = [getattr(model, name) for name in fields_of(model)]
    if all(isinstance(value, float | None) or _is_known(value) for value in values):
        with jax.ensure_compile_time_eval():  # inside a traced function arrays stay known
            model.check()


def plain(value: Any) -> Any:
    """A number of NumPy or JAX, an array without axes included, as one of Python; any other value as it is.

    >>> plain(np.float32(0.5)), plain(np.int64(3)), plain(jax.numpy.array(True)), plain("a")
    (0.5, 3, True, 'a')
    """
    return value.item() if _is_known(value) and value.ndim == 0 else value


def _is_known(value):
    """Whether it is a number or an array of NumPy or JAX whose value is known here: no tracer, no PRNG key."""
    return isinstance(value, np.generic | np.ndarray) or (
        isinstance(value, jax.Array)
        and not isinstance(value, Tracer)
        and not jnp.issubdtype(value.dtype, jax.dtypes.extended)
        and value.is_fully_addressable
    )


def _tuple(value):
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _parameter(label, value, field):
    """A parameter's value, checked against its bounds if it is concrete."""
    low, high = field.metadata["low"], field.metadata["high"]
    if value is None and field.default is None:
        return None  # left open, to be filled in later
    value = plain(value)
    single = isinstance(value, int | float) and not isinstance(value, bool)
    typed = isinstance(value, jax.Array | np.ndarray | jax.ShapeDtypeStruct)  # a tracer, too
    if not (single or typed or callable(value)):
        hint = "; give an array" if isinstance(value, list | tuple) else ""
        raise ValueError(
            f"{label} must be a real number, an array or an initialiser, found {value!r}{hint}"
        )
    if typed and not _is_real(value.dtype):
        raise ValueError(f"{label} must hold real numbers, found an array of {value.dtype}")
    if not single and not _is_known(value):
        return value  # a tracer, an initialiser or a shape
    wide = np.asarray(value).astype(np.float64)
    if wide.size and not (np.isfinite(wide).all() and low <= wide.min() and wide.max() <= high):
        raise ValueError(f"{label} must lie in [{low}, {high}], found {value}")
    return float(value) if isinstance(value, int | float) else value


def _is_real(dtype):
    """Whether values are integers or floats; the short floats of JAX are no numbers to NumPy."""
    return jnp.issubdtype(dtype, jnp.integer) or jnp.issubdtype(dtype, jnp.floating)
