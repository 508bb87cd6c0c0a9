"""A recipe: the settings of a publication, or of this library, as a config."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from spikejax import paths
from spikejax.neurons import NEURONS, make
from spikejax.runs.config import Config


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A config that can be trained by name; each file of this package defines one.

    Attributes:
      title: one descriptive line.
      source: where its settings are from.
      config: what is trained.
      neurons: by name, neurons whose initial values here differ from their defaults.
    """

    title: str
    source: str
    config: Config
    neurons: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def with_neuron(self, name: str) -> Config:
        """The config with another neuron in its network: with the recipe's values, else with its defaults.

        Raises:
          UnknownName: an unknown neuron, or a network without one.
          ValueError: a neuron that has no defaults.
        """
        known = paths.places(self.config)
        path = paths.find("neuron", known)
        model, now = NEURONS.find(name), known[path].value
        neuron = now if type(now) is model else self.neurons.get(NEURONS.name_of(model))
        return paths.replace(self.config, {path: make(name) if neuron is None else neuron})
