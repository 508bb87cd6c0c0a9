"""Looking a name up, with the nearest ones in the error."""

import difflib
from collections.abc import Iterable


class UnknownName(ValueError):
    """A name that is not known."""


def choose(kind: str, name: str, known: Iterable[str]) -> str:
    """The name if it is known.

    Raises:
      UnknownName: it is not; names the nearest ones.

    >>> choose("task", "digit", ["digits", "smnist"])
    Traceback (most recent call last):
    spikejax.registry.UnknownName: unknown task 'digit'; did you mean digits?
    """
    known = sorted(known)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(near)}?" if near else f"expected one of {', '.join(known)}"
        raise UnknownName(f"unknown {kind} {name!r}; {hint}")
    return name
