"""The samples of a part of a data set: `Split`, and the arrays it consists of."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np


class Split(NamedTuple):
    """Samples of a part of a data set or of a batch; a pytree whose leaves have N as their leading axis.

    Attributes:
      inputs: an array `[N, ...]` of any dtype, or a pytree of them.
      labels: classes `[N]`, targets `[N, ...]`, targets per step `[N, T, ...]`, or None.
      lengths: real steps of each sample, integers `[N]`, where samples are padded to one length; else None.
    """

    inputs: Any
    labels: Any = None
    lengths: Any = None

    @property
    def count(self) -> int:
        """N.

        Raises:
          ValueError: leaves of different N.
        """
        shapes = {name: [np.shape(x) for x in leaves(part)] for name, part in _named(self)}
        counts = {shape[0] if shape else -1 for found in shapes.values() for shape in found}
        if len(counts) != 1 or -1 in counts:
            raise ValueError(f"expected one number N of samples in all arrays, found {shapes}")
        return counts.pop()


def as_split(name: str, part: Any) -> Split:
    """A split of NumPy arrays from (inputs, labels, lengths), the last two of which may be left out.

    Args:
      name: of the split, for messages.
      part: a `Split`, a tuple or a list.

    Raises:
      ValueError: it is something else, or has samples of unequal shapes.
    """
    several = isinstance(part, tuple | list)
    if not several or not 1 <= len(part) <= 3:
        found = type(part).__name__ + (f" of {len(part)}" if several else "")
        raise ValueError(
            f"{name}: expected (inputs, labels) or (inputs, labels, lengths), found {found}; put one to three arrays "
            "into a tuple"
        )
    try:
        as_arrays = [None if x is None else map_leaves(np.asarray, x) for x in part]
    except ValueError as error:
        raise ValueError(
            f"{name}: expected samples of one shape, found unequal ones ({error}); pad them to one length and give "
            "lengths"
        ) from error
    return Split(*as_arrays)


def leaves(tree: Any) -> list[np.ndarray]:
    """The arrays of a dictionary, tuple or array, in a fixed order; without JAX, which is not needed to read data."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [leaf for name in sorted(tree) for leaf in leaves(tree[name])]
    if isinstance(tree, tuple | list):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """A tree of the same structure with a function applied to its arrays; a list is an array."""
    if isinstance(tree, dict):
        return {name: map_leaves(function, part) for name, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(map_leaves(function, part) for part in tree)
    return function(tree)


def _named(split: Split) -> Iterator[tuple[str, Any]]:
    names = zip(("inputs", "labels", "lengths"), split, strict=True)
    return ((name, part) for name, part in names if part is not None)
