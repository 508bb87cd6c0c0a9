"""Neuron models, one per file; `NEURONS` finds them by their module's name, `make` builds one by name."""

from typing import Any

from spikejax.neurons.core.contract import Neuron
from spikejax.registry import Registry, UnknownName, choose

NEURONS = Registry(
    "neuron",
    __name__,
    lambda value: isinstance(value, type) and issubclass(value, Neuron) and value is not Neuron,
)


def make(name: str, *, like: str | None = None, **fields: Any) -> Any:
    """A neuron by its name, optionally with the semantics of another library.

    Args:
      name: of the model, or "module:Name" of one of your own.
      like: "spikingjelly" (2.0), "snntorch" (1.0), "norse" (1.1) or "spyx" (1.0): order, comparison, time of the
        reset, scaling and surrogate are set so that the model behaves like that library's; the class it was compared
        with, and its settings, are listed in the neurons' README. Parameters keep our names and meaning: a
        decay is the fraction of the membrane potential retained per time step, whatever the other library calls it.
      **fields: parameters and choices; they take precedence over those of the preset.

    Raises:
      UnknownName: an unknown model, or one for which there is no such preset; names those that there are.

    >>> make("lif", like="snntorch", decay=0.9).reset_timing
    'next'
    """
    model = NEURONS.find(name)
    if like is None:
        return model(**fields)
    if not model.presets:
        raise UnknownName(f"{name} has no presets: no other library has this neuron in this form")
    return model(**{**model.presets[choose(f"preset of {name}", like, model.presets)], **fields})
