"""Parts of a config by their names, made in the same way for a flag and for an axis of a sweep."""

import dataclasses
import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any

import tyro

from spikejax.catalogue import layers
from spikejax.neurons import WRAPPERS
from spikejax.paths import Place
from spikejax.recipes import Recipe
from spikejax.registry import UnknownName, choose
from spikejax.runs.config import EarlyStopping
from spikejax.runs.serial import REGISTRIES

# Kinds of parts that may also be absent or several.
SEVERAL = ("augmentation", "regulariser", "metric")
STOPPING = {"early_stopping": EarlyStopping}


def kind_of(place: Place) -> str | None:
    """The kind of a part that can be chosen by name."""
    if place.field is None or place.role != "part":
        return None
    of = place.field.metadata.get("of") or place.name
    return of if of == "stopping" or of in REGISTRIES else None


def member(kind: str, name: str) -> Any:
    """The class, or the function, of a kind with a name.

    Raises:
      UnknownName: there is none; names the nearest ones.
    """
    if kind == "stopping":
        return STOPPING[choose(kind, name, STOPPING)]
    if kind == "neuron" and name in WRAPPERS:
        return WRAPPERS[name]
    if kind == "neuron" and name in layers.LAYERS:
        raise UnknownName(
            f"expected a neuron, found the layer {name}; choose a network that has it, --network "
            f"{' or '.join(networks_of(name)) or 'NAME'}"
        )
    return REGISTRIES[kind].find(name)


def networks_of(layer: str) -> list[str]:
    """The networks that have a layer of this name: their files import it.

    >>> networks_of("dh_lif")
    ['dh_snn']
    """
    model = layers.LAYERS.find(layer)
    return [
        name
        for name, network in REGISTRIES["network"].items()
        if model in vars(inspect.getmodule(network)).values()
    ]


def name_of(kind: str, known: Any) -> str:
    """The one name of a class or a function; a name as it was given may be another, "module:Name"."""
    if kind == "stopping":
        return next(iter(STOPPING))
    return REGISTRIES[kind].name_of(known)


def names_of(place: Place) -> tuple[str, ...]:
    """The names of a part, or of several."""
    values = place.value if isinstance(place.value, tuple) else (place.value,)
    kind, names = kind_of(place), []
    for value in values:
        if isinstance(value, str):
            names.append(value)
        elif value is not None and kind is not None:
            names.append(name_of(kind, _member_of(value)))
    return tuple(names)


def made(
    names: Sequence[str],
    path: str,
    place: Place,
    recipe: Recipe,
    given: Callable[[str], Sequence[str]] = lambda path: (),
) -> Any:
    """The part with a name in the place of another one, or the tuple of parts with some names.

    A part of the kind that is there already is kept. A neuron has the values of the recipe, if that has any. Another
    part has its defaults; what has no default is that of the same name in the part that is replaced, or given.

    Args:
      names: one name, or for a place that holds several parts any number.
      path: of the place.
      place: the place, of a kind that can be chosen by name.
      recipe: that of the config.
      given: the words that are given for a path that is not there yet; none if there are none.

    Raises:
      UnknownName: an unknown part; names the nearest ones.
      ValueError: a part that cannot be made from its name alone; says what to give.
    """
    if kind_of(place) not in SEVERAL:
        return _made(names[0], path, place, recipe, given)
    numbered = enumerate(names)
    return tuple(_made(name, f"{path}.{i}", place, recipe, given) for i, name in numbered)


def _made(name, path, place, recipe, given):
    kind = kind_of(place) or ""
    model = member(kind, name)
    for value in place.value if isinstance(place.value, tuple) else (place.value,):
        if value is not None and _member_of(value) is model:
            return value
    if kind == "neuron" and name_of(kind, model) in recipe.neurons:
        return recipe.neurons[name_of(kind, model)]
    if not isinstance(model, type):
        return model
    own, hints = getattr(place.value, "__dict__", {}), typing.get_type_hints(model)
    values, missing = {}, {}
    for field in dataclasses.fields(model):
        if not _is_needed(field):
            continue
        words, wanted = given(f"{path}.{field.name}"), plain(field, hints[field.name])
        if words and wanted is not None:
            values[field.name] = tyro.cli(wanted, args=list(words), prog=f"--{path}.{field.name}")
        elif field.name in own:
            values[field.name] = own[field.name]
        else:
            missing[field.name] = wanted
    if missing:
        raise ValueError(_how_to_give(name, model, path, missing))
    return model(**values)


def _member_of(value):
    return type(value) if dataclasses.is_dataclass(value) else value


def _is_needed(field):
    """Whether a class cannot be made without a value for a field; Flax fills in two itself."""
    none = dataclasses.MISSING
    own = field.init and field.name not in ("parent", "name")
    return own and field.default is none and field.default_factory is none


def _how_to_give(name, model, path, missing):
    if model in WRAPPERS.values():
        return (
            f"expected a neuron, found the wrapper {name}; compose it in Python, in a config: "
            f"{model.__name__}(neuron=make('lif'))"
        )
    text = f"{model.__name__} has no default for {', '.join(missing)}"
    if None in missing.values():
        return f"{text}; choose it in Python, in a config"
    dashed = path.replace("_", "-")
    flags = [f"--{dashed}.{field.replace('_', '-')} VALUE" for field in missing]
    return f"{text}; give --{dashed} {name} {' '.join(flags)}"


def plain(field: dataclasses.Field, hint: Any) -> Any:
    """The type that a field's value is read as, from numbers and words; None for any other field."""
    declared = {"param": float, "size": int}.get(field.metadata.get("kind", ""), hint)
    return declared if is_plain(declared) else None


def is_plain(hint: Any) -> bool:
    """Whether a type consists of numbers, strings, None and tuples of them."""
    inner = typing.get_args(hint)
    if inner:
        return all(part is Ellipsis or is_plain(part) for part in inner)
    return hint in (int, float, str, bool, type(None))
