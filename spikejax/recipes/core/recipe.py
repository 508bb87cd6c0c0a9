"""A recipe: the settings of a publication, or of this library, as a config."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from spikejax import paths
from spikejax.neurons import NEURONS, make
from spikejax.runs.config import Config


class Timing(NamedTuple):
    """How long a recipe, or a part of it, was seen to train on two CPU cores, compilation included.

    Attributes:
      seconds: of all these epochs.
      epochs: how many were trained.
      record: the file in experiments/results that has the measurement.
    """

    seconds: float
    epochs: int
    record: str


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A config that can be trained by name; each file of this package defines one.

    Attributes:
      title: one descriptive line.
      source: where its settings are from.
      config: what is trained.
      neurons: by name, neurons whose initial values here differ from their defaults.
      timing: of it, or of one with as many operations; None if it was not measured.
    """

    title: str
    source: str
    config: Config
    neurons: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    timing: Timing | None = None

    @property
    def duration(self) -> str:
        """How long it trains on two CPU cores, in words."""
        if self.timing is None:
            return "not measured"
        seconds, epochs, _ = self.timing
        whole = seconds / epochs * self.config.epochs
        unit, size = next((u, s) for u, s in (("h", 3600), ("min", 60), ("s", 1)) if whole >= s)
        how = (
            "measured"
            if epochs == self.config.epochs
            else f"estimated from {epochs} measured epochs"
        )
        return f"{whole / size:.2g} {unit}, {how}"

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
