"""What the parts of a config may be: checks that say what was expected, what was found and what to give instead."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

from spikejax.data import SOURCES, Dataset, Source
from spikejax.neurons.core.contract import Neuron
from spikejax.registry import Registry

Check = Callable[[str, Any], None]  # (label, value), raises ValueError


def one(kind: str, registry: Registry, *, function: bool = False, hint: str = "") -> Check:
    """A check that a value is an instance of a kind.

    Args:
      kind: for messages, with its article.
      registry: of the classes of that kind.
      function: whether any function will do as well.
      hint: what to do about an object of another kind.

    >>> from spikejax.objectives import LOSSES
    >>> one("a loss", LOSSES)("Config.loss", "tet")
    Traceback (most recent call last):
    ValueError: Config.loss must be a loss, found 'tet'; give TET()
    """

    def check(label, value):
        if not _fits(value, registry, function):
            made = _instance(value, registry)
            remedy = f"give {made}" if made else hint
            raise ValueError(f"{label} must be {kind}, found {_found(value)}{_end(remedy)}")

    return check


def several(kind: str, registry: Registry) -> Check:
    """A check that a value is a tuple of instances of a kind, or of functions.

    >>> from spikejax.objectives import METRICS, Accuracy
    >>> several("a metric", METRICS)("Config.metrics", Accuracy())
    Traceback (most recent call last):
    ValueError: Config.metrics must be a tuple, found an instance of Accuracy; give (Accuracy(),), a tuple
    """
    member = one(kind, registry, function=True)

    def check(label, value):
        if not isinstance(value, tuple):
            made = _instance(value, registry)
            remedy = f"give ({made},), a tuple" if made else ""
            raise ValueError(f"{label} must be a tuple, found {_found(value)}{_end(remedy)}")
        for number, inner in enumerate(value):
            member(f"{label}.{number}", inner)

    return check


def specs_of(cls: type, *, tuples: bool = False) -> Check:
    """A check that a value is an instance of one class, or a tuple of them."""

    def check(label, value):
        wanted = f"a tuple of {cls.__name__}" if tuples else f"an instance of {cls.__name__}"
        members = value if tuples and isinstance(value, tuple) else (value,)
        if isinstance(value, tuple) != tuples or not all(isinstance(x, cls) for x in members):
            given = f"({cls.__name__}(…),)" if tuples else f"{cls.__name__}(…)"
            raise ValueError(f"{label} must be {wanted}, found {_found(value)}; give {given}")

    return check


def network(registry: Registry) -> Check:
    """A check that a value is a Flax module; a neuron is not one, but `Spiking` makes it a layer."""
    module = one("a network, an instance of a Flax module", registry)

    def check(label, value):
        cls = value if isinstance(value, type) else type(value)
        if issubclass(cls, Neuron):
            raise ValueError(
                f"{label} must be a network, found the neuron {cls.__name__}; make a neuron a layer with "
                f"Spiking({_call(cls)}), and layers a network with nn.Sequential"
            )
        module(label, value)

    return check


def data(label: str, value: Any) -> None:
    """Checks that a value is a data set, or the name of one.

    >>> data("Config.data", ([0.5], [1]))
    Traceback (most recent call last):
    ValueError: Config.data must be a data set or its name, found a tuple; give Dataset.of_arrays(train, test), each \
(inputs, labels)
    """
    if isinstance(value, str | Source | Dataset):
        return
    remedy = "give Dataset.of_arrays(train, test), each (inputs, labels)"
    if isinstance(value, type) and SOURCES.belongs(value):
        remedy = f"give {_instance(value, SOURCES)}"
    raise ValueError(f"{label} must be a data set or its name, found {_found(value)}; {remedy}")


def _fits(value, registry, function):
    if isinstance(value, type):
        return False
    return registry.belongs(type(value)) or (function and callable(value))


def _instance(value, registry):
    """What to write for an instance of what was found, "" if that is not of the kind."""
    if isinstance(value, str):
        return _call(registry.find(value))
    if isinstance(value, type):
        return f"{_call(value)}, an instance" if registry.belongs(value) else ""
    if inspect.isfunction(value):
        return value.__name__
    return _call(type(value)) if registry.belongs(type(value)) else ""


def _call(cls):
    name, missing = cls.__name__, dataclasses.MISSING
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    needed = [f for f in fields if f.init and f.default is f.default_factory is missing]
    return f"{name}({'…' * bool(needed)})"


def _found(value):
    """What was found, without its contents: it may be an array."""
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"a {name}" if type(value) in (tuple, list, dict) else f"an instance of {name}"


def _end(remedy):
    return f"; {remedy}" if remedy else ""
