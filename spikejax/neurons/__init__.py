"""Neuron models, one per file; `NEURONS` finds them by their module's name, `make` builds one by name.

`WRAPPERS` are the neurons around other neurons, likewise by their module's name.
"""

import dataclasses
from typing import Any

from spikejax.neurons.core.contract import Neuron
from spikejax.registry import Registry, UnknownName, choose


def _is_model(value):
    return isinstance(value, type) and issubclass(value, Neuron) and value is not Neuron


NEURONS = Registry("neuron", __name__, _is_model)
WRAPPERS = Registry("wrapper", f"{__name__}.wrappers", _is_model)


def make(name: str, *, like: str | None = None, **fields: Any) -> Any:
    """A neuron by its name, optionally with the semantics of another library.

    Args:
      name: of the model or of a wrapper, or "module:Name" of one of your own.
      like: "spikingjelly" (2.0), "snntorch" (1.0), "norse" (1.1) or "spyx" (1.0): order, comparison, time of the
        reset, scaling and surrogate are set so that the model behaves like that library's; the class it was compared
        with, and its settings, are listed in the neurons' README. Parameters keep our names and meaning: a
        decay is the fraction of the membrane potential retained per time step, whatever the other library calls it.
      **fields: parameters and choices; they take precedence over those of the preset.

    Raises:
      UnknownName: an unknown model, or one for which there is no such preset; names those that there are.
      ValueError: a field without a default is missing, the neuron of a wrapper for example.

    >>> make("lif", like="snntorch", decay=0.9).reset_timing
    'next'
    >>> make("refractory", neuron=make("lif"), period=2).period
    2.0
    """
    model = WRAPPERS[name] if name in WRAPPERS else NEURONS.find(name)
    if like is not None:
        if not model.presets:
            raise UnknownName(
                f"{name} has no presets: no other library has this neuron in this form"
            )
        fields = {**model.presets[choose(f"preset of {name}", like, model.presets)], **fields}
    missing = [
        field.name
        for field in dataclasses.fields(model)
        if field.default is dataclasses.MISSING and field.name not in fields
    ]
    if missing:
        given = ", ".join(f"{field}=…" for field in missing)
        raise ValueError(
            f"expected {', '.join(missing)} for {name}, which has no default, found none; give make({name!r}, {given})"
        )
    return model(**fields)
