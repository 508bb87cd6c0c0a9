"""Losses of squared errors: of outputs and targets, and of firing rates and those of the label's class."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param, spec
from spikejax.objectives.losses import Loss
from spikejax.objectives.reductions import (
    CLASS,
    check_labels,
    check_outputs,
    class_weights,
    over_time,
    real_outputs,
    unless_beyond,
    weighted_mean,
)


@spec
class MSE(Loss):
    """Mean squared error of outputs and targets.

        L = mean_{b,c} (z[b, c] − labels[b, c])²

    z is the output of the last step, the mean over steps, or with at="each" the output of every step, with targets per
    step `[B, T, C]`. Targets may lack the last axis if there is one output.

    >>> outputs = jnp.array([[[1.0]], [[3.0]]])
    >>> [float(MSE(at=at)(outputs, jnp.array([[1.0]]), {}, None)) for at in ("last", "mean")]
    [4.0, 1.0]
    """

    spec_name: ClassVar = "mse"
    at: str = option(
        default="last", choices=("last", "mean", "each"), doc="which output is compared"
    )

    def __call__(self, outputs: Array, labels: Any, activity: Any, mask: Array | None) -> Array:
        errors, weights = compared(outputs, labels, mask, self.at)
        return weighted_mean(jnp.square(errors).mean(-1), weights)

    def weight(self, labels: Any, mask: Array | None) -> Array | None:
        return None if mask is None or self.at != "each" else mask.sum() * 1.0


def compared(outputs: Array, labels: Any, mask: Array | None, at: str) -> tuple[Array, Array]:
    """Outputs minus targets, `[B, C]` or with at="each" `[T, B, C]`, and the weight of each sample or step."""
    labels = jnp.asarray(labels)
    check_outputs(outputs, labels, mask)
    if at == "each":
        found = real_outputs(outputs, mask)
        targets = labels.swapaxes(0, 1) if labels.ndim > 1 else labels
        weights = jnp.ones(outputs.shape[:2], found.dtype) if mask is None else mask * 1.0
    else:
        found, targets = over_time(outputs, mask, at), labels
        weights = jnp.ones(outputs.shape[1], found.dtype)
    if targets.ndim == found.ndim - 1 and found.shape[-1] == 1:
        targets = targets[..., None]
    if targets.shape != found.shape:
        expected = "[B, T, C]" if at == "each" else "[B, C]"
        raise ValueError(
            f"expected targets {expected} for outputs [T, B, C] = {list(outputs.shape)}, found shape {labels.shape}"
        )
    errors = found - targets.astype(found.dtype)
    return real_outputs(errors, mask) if at == "each" else errors, weights


@spec
class SpikeCountMSE(Loss):
    """Squared error of firing rates of spiking outputs: the correct class fires often, the others rarely.

        L = mean_{b,c} (1/T Σ_t outputs[t, b, c] − r[b, c])²,   r = correct for the label's class, else incorrect

    Labels are class indices `[B]`.

    Reference: Shrestha, Orchard (2018), SLAYER, spike count loss, as a rate.

    >>> float(SpikeCountMSE(correct=1.0, incorrect=0.0)(jnp.ones((4, 1, 2)), jnp.array([0]), {}, None))
    0.5
    """

    spec_name: ClassVar = "spike_count_mse"
    kinds: ClassVar = (CLASS,)
    correct: Leaf = param(
        default=0.9, low=0, high=1, unit="per step", doc="firing rate of the correct class"
    )
    incorrect: Leaf = param(
        default=0.1, low=0, high=1, unit="per step", doc="firing rate of the others"
    )

    def __call__(self, outputs: Array, labels: Any, activity: Any, mask: Array | None) -> Array:
        labels = check_labels(outputs, labels, mask, self.kinds)
        rates = over_time(outputs, mask, "mean")
        right = jax.nn.one_hot(labels, outputs.shape[-1], dtype=rates.dtype)
        wanted = right * self.correct + (1 - right) * self.incorrect
        errors = unless_beyond(jnp.square(rates - wanted).mean(-1), labels, outputs.shape[-1])
        return weighted_mean(errors, class_weights(labels, None, errors.dtype))

    def weight(self, labels: Any, mask: Array | None) -> Array:
        return class_weights(jnp.asarray(labels), None, float).sum()
