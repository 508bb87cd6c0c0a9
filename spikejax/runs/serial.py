"""Specs, Flax modules and their contents to JSON values and back, without loss."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spikejax import pytree, registry
from spikejax.data import SOURCES, Dataset
from spikejax.fields import plain
from spikejax.inputs import AUGMENTATIONS, ENCODERS
from spikejax.layers import NORMS
from spikejax.networks import NETWORKS
from spikejax.neurons import NEURONS
from spikejax.objectives import LOSSES, METRICS, REGULARISERS
from spikejax.surrogate import SURROGATES
from spikejax.training import OPTIMISERS, SCHEDULES

REGISTRIES = {
    found.kind: found
    for found in (
        *(NEURONS, SURROGATES, NORMS, NETWORKS, SOURCES, ENCODERS, AUGMENTATIONS),
        *(LOSSES, REGULARISERS, METRICS, OPTIMISERS, SCHEDULES),
    )
}
LARGEST_ARRAY = 100_000  # values of an array that are written out


def to_json(value: Any, path: str = "config") -> Any:
    """A spec, or anything that a spec holds, as JSON values; `from_json` is the inverse.

    A spec is an object whose "type" is its kind and its name, "neuron lif" for example, or "module:Name". A tuple is a
    JSON array; a list is an object, so that it is a list when read back.

    Args:
      value: the spec.
      path: where it is, for messages.

    Raises:
      ValueError: a value that would not be equal when read back; says what to give instead.

    >>> from spikejax.neurons.lif import LIF
    >>> to_json(LIF(decay=0.5))["decay"], from_json(to_json(LIF(decay=0.5))) == LIF(decay=0.5)
    (0.5, True)
    """
    value = plain(value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{path}: expected a finite number, found {value}")
        return value
    if isinstance(value, tuple):
        return [to_json(inner, f"{path}.{number}") for number, inner in enumerate(value)]
    if isinstance(value, list):
        return {"type": "list", "values": to_json(tuple(value), path)}
    if isinstance(value, dict):
        return {"type": "dict", "values": _dict_to_json(value, path)}
    if isinstance(value, Dataset):
        return {"type": "arrays", "name": value.name, "sha256": value.checksum}
    if pytree.is_part(value):
        own = {f.name: getattr(value, f.name) for f in pytree.members(value)}
        # Flax's default initialisers are nameless functions: left out here, they become the default when read back.
        defaults = {f.name: f.default for f in pytree.members(value)}
        own = {name: x for name, x in own.items() if not (callable(x) and x is defaults[name])}
        inner = {name: to_json(x, f"{path}.{name}") for name, x in own.items()}
        return {"type": _type_of(type(value), path), **inner}
    if isinstance(value, jax.Array | np.ndarray):
        return _array_to_json(value, path)
    if isinstance(value, np.dtype) or (isinstance(value, type) and _is_dtype(value)):
        return {"type": "dtype", "name": jnp.dtype(value).name}
    if callable(value):
        return {"type": "function", "name": _named(registry.path_of, value, path)}
    raise ValueError(f"{path}: expected a value that JSON can hold, found {type(value).__name__}")


def _dict_to_json(value, path):
    for name in value:
        if not isinstance(name, str):
            raise ValueError(
                f"{path}: expected strings as the names of a dictionary, found {name!r}"
            )
    return {name: to_json(inner, f"{path}.{name}") for name, inner in value.items()}


def _array_to_json(value, path):
    if value.size > LARGEST_ARRAY:
        raise ValueError(
            f"{path}: an array of {value.size:,} values is too large for a record; give an initialiser, a function at "
            "the top of a module"
        )
    return {"type": "array", "dtype": value.dtype.name, "values": np.asarray(value).tolist()}


def _is_dtype(value):
    try:
        jnp.dtype(value)
    except TypeError:
        return False
    return True


def _type_of(cls, path):
    for kind, found in REGISTRIES.items():
        for name, member in found.items():
            if member is cls:
                return f"{kind} {name}"
    return _named(registry.path_of, cls, path)


def _named(path_of, thing, path):
    try:
        found = path_of(thing)
        if registry.load(found) is not thing:
            raise ValueError(f"another object is at {found}")
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return found


def from_json(value: Any) -> Any:
    """What `to_json` wrote; `MissingArrays` stands for arrays of your own, which JSON does not hold.

    Args:
      value: JSON values.

    Raises:
      UnknownName, ValueError: a type that no longer exists; names it.
    """
    if isinstance(value, list):
        return tuple(from_json(inner) for inner in value)
    if not isinstance(value, dict):
        return value
    if not isinstance(value.get("type"), str):
        raise ValueError(f"expected a config with the type of each part, found {value!r}")
    kind, rest = value["type"], {name: x for name, x in value.items() if name != "type"}
    if kind == "list":
        return list(from_json(rest["values"]))
    if kind == "dict":
        return {name: from_json(x) for name, x in rest["values"].items()}
    if kind == "arrays":
        return MissingArrays(rest["name"], rest["sha256"])
    if kind == "array":
        return jnp.asarray(np.asarray(rest["values"], jnp.dtype(rest["dtype"])))
    if kind == "dtype":
        return jnp.dtype(rest["name"])
    if kind == "function":
        return _load(rest["name"], "function")
    try:
        return _class_of(kind)(**{name: from_json(x) for name, x in rest.items()})
    except TypeError as error:  # fields that the class does not have any more
        raise ValueError(
            f"{kind} cannot be made from a config with {sorted(rest)}: {error}"
        ) from error


def _load(path, kind):
    try:
        return registry.load(path, kind)
    except ValueError as error:
        if path.startswith("__main__:"):
            raise ValueError(
                f"{error}: it was defined in the script or notebook that trained it; define it in a module"
            ) from None
        raise


def _class_of(kind) -> Callable[..., Any]:
    if ":" in kind and " " not in kind:
        found = _load(kind, "class")
        # A record must not be able to call anything.
        if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
            raise ValueError(f"expected a spec or a Flax module at {kind}, found {found!r}")
        return found
    room, _, name = kind.rpartition(" ")
    return REGISTRIES[registry.choose("kind of spec", room, REGISTRIES)].find(name)


class MissingArrays(str):
    """The name of a data set of your own arrays, which a record does not hold.

    Attributes:
      sha256: the checksum of the data set.
    """

    sha256: str

    def __new__(cls, name: str, sha256: str):
        found = super().__new__(cls, name)
        found.sha256 = sha256
        return found
