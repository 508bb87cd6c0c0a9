"""Command-line flags from a config: one for every value, named by its path or the end of it."""

import dataclasses
import functools
import inspect
import re
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

import tyro

from spikejax import paths
from spikejax.cli import parts
from spikejax.paths import Place
from spikejax.recipes import Recipe
from spikejax.registry import UnknownName
from spikejax.runs.config import Config

T = TypeVar("T")


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


def with_parts(recipe: Recipe, arguments: Sequence[str]) -> Config:
    """The recipe's config with the parts that flags name: --neuron lif, --optimiser sgd, --loss tet, …

    Args:
      recipe: whose config it is.
      arguments: flags.

    Raises:
      UnknownName: an unknown part; names the nearest ones.
      ValueError: a part that cannot be made from its name and the flags.
    """
    config = recipe.config
    if isinstance(config.data, str):  # so that its settings have flags
        config = paths.replace(config, {"data": parts.member("data set", config.data)()})
    while True:  # a part may contain others: a network its neuron, a neuron its surrogate
        known = paths.places(config)
        named = _canonical(arguments, known, set())
        for path, place in known.items():
            of = parts.kind_of(place)
            if of is None:
                continue
            names = values_of(named, f"--{_flag(path, known)}")
            if not names or _names(of, names) == parts.names_of(place):
                continue
            given = functools.partial(_given, known, arguments)
            config = paths.replace(config, {path: parts.made(names, path, place, recipe, given)})
            break  # the parts inside the new one are different ones
        else:
            return config


def _names(of, names):
    """Names as `parts.names_of` gives them, of which any one is known by only one."""
    if of not in parts.SEVERAL:
        names = names[:1]
    return tuple(parts.name_of(of, parts.member(of, name)) for name in names)


def _given(known, arguments, path):
    """The values of the flag for a path that is not known yet."""
    for argument in arguments:
        flag = argument.partition("=")[0]
        found = flag.startswith("--") and _is_end(_path(flag), {path})
        if found and paths.find(_path(flag), {**known, path: None}) == path:
            return values_of(arguments, flag)
    return ()


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
      UnknownName: a flag that is the end of several paths; names them.
      ValueError: a value that its field does not allow.
    """
    known = paths.places(config)
    own = {_dashed(field.name) for field in dataclasses.fields(kind)}  # pyright: ignore
    _refuse_ambiguous(arguments, known, own)
    made: list[Any] = [("run", Annotated[kind, tyro.conf.OmitArgPrefixes], kind())]
    fields: dict[str, str] = {}
    for path, place in known.items():
        flag, wanted = _flag(path, known), type_of(place)
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
        description=inspect.getdoc(kind),
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
        path = _path(name)
        if name.startswith("--") and _dashed(path) not in own:
            try:
                flag = _flag(paths.find(path, known), known)
                negated = "no-" if name.startswith("--no-") else ""
                name = f"--{negated}{flag}"
            except UnknownName:
                pass  # the parser suggests the nearest ones
        found.append(f"{name}{equals}{value}")
    return found


def _refuse_ambiguous(arguments, known, own):
    """Raises UnknownName for a flag that is the end of several paths; names them."""
    for argument in arguments:
        path = _path(argument.partition("=")[0])
        if argument.startswith("--") and _dashed(path) not in own and _is_end(path, known):
            paths.find(path, known)


def _path(flag):
    return flag.removeprefix("--").removeprefix("no-").replace("-", "_")


def _is_end(path, known):
    return any(other == path or other.endswith(f".{path}") for other in known)


def _flag(path: str, known: Mapping[str, Place]) -> str:
    """The name of a value's flag: its path without the part of the config that it is in, if that is unique.

    One of several parts, which have numbers, keeps its path: regularisers.0.strength.
    """
    head, _, rest = path.partition(".")
    short = path if rest[:1].isdigit() else rest or head
    try:
        unique = paths.find(short, known) == path
    except UnknownName:
        unique = False
    return _dashed(short if unique else path)


def _dashed(name):
    return name.replace("_", "-")


def type_of(place: Place) -> Any:
    """The type that a value is read as; None for a value without a flag."""
    value, field = place.value, place.field
    if place.role == "derived" or field is None:
        return float | None
    kind = field.metadata.get("kind")
    if place.role == "part":
        of = parts.kind_of(place)
        if of is None:
            return None
        return tuple[str, ...] if of in parts.SEVERAL else str | None if value is None else str
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
    words = str | None if hint is Any and _is_word(value) else None
    return hint if parts.is_plain(hint) else words


def np_shape(value: Any) -> tuple[int, ...]:
    """The shape of an array, () of anything else."""
    return tuple(getattr(value, "shape", ()))


def _is_word(value):
    return value is None or isinstance(value, str)


def _default(place: Place) -> Any:
    if place.role == "part":
        names = parts.names_of(place)
        return names if parts.kind_of(place) in parts.SEVERAL else (names[0] if names else None)
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
