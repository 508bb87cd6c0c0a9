"""Specs by name: those of the package, those of installed packages, and any by `module:Name`."""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from typing import Any


class UnknownName(ValueError):
    """A name that is not known."""


class Registry(Mapping[str, Any]):
    """The members of one kind in a subpackage, by name; `find` also knows those outside the package.

    Every module of the subpackage is imported and searched for members of the kind: classes, or if the members are not
    classes an object called RECIPE, EXPERIMENT, …. A member is known by its `spec_name`, or else by the name of its
    file, which then holds no other. Installed packages add members by entry points of the group "spikejax.SUBPACKAGE",
    and any importable module can be used as "module:Name".

    >>> from spikejax.neurons import NEURONS
    >>> NEURONS.find("lif").__name__, NEURONS.find("spikejax.neurons.lif:LIF").__name__
    ('LIF', 'LIF')
    >>> NEURONS.find("tclif")
    Traceback (most recent call last):
    spikejax.registry.UnknownName: unknown neuron 'tclif'; did you mean tc_lif, clif, ce_lif?
    """

    def __init__(self, kind: str, package: str, belongs: Callable[[Any], bool]):
        """Finds the members.

        Args:
          kind: in the singular, as used in messages.
          package: the subpackage, "spikejax.neurons" for example.
          belongs: whether an object is one of the kind.
        """
        self.kind, self.package, self.belongs = kind, package, belongs
        self._members: dict[str, Any] = {}
        room = importlib.import_module(package)
        for info in pkgutil.iter_modules(room.__path__):
            if not info.ispkg:
                self._add(importlib.import_module(f"{package}.{info.name}"), info.name)
        self._members = dict(sorted(self._members.items()))

    def _add(self, module, stem):
        own = [
            value
            for name, value in vars(module).items()
            if self.belongs(value) and self._is_own(module, name, value)
        ]
        for member in own:
            name = vars(member).get("spec_name") if isinstance(member, type) else None
            if name is None and len(own) > 1:
                raise ImportError(
                    f"expected one {self.kind} in {module.__name__}, found {len(own)}; keep one per file, or give each "
                    "a name"
                )
            if (name or stem) in self._members:
                raise ImportError(
                    f"two members of {self.package} are called {name or stem}; rename one"
                )
            self._members[name or stem] = member

    def _is_own(self, module, name, value):
        """A public class defined in the module; for a kind whose members are not classes, the object of that name."""
        if isinstance(value, type):
            return value.__module__ == module.__name__ and not name.startswith("_")
        return name == self.kind.upper()

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def find(self, name: str) -> Any:
        """The member with a name: in the package, from an entry point, or "module:Name".

        Raises:
          UnknownName: there is none; names the nearest ones.
          ValueError: "module:Name" that cannot be imported, or is of another kind.
        """
        if name in self._members:
            return self._members[name]
        if ":" in name:
            return self._checked(load(name, self.kind), name)
        outside = metadata.entry_points(group=self.package)
        # A subpackage may have several kinds, and one name may stand for one of each.
        found = [entry.load() for entry in outside if entry.name == name]
        for member in found:
            if self.belongs(member):
                return member
        if found:
            return self._checked(found[0], name)
        return choose(self.kind, name, {*self._members, *(entry.name for entry in outside)})

    def _checked(self, member, name):
        if not self.belongs(member):
            raise ValueError(f"expected a {self.kind} called {name}, found {member!r}")
        return member

    def name_of(self, member: Any) -> str:
        """The name by which `find` returns the member.

        Raises:
          ValueError: there is none, since it is defined inside a function; says what to do.
        """
        for name, known in self._members.items():
            if known is member:
                return name
        return path_of(member)


def choose(kind: str, name: str, known: Iterable[str]) -> str:
    """The name, if it is known.

    Raises:
      UnknownName: it is not; names the nearest ones.

    >>> choose("recipe", "digit", ["digits", "smnist"])
    Traceback (most recent call last):
    spikejax.registry.UnknownName: unknown recipe 'digit'; did you mean digits?
    """
    known = sorted(known)
    if name in known:
        return name
    plain = {_plain(other): other for other in known}
    near = difflib.get_close_matches(_plain(name), plain, n=3, cutoff=0.5)
    if near:
        raise UnknownName(
            f"unknown {kind} {name!r}; did you mean {', '.join(plain[n] for n in near)}?"
        )
    raise UnknownName(f"unknown {kind} {name!r}; expected one of {', '.join(known)}")


def _plain(name):
    return re.sub(r"[^a-z0-9.]", "", name.lower())


def load(path: str, kind: str = "object") -> Any:
    """The object at "module:Name".

    Raises:
      ValueError: no such module, or no such name in it.
    """
    module, _, name = path.partition(":")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise ValueError(
            f"expected a {kind} at {path}, found no module {error.name}; start where it can be imported, or set "
            "PYTHONPATH"
        ) from None
    for piece in name.split("."):
        if piece not in vars(found):
            near = difflib.get_close_matches(piece, vars(found), n=3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise ValueError(
                f"expected a {kind} at {path}, found no {piece!r} in {found.__name__}{hint}"
            )
        found = vars(found)[piece]
    return found


def path_of(thing: Any) -> str:
    """The path "module:Name" at which `load` finds a class or a function.

    Raises:
      ValueError: there is none.
    """
    name = getattr(thing, "__qualname__", None)
    if name is None or "<" in name:
        raise ValueError(
            f"{thing!r} has no name by which it can be found again; define it at the top of a module"
        )
    return f"{thing.__module__}:{name}"
