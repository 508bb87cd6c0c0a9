"""Command-line flags from a config: one for every value, named by its path or the end of it."""

import dataclasses
import re
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

import tyro

from spikejax import paths
from spikejax.paths import Place
from spikejax.registry import UnknownName
from spikejax.runs.config import Config
from spikejax.runs.serial import REGISTRIES

T = TypeVar("T")
# Kinds of parts that may also be absent or several.
_SEVERAL = ("augmentation", "regulariser", "metric")


def parse(kind: type[T], arguments: Sequence[str], command: str) -> T:
    """Reads the flags of a command into their dataclass."""
    return tyro.cli(kind, args=list(arguments), prog=f"spikejax {command}")


def values_of(arguments: Sequence[str], flag: str) -> tuple[str, ...]:
    """The values that follow a flag, before the parser knows which flags there are."""
    values: list[str] = []
    inside = False
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name.startswith("--"):
            inside = name == flag
            values += [value] if inside and equals else []
        elif inside:
            values.append(argument)
    return tuple(values)


def without(arguments: Sequence[str], flag: str) -> list[str]:
    """The arguments without a flag and its values."""
    left, inside = [], False
    for argument in arguments:
        if argument.startswith("--"):
            inside = argument.partition("=")[0] == flag
        if not inside:
            left.append(argument)
    return left


def with_parts(config: Config, arguments: Sequence[str]) -> Config:
    """The config with the parts that flags name: --optimiser sgd, --surrogate atan, --loss tet, …

    A part that is of that kind already keeps its values; another one has its defaults.

    Raises:
      UnknownName: an unknown part; names the nearest ones.
    """
    if isinstance(config.data, str):  # so that its settings have flags
        config = paths.replace(config, {"data": REGISTRIES["data set"].find(config.data)()})
    while True:  # a part may contain others: a network its neuron, a neuron its surrogate
        known = paths.places(config)
        named = _canonical(arguments, known, set())
        for path, place in known.items():
            of = _kind(place)
            if of is None:
                continue
            names = values_of(named, f"--{_flag(path, known)}")
            if not names or names == _names(place):
                continue
            made = tuple(REGISTRIES[of].find(name) for name in names)
            parts = tuple(_instance(member, place) for member in made)
            config = paths.replace(config, {path: parts if of in _SEVERAL else parts[0]})
            break  # the parts inside the new one are different ones
        else:
            return config


def _instance(member, place):
    """A member with its defaults, and the values with the same names of the part that it replaces."""
    if not isinstance(member, type):
        return member
    own = getattr(place.value, "__dict__", {})
    needed = [
        field.name
        for field in dataclasses.fields(member)
        if field.init
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
        and field.name not in ("parent", "name")
    ]
    missing = [name for name in needed if name not in own]
    if missing:
        raise ValueError(
            f"{member.__name__} has no default for {', '.join(missing)}; choose it in Python, in a config"
        )
    return member(**{name: own[name] for name in needed})


def _kind(place: Place) -> str | None:
    """The kind of a part that can be chosen by name."""
    if place.field is None or place.role != "part":
        return None
    of = place.field.metadata.get("of") or place.name
    return of if of in REGISTRIES else None


def _names(place) -> tuple[str, ...]:
    """The names of a part, or of several."""
    values = place.value if isinstance(place.value, tuple) else (place.value,)
    of = _kind(place)
    names = []
    for value in values:
        if isinstance(value, str):
            names.append(value)
        elif value is not None and of is not None:
            member = value if not dataclasses.is_dataclass(value) else type(value)
            names.append(REGISTRIES[of].name_of(member))
    return tuple(names)


def parse_config(
    config: Config, arguments: Sequence[str], command: str, kind: type[T]
) -> tuple[Config, T]:
    """Reads the values of a config, and the flags for how to run it.

    Args:
      config: what the flags change; its parts are chosen already, see `with_parts`.
      arguments: flags.
      command: for messages.
      kind: dataclass of the other flags of the command.

    Raises:
      SystemExit: help was requested, or a flag is unknown; printed by the parser.
      ValueError: a value that its field does not allow.
    """
    known = paths.places(config)
    own = {_dashed(field.name) for field in dataclasses.fields(kind)}  # pyright: ignore
    made: list[Any] = [("run", Annotated[kind, tyro.conf.OmitArgPrefixes], kind())]
    fields: dict[str, str] = {}
    for path, place in known.items():
        flag, wanted = _flag(path, known), _type(place)
        if wanted is None or flag in own or flag in fields.values():
            continue
        name = f"value_{len(fields)}"
        fields[name] = flag
        argument = tyro.conf.arg(name=flag, help=_doc(place))
        made.append((name, Annotated[wanted, argument], _default(place)))
    flags = dataclasses.make_dataclass(command, made, frozen=True)
    parsed = tyro.cli(
        flags,
        args=_canonical(arguments, known, own),
        prog=f"spikejax {command}",
        description=kind.__doc__,
    )
    changes = {}
    for name, flag in fields.items():
        path = paths.find(flag, known)
        value = getattr(parsed, name)
        if known[path].role != "part" and value != _default(known[path]):
            changes[path] = value
    return paths.replace(config, changes), parsed.run


def _canonical(arguments, known, own):
    """Arguments with each flag of a config under its name in the parser."""
    found = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        path = name.removeprefix("--").removeprefix("no-").replace("-", "_")
        if name.startswith("--") and _dashed(path) not in own:
            try:
                flag = _flag(paths.find(path, known), known)
                negated = "no-" if name.startswith("--no-") else ""
                name = f"--{negated}{flag}"
            except UnknownName:
                pass  # the parser suggests the nearest ones
        found.append(f"{name}{equals}{value}")
    return found


def _flag(path: str, known: Mapping[str, Place]) -> str:
    """The name of a value's flag: its path without the part of the config that it is in, if that is unique."""
    head, _, rest = path.partition(".")
    short = rest or head
    try:
        unique = paths.find(short, known) == path
    except UnknownName:
        unique = False
    return _dashed(short if unique else path)


def _dashed(name):
    return name.replace("_", "-")


def _type(place: Place) -> Any:
    """The type that a value is read as; None for a value without a flag."""
    value, field = place.value, place.field
    if place.role == "derived" or field is None:
        return float | None
    kind = field.metadata.get("kind")
    if place.role == "part":
        of = _kind(place)
        if of is None:
            return None
        return tuple[str, ...] if of in _SEVERAL else str | None if value is None else str
    if place.role == "leaf":
        if callable(value) or np_shape(value):
            return None
        return float | None if value is None else float
    if kind == "option":
        return bool if isinstance(value, bool) else Literal[field.metadata["choices"]]
    if kind == "size":
        return int | None if value is None else int
    hint = typing.get_type_hints(type(place.owner)).get(place.name, Any)
    if place.name == "chunk":
        return int | Literal["auto"] | None
    return hint if _is_plain(hint) else (str | None if hint is Any and _is_word(value) else None)


def np_shape(value: Any) -> tuple[int, ...]:
    """The shape of an array, () of anything else."""
    return tuple(getattr(value, "shape", ()))


def _is_word(value):
    return value is None or isinstance(value, str)


def _is_plain(hint):
    """Whether a type consists of numbers, strings, None and tuples of them."""
    inner = typing.get_args(hint)
    if inner:
        return all(part is Ellipsis or _is_plain(part) for part in inner)
    return hint in (int, float, str, bool, type(None))


def _default(place: Place) -> Any:
    if place.role == "part":
        names = _names(place)
        return names if _kind(place) in _SEVERAL else (names[0] if names else None)
    return place.value


def _doc(place: Place) -> str:
    """What a value is: its field's documentation, or the entry or first line of its class's docstring."""
    if place.field is None:
        return "sets the parameters that it is derived from"
    if "doc" in place.field.metadata:
        unit = place.field.metadata.get("unit")
        return place.field.metadata["doc"] + (f" ({unit})" if unit else "")
    text = type(place.owner).__doc__ or ""
    found = re.search(rf"^ +{place.name}: (.*(?:\n {{8,}}.*)*)", text, re.MULTILINE)
    return " ".join(found[1].split()) if found else f"of {text.splitlines()[0]}" if text else ""
