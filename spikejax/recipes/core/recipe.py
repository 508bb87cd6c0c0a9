"""A recipe: the settings of a publication, or of this library, as a config."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from spikejax import paths
from spikejax.neurons import NEURONS
from spikejax.runs.config import Config


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A config that can be trained by its name; each file of this room ends in one.

    Attributes:
      title: one line for people.
      source: where its settings are from.
      config: what is trained.
      neurons: by name, neurons that start from other values here than from their defaults.
    """

    title: str
    source: str
    config: Config
    neurons: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def with_neuron(self, name: str) -> Config:
        """The config with another neuron in its network: as the recipe has it, else with its defaults.

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
