"""Dataclasses as pytrees: parameters are leaves, fields marked static are structure."""

import dataclasses
from typing import Any, TypeVar

import jax
import numpy as np
from jax.core import Tracer

T = TypeVar("T")
_REGISTERED: set[type] = set()


def register(cls: type[T]) -> type[T]:
    """Registers a dataclass as a pytree; fields with the metadata `static` are part of its structure.

    Two differences from `jax.tree_util.register_dataclass`: structures of two classes are never equal, while jaxlib
    (0.10.2 and 0.12.0 were checked) compares those nodes without their class, so that a jitted function sometimes runs
    the program of another class; and a tree is rebuilt without `__init__`, so a gradient in the shape of a neuron is
    not checked against the neuron's bounds. A field may hold a dataclass that JAX does not know, a Flax module for
    example: then its own parameters are leaves, see `role`.

    >>> import dataclasses, jax
    >>> @register
    ... @dataclasses.dataclass(frozen=True)
    ... class Flat:
    ...     height: float = 1.0
    ...     def derivative(self, x):
    ...         return self.height + 0 * x
    >>> jax.tree.map(lambda leaf: 2 * leaf, Flat())
    Flat(height=2.0)
    """
    fields = dataclasses.fields(cls)  # pyright: ignore[reportArgumentType]
    static = tuple(field.name for field in fields if field.metadata.get("static"))
    leaves = tuple(field.name for field in fields if not field.metadata.get("static"))
    parts = {field.name for field in fields if field.metadata.get("kind") == "part"}

    def flatten(tree):
        values = [_known(getattr(tree, n)) if n in parts else getattr(tree, n) for n in leaves]
        return values, tuple(getattr(tree, name) for name in static)

    def flatten_with_keys(tree):
        values, structure = flatten(tree)
        keys = map(jax.tree_util.GetAttrKey, leaves)
        return list(zip(keys, values, strict=True)), structure

    def unflatten(structure, values):
        tree = object.__new__(cls)
        for name, value in zip(leaves + static, (*values, *structure), strict=True):
            object.__setattr__(tree, name, _original(value))
        return tree

    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
    _REGISTERED.add(cls)
    # Arrays among the leaves are compared as a whole, so that any instance can be an attribute of a Flax module.
    setattr(cls, "__eq__", _equal)  # noqa: B010
    setattr(cls, "__hash__", _hash)  # noqa: B010
    return cls


def _contents(tree):
    return tuple(_content(getattr(tree, field.name)) for field in dataclasses.fields(tree))


def _content(value):
    if isinstance(value, Tracer):
        return id(value)
    if isinstance(value, np.ndarray | jax.Array):
        array = np.asarray(value)
        return array.shape, array.dtype.name, array.tobytes()
    return value


def _equal(self, other):
    if type(self) is not type(other):
        return NotImplemented
    return _contents(self) == _contents(other)


def _hash(self):
    return hash((type(self), _contents(self)))


def role(field: dataclasses.Field, value: Any) -> str:
    """What a dataclass's field holds: a "leaf", a "part" (a dataclass, or a tuple or list with one) or a "choice".

    A field made by `fields.param`, `option`, … declares it. Elsewhere, in a Flax module for example, it is that of the
    value, see `role_of`.
    """
    kind = field.metadata.get("kind")
    return role_of(value) if kind is None else {"param": "leaf", "part": "part"}.get(kind, "choice")


def role_of(value: Any) -> str:
    """The role of a value that no field declares, a member of a tuple for example.

    Floating-point numbers and arrays are leaves; integers, strings, tuples of numbers and functions are choices. A
    tuple or list with a part among its members is a part, and each of its members has its own role.
    """
    if is_part(value) or (is_several(value) and any(role_of(member) == "part" for member in value)):
        return "part"
    choices = (bool, np.bool_, int, np.integer, str, bytes, tuple, list, dict, type, type(None))
    return "choice" if isinstance(value, choices) or callable(value) else "leaf"


def is_several(value: Any) -> bool:
    """Whether a value is a tuple or a list, whose members are numbered."""
    return type(value) in (tuple, list)


def is_part(value: Any) -> bool:
    """Whether a value is an instance of a dataclass."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def members(owner: Any) -> list[dataclasses.Field]:
    """The fields that make up a dataclass instance; for a Flax module all but those that Flax itself adds."""
    own = ("parent", "name") if type(owner) not in _REGISTERED else ()
    return [f for f in dataclasses.fields(owner) if f.init and f.name not in own]


def rebuilt(owner: T, values: dict[str, Any]) -> T:
    """A dataclass instance with other values of some fields; a Flax module keeps its name and has no parent."""
    given = {field.name: getattr(owner, field.name) for field in members(owner)} | values
    return type(owner)(**given, **_name_of(owner))


def derived_of(owner: Any) -> tuple[str, ...]:
    """The names of the values that a dataclass derives from its fields, if it declares any."""
    return getattr(owner, "derived", ())


def _name_of(owner):
    """The name that was given to a Flax module, as an argument; nothing for other dataclasses."""
    name = None if type(owner) in _REGISTERED else getattr(owner, "name", None)
    return {} if name is None else {"name": name}


@jax.tree_util.register_pytree_with_keys_class
class _Foreign:
    """A dataclass that JAX does not know, as a node."""

    def __init__(self, original, values=None):
        self.original, self.values = original, values

    def tree_flatten_with_keys(self):
        roles = {f.name: role(f, getattr(self.original, f.name)) for f in members(self.original)}
        inner = [name for name in roles if roles[name] != "choice"]
        values = [_known(getattr(self.original, name)) for name in inner]
        choices = tuple(
            (name, _hashable(getattr(self.original, name)))
            for name in roles
            if roles[name] == "choice"
        )
        keys = map(jax.tree_util.GetAttrKey, inner)
        name = tuple(_name_of(self.original).items())
        structure = type(self.original), tuple(inner), (*choices, *name)
        return list(zip(keys, values, strict=True)), structure

    @classmethod
    def tree_unflatten(cls, structure, values):
        kind, inner, choices = structure
        given = dict(zip(inner, map(_original, values), strict=True)) | dict(choices)
        return cls(kind(**given))


class Static:
    """A dataclass, a Flax module included, as a static argument of a jitted function.

    Two are equal if everything that they hold is, lists and arrays included.

    >>> import flax.linen as nn
    >>> Static(nn.Sequential([nn.Dense(3)])) == Static(nn.Sequential([nn.Dense(3)]))
    True

    Raises:
      TypeError: it holds a choice that cannot be hashed.
    """

    def __init__(self, value: Any):
        leaves, structure = jax.tree.flatten(_known(value))
        self.value, self._key = value, (structure, tuple(map(_content, leaves)))
        hash(self._key)
        if _has_mutable(value):
            raise TypeError("it holds an object whose contents may change unnoticed")

    def __hash__(self):
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Static) and self._key == other._key


def _has_mutable(value):
    """Whether a dataclass holds an object that is compared by its identity, functions and classes excepted."""
    if is_several(value):
        return any(map(_has_mutable, value))
    if is_part(value):
        return any(_has_mutable(getattr(value, field.name)) for field in members(value))
    by_identity = value is not None and type(value).__hash__ is object.__hash__
    return by_identity and not (callable(value) or isinstance(value, jax.Array | np.ndarray))


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class _Choice:
    """A choice in place of a part, a function for example: structure."""

    original: Any


def _known(value):
    """A value in a form that JAX can flatten."""
    if is_several(value):
        return type(value)(map(_known, value))
    if is_part(value):
        return value if type(value) in _REGISTERED else _Foreign(value)
    return _Choice(value) if value is not None and role_of(value) == "choice" else value


def _original(value):
    if is_several(value):
        return type(value)(map(_original, value))
    return value.original if isinstance(value, _Foreign | _Choice) else value


def _hashable(value):
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value
