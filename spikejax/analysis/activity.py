"""How active the neurons of each layer are: firing rates over batches, per time step and per neuron."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

SPIKES = "spikes"


@dataclass(frozen=True, eq=False)
class LayerActivity:
    """The activity of a layer over the samples that were added.

    Attributes:
      over_time: firing rate at each time step, mean over samples and neurons, `[T]`; NaN where no sample has this step.
      per_neuron: firing rate of each neuron, mean over samples and time steps, `[*F]`.
      samples: how many.
    """

    over_time: np.ndarray
    per_neuron: np.ndarray
    samples: int

    @property
    def rate(self) -> float:
        """Firing rate: spikes per neuron and time step, mean over samples, time steps and neurons."""
        return float(self.per_neuron.mean())

    @property
    def silent(self) -> float:
        """The fraction of neurons that did not fire at all."""
        return float((self.per_neuron == 0).mean())

    @property
    def saturated(self) -> float:
        """The fraction of neurons that fired at every step of every sample."""
        return float((self.per_neuron == 1).mean())


class Activity:
    """Firing rates summed up over batches; it holds T values and one per neuron for each layer, not the spikes.

    >>> activity = Activity()
    >>> activity.add({"hidden": {"spikes": np.array([[[1, 0]], [[1, 1]]])}})  # [T, B, F] = [2, 1, 2]
    >>> found = activity.layers["hidden"]
    >>> found.rate, found.over_time, found.per_neuron, found.saturated
    (0.75, array([0.5, 1. ]), array([1. , 0.5]), 0.5)
    """

    def __init__(self) -> None:
        self._per_neuron: dict[str, np.ndarray] = {}
        self._over_time: dict[str, np.ndarray] = {}
        self._steps = np.zeros(0, np.int64)  # samples that have each step
        self._samples = 0

    def add(self, activity: Mapping[str, Mapping[str, Any]], mask: Any = None) -> None:
        """Adds a batch.

        Args:
          activity: by layer, variables of which "spikes" are 0 or 1, `[T, B, *F]`; other layers are left out.
          mask: True where a step of a sample is real, `[T, B]`; None if all are.

        Raises:
          ValueError: no spikes, spikes that are not 0 or 1, or layers or shapes other than in the batches before.
        """
        spikes = {k: np.asarray(v[SPIKES]) for k, v in activity.items() if SPIKES in v}
        steps, samples = self._check(spikes)
        real = np.ones((steps, samples), bool) if mask is None else np.asarray(mask, bool)
        if real.shape != (steps, samples):
            raise ValueError(f"expected a mask [T, B] = [{steps}, {samples}], found {real.shape}")
        for layer, values in spikes.items():
            fired = (values != 0) & real.reshape(*real.shape, *[1] * (values.ndim - 2))
            per_neuron = fired.sum((0, 1), dtype=np.int64)
            over_time = fired.reshape(steps, -1).sum(1, dtype=np.int64)
            self._per_neuron[layer] = self._per_neuron.get(layer, 0) + per_neuron
            self._over_time[layer] = _added(self._over_time.get(layer), over_time)
        self._steps = _added(self._steps, real.sum(1, dtype=np.int64))
        self._samples += samples

    @property
    def layers(self) -> dict[str, LayerActivity]:
        """The activity of each layer.

        Raises:
          ValueError: nothing was added.
        """
        if not self._samples:
            raise ValueError("expected the activity of at least one batch, found none; call add(…)")
        found = {}
        for layer, per_neuron in self._per_neuron.items():
            neurons = self._steps * per_neuron.size
            over_time = np.where(
                neurons > 0, self._over_time[layer] / np.maximum(neurons, 1), np.nan
            )
            found[layer] = LayerActivity(
                over_time, np.asarray(per_neuron / self._steps.sum()), self._samples
            )
        return found

    @property
    def rates(self) -> dict[str, float]:
        """The firing rate of each layer."""
        return {layer: found.rate for layer, found in self.layers.items()}

    def _check(self, spikes):
        shapes = {layer: values.shape for layer, values in spikes.items()}
        if (
            not shapes
            or any(len(s) < 3 for s in shapes.values())
            or len({s[:2] for s in shapes.values()}) > 1
        ):
            raise ValueError(
                f"expected spikes [T, B, *F] by layer, found {shapes or 'none'}; give the activity of a network as "
                "{layer: {'spikes': array}}"
            )
        for layer, values in spikes.items():
            if not ((values == 0) | (values == 1)).all():
                raise ValueError(f"expected spikes of 0 or 1 in {layer}, found other values")
        known = {layer: values.shape for layer, values in self._per_neuron.items()}
        found = {layer: shape[2:] for layer, shape in shapes.items()}
        if known and known != found:
            raise ValueError(f"expected the layers of the batches before, {known}, found {found}")
        return next(iter(shapes.values()))[:2]


def _added(one, other):
    """The sum of two arrays of steps, the shorter one followed by zeros."""
    if one is None:
        return other
    total = np.zeros(max(len(one), len(other)), np.int64)
    total[: len(one)] += one
    total[: len(other)] += other
    return total
