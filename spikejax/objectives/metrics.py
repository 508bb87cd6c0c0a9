"""Metrics: what is measured besides the loss, in the form of a loss.

A metric maps `(outputs[T, B, C], labels, activity, mask) -> scalar`, or a dictionary of scalars. `best` states which
end is better, "max" or "min"; a plain function does not state it, so models are not selected by it.
"""

import functools
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from spikejax.fields import option, size, spec
from spikejax.objectives.activity import mean_spikes, over_steps
from spikejax.objectives.losses import Loss
from spikejax.objectives.reductions import (
    CLASS,
    PROBABILITY,
    STEP,
    check_labels,
    class_weights,
    kind_of,
    over_time,
    unless_beyond,
    weighted_mean,
)
from spikejax.objectives.squared_errors import compared


class Metric(Loss):
    """The base of every metric.

    Attributes:
      best: "max" where larger is better, "min" where smaller is.
    """

    best: ClassVar[str] = "min"


@spec
class Accuracy(Metric):
    """Fraction of samples whose largest output, summed over time, is that of the label.

    Labels are class indices `[B]`, negative ones ignored, or probabilities `[B, C]`, of which the largest is used. With
    class indices per step `[B, T]` it is the fraction of steps whose own output is correct.

    >>> outputs = jnp.array([[[0.0, 1.0], [3.0, 0.0]]])
    >>> float(Accuracy()(outputs, jnp.array([1, 1]), {}, None))
    0.5
    """

    spec_name: ClassVar = "accuracy"
    best: ClassVar[str] = "max"
    kinds: ClassVar = (CLASS, STEP, PROBABILITY)
    top: int = size(default=1, doc="how many of the largest outputs may hold the label")

    def __call__(self, outputs: Array, labels: Any, activity: Any, mask: Array | None) -> Array:
        labels = check_labels(outputs, labels, mask, self.kinds)
        return weighted_mean(self._right(outputs, labels, mask), self._weights(labels, mask))

    def _right(self, outputs, labels, mask):
        if kind_of(labels) == STEP:
            scores, labels = outputs, labels.T
        else:
            scores = over_time(outputs, mask, "sum")
            labels = labels.argmax(-1) if kind_of(labels) == PROBABILITY else labels
        if self.top == 1:
            right = scores.argmax(-1) == labels
        else:
            chosen = jnp.take_along_axis(scores, jnp.maximum(labels, 0)[..., None], -1)
            right = (scores > chosen).sum(-1) < self.top
        return unless_beyond(right.astype(float), labels, outputs.shape[-1])

    def _weights(self, labels, mask):
        per_step = kind_of(labels) == STEP
        weights = class_weights(labels.T if per_step else labels, None, float)
        return weights * mask if per_step and mask is not None else weights

    def weight(self, labels: Any, mask: Array | None) -> Array:
        return self._weights(jnp.asarray(labels), mask).sum()


@spec
class MeanAbsoluteError(Metric):
    """Mean absolute error of outputs and targets; which outputs, as in `squared_errors.MSE`.

    >>> outputs = jnp.array([[[1.0]], [[3.0]]])
    >>> float(MeanAbsoluteError()(outputs, jnp.array([[1.0]]), {}, None))
    2.0
    """

    spec_name: ClassVar = "mean_absolute_error"
    at: str = option(
        default="last", choices=("last", "mean", "each"), doc="which output is compared"
    )

    def __call__(self, outputs: Array, labels: Any, activity: Any, mask: Array | None) -> Array:
        errors, weights = compared(outputs, labels, mask, self.at)
        return weighted_mean(jnp.abs(errors).mean(-1), weights)

    def weight(self, labels: Any, mask: Array | None) -> Array | None:
        return None if mask is None or self.at != "each" else mask.sum() * 1.0


@spec
class Rates(Metric):
    """Firing rate of each layer: spikes per neuron and time step, by layer. Every run measures it.

    >>> spikes = jnp.array([[[1.0, 0.0]], [[1.0, 1.0]]])
    >>> activity = Rates().observe({"neuron_0": {"spikes": spikes}})
    >>> {layer: float(rate) for layer, rate in Rates()(None, None, activity, None).items()}
    {'neuron_0': 0.75}
    """

    spec_name: ClassVar = "firing_rate"
    observe: ClassVar = staticmethod(mean_spikes)

    def __call__(self, outputs: Any, labels: Any, activity: Any, mask: Array | None) -> Any:
        return {layer: over_steps(rates, mask) for layer, rates in activity.items()}

    def weight(self, labels: Any, mask: Array | None) -> Array | None:
        return None if mask is None else mask.sum() * 1.0


def name_of(metric: Any) -> str:
    """What a metric is called in histories and records: its `spec_name`, or the name of a function.

    Raises:
      ValueError: it has neither.
    """
    function = metric.func if isinstance(metric, functools.partial) else metric
    name = getattr(function, "spec_name", None) or getattr(function, "__name__", None)
    if name is None:
        raise ValueError(
            f"expected a metric that has a name, found {metric!r}; give its class a spec_name, or wrap it in a function"
        )
    return name


def best_of(metric: Any) -> str | None:
    """Which end of a metric is better, "max" or "min"; None if it does not state it."""
    return getattr(metric, "best", None)
