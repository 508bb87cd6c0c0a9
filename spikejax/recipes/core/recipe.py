"""A recipe: the settings of a publication, or of this library, as a config."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from spikejax import paths
from spikejax.neurons import NEURONS
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
        """
        config = self.config
        place = paths.places(config)[paths.find("neuron", paths.places(config))]
        model = NEURONS.find(name)
        if name in self.neurons:
            neuron = self.neurons[name]
        else:
            neuron = place.value if type(place.value) is model else model()
        return paths.replace(config, {"neuron": neuron})
