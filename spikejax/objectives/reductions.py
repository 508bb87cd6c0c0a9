"""What losses and metrics share: which samples and steps count, and means over them."""

from typing import Any

import jax.numpy as jnp
from jax import Array


def check_outputs(outputs: Array, labels: Array | None, mask: Array | None) -> None:
    """Raises ValueError unless outputs are `[T, B, C]` with T ≥ 1, labels `[B, ...]` and a mask `[T, B]`."""
    if outputs.ndim != 3 or outputs.shape[0] == 0:
        raise ValueError(
            f"expected outputs [T, B, C] with T of at least 1, found shape {outputs.shape}"
        )
    if mask is not None and mask.shape != outputs.shape[:2]:
        raise ValueError(
            f"expected a mask [T, B] = {list(outputs.shape[:2])}, found shape {mask.shape}"
        )
    if labels is None or jnp.shape(labels)[:1] != outputs.shape[1:2]:
        found = "none" if labels is None else f"shape {jnp.shape(labels)}"
        raise ValueError(
            f"expected labels with leading axis B = {outputs.shape[1]} for outputs [T, B, C] = {list(outputs.shape)}, "
            f"found {found}; is the batch on axis 1?"
        )


def as_classes(labels: Array) -> Array:
    """Class labels as integers.

    Raises:
      ValueError: labels that are not integers.
    """
    labels = jnp.asarray(labels)
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        raise ValueError(
            f"expected class labels as integers, found {labels.dtype}; cast them with astype('int32'), or choose "
            "a loss for targets, such as MSE"
        )
    return labels


def over_time(outputs: Array, mask: Array | None, how: str) -> Array:
    """Outputs `[T, B, C]` reduced to `[B, C]`: their "sum", "mean" or "last" over the steps that are real."""
    if how == "last":
        if mask is None:
            return outputs[-1]
        last = mask.sum(0) - 1
        return jnp.take_along_axis(outputs, last[None, :, None], 0)[0]
    total = outputs.sum(0) if mask is None else jnp.where(mask[..., None], outputs, 0).sum(0)
    if how == "sum":
        return total
    return total / (outputs.shape[0] if mask is None else mask.sum(0)[:, None])


def weighted_mean(values: Array, weights: Array) -> Array:
    """Σ w x / Σ w; 0 if all weights are 0."""
    total = weights.sum()
    return (values * weights).sum() / jnp.where(total == 0, 1, total)


def class_weights(labels: Array, weights: tuple[float, ...] | None, dtype: Any) -> Array:
    """The weight of each label: that of its class, or 1 without weights; 0 for a negative label, which is ignored."""
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        return jnp.ones(labels.shape[:1], dtype)
    counted = (labels >= 0).astype(dtype)
    if weights is None:
        return counted
    return counted * jnp.asarray(weights, dtype)[jnp.maximum(labels, 0)]
