"""Values inside a spec by their path: "network.neuron.decay", or any unique end of it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from spikejax import pytree
from spikejax.registry import UnknownName, choose


class Place(NamedTuple):
    """Where a value is.

    Attributes:
      owner: the spec or Flax module that has it.
      field: its field; None for a derived value. That of a member of a tuple or list declares nothing.
      name: its name there; a member's is its number.
      value: the value; None for a derived one, which its owner computes.
      role: "leaf", "choice", "part" or "derived".
    """

    owner: Any
    field: dataclasses.Field | None
    name: str
    value: Any
    role: str


_MEMBER: Any = dataclasses.field()


def places(tree: Any, prefix: str = "") -> dict[str, Place]:
    """All values of a spec by path, from the outside in; members of a tuple or list with parts are numbered.

    >>> from spikejax.neurons.lif import LIF
    >>> [path for path, place in places(LIF()).items() if place.role != "choice"]
    ['decay', 'threshold', 'surrogate', 'surrogate.width']
    """
    found: dict[str, Place] = {}
    for field in pytree.members(tree):
        value, path = getattr(tree, field.name), prefix + field.name
        place = Place(tree, field, field.name, value, pytree.role(field, value))
        found |= _with_inner(path, place)
    for name in pytree.derived_of(tree):
        found[prefix + name] = Place(tree, None, name, None, "derived")
    return found


def _with_inner(path, place):
    """A place and, if it is a part, all that is inside it."""
    found = {path: place}
    if place.role == "part" and pytree.is_several(place.value):
        for number, value in enumerate(place.value):
            member = Place(place.owner, _MEMBER, str(number), value, pytree.role_of(value))
            found |= _with_inner(f"{path}.{number}", member)
    elif place.role == "part" and pytree.is_part(place.value):
        found |= places(place.value, f"{path}.")
    return found


def find(path: str, known: Mapping[str, Any]) -> str:
    """The full path for one that may lack its first components; hyphens stand for underscores.

    Raises:
      UnknownName: there is none; names the nearest ones. Or there are several; names them.

    >>> find("neuron.decay", {"network.neuron.decay": 0.9, "network.gain": 1.0})
    'network.neuron.decay'
    """
    path = path.replace("-", "_")
    if path in known:
        return path
    ends = [other for other in known if other.endswith(f".{path}")]
    if len(ends) == 1:
        return ends[0]
    if ends:
        outer = min(ends, key=len)
        if all(other == outer or other.startswith(f"{outer}.") for other in ends):
            return outer  # the others are inside it: the neuron of a wrapper
        raise UnknownName(f"{path} is ambiguous: {', '.join(ends)}; give more of the path")
    shorter = {other: other for other in known}
    for other in known:
        pieces = other.split(".")
        shorter |= {".".join(pieces[i:]): other for i in range(1, len(pieces))}
    return shorter[choose("setting", path, shorter)]


def replace(tree: Any, values: Mapping[str, Any]) -> Any:
    """A spec with some of its values replaced, by path; derived ones as their owner derives them.

    Raises:
      UnknownName: an unknown path.
      ValueError: a value that its field does not allow.

    >>> from spikejax.neurons.tc_lif import TCLIF
    >>> neuron = replace(TCLIF(), {"beta1": -0.25, "surrogate.width": 2.0, "order": "paper"})
    >>> float(neuron.beta1), neuron.surrogate.width, neuron.order
    (-0.25, 2.0, 'paper')
    """
    known = places(tree)
    return _replaced(tree, {find(path, known): value for path, value in values.items()})


def _replaced(tree, values):
    """A spec, a Flax module or a tuple or list of them with some values replaced."""
    several = pytree.is_several(tree)
    own: dict[str, Any] = {}
    derived: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        head, _, rest = path.partition(".")
        if rest:
            inner.setdefault(head, {})[rest] = value
        elif head in pytree.derived_of(tree):
            derived[head] = value
        else:
            own[head] = value
    for head, changes in inner.items():
        part = tree[int(head)] if several else getattr(tree, head)
        own[head] = _replaced(own.get(head, part), changes)
    if several:
        return type(tree)(own.get(str(number), member) for number, member in enumerate(tree))
    changed = pytree.rebuilt(tree, own) if own else tree
    return changed.with_derived(**derived) if derived else changed
