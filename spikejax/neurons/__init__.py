"""Neuron models, one a file; `NEURONS` finds them by their module's name, `make` makes one by name."""

import importlib
import pkgutil
from types import MappingProxyType
from typing import Any

from spikejax.registry import UnknownName, choose

# What the models are made of.
_NOT_MODELS = ("core", "wrappers")


def _discover():
    found = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name in _NOT_MODELS:
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        models = [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and value.__module__ == module.__name__
            and "presets" in vars(value)
        ]
        if len(models) != 1:
            raise ImportError(
                f"expected one neuron in {module.__name__}, found {[m.__name__ for m in models]}; "
                "keep one model a file"
            )
        found[module_info.name] = models[0]
    return MappingProxyType(found)


NEURONS = _discover()


def get(name: str) -> type:
    """The neuron class of that name.

    Raises:
      UnknownName: there is none; names the nearest ones.

    >>> get("lif").__name__
    'LIF'
    """
    return NEURONS[choose("neuron", name, NEURONS)]


def make(name: str, *, like: str | None = None, **fields: Any) -> Any:
    """A neuron by its name, with the semantics of another library if asked for.

    Args:
      name: of the model.
      like: "spikingjelly" (2.0), "snntorch" (1.0), "norse" (1.1) or "spyx" (1.0): order, comparison, time of the
        reset, scaling and surrogate are set so that the model does what that library's does; which class that is, and
        with which choices it was compared, is on the page of the neurons. Numbers keep our names and meaning: a decay
        is the share of the membrane kept a step, whatever the other calls it.
      **fields: numbers and choices; they go before those of the preset.

    Raises:
      UnknownName: an unknown model, or one for which there is no such preset; names those that there are.

    >>> make("lif", like="snntorch", decay=0.9).reset_timing
    'next'
    """
    model = get(name)
    if like is None:
        return model(**fields)
    if not model.presets:
        raise UnknownName(
            f"{name} has no presets: no other library has this neuron, or not this way"
        )
    return model(**{**model.presets[choose(f"preset of {name}", like, model.presets)], **fields})
