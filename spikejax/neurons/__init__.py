"""Neuron models, one a file; `NEURONS` finds them by their module's name."""

import importlib
import pkgutil
from types import MappingProxyType

from spikejax.names import choose


def _discover():
    found = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name == "base":
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        models = [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and value.__module__ == module.__name__
            and "step" in vars(value)
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
