"""What losses and metrics share: what labels are, which samples and steps count, and means over them."""

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from spikejax.dynamics.steps import only_real

# The kinds of class labels, by the names that losses and metrics list as their `kinds`.
CLASS, STEP, PROBABILITY = "class", "step", "probability"
WORDS = {
    CLASS: "class labels as integers [B]",
    STEP: "class labels of each step as integers [B, T]",
    PROBABILITY: "probabilities of the classes as floats [B, C]",
}


def check_outputs(outputs: Array, labels: Array | None, mask: Array | None) -> None:
    """Raises ValueError unless outputs are `[T, B, C]` with T ≥ 1, labels `[B, ...]` and a mask `[T, B]`."""
    if outputs.ndim != 3 or outputs.shape[0] == 0:
        raise ValueError(
            f"expected outputs [T, B, C] with T of at least 1, found shape {outputs.shape}"
        )
    if not jnp.issubdtype(outputs.dtype, jnp.floating):
        raise ValueError(
            f"expected outputs as floats, found {outputs.dtype}; cast counts of spikes with astype(float)"
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


def kind_of(labels: Array) -> str | None:
    """The kind of class labels, known by their dtype and number of axes; None for what is no class label.

    >>> [kind_of(x) for x in (jnp.zeros(4, int), jnp.zeros((4, 5), int), jnp.zeros((4, 3)), jnp.zeros(4))]
    ['class', 'step', 'probability', None]
    """
    if jnp.issubdtype(labels.dtype, jnp.integer):
        return {1: CLASS, 2: STEP}.get(labels.ndim)
    floating = jnp.issubdtype(labels.dtype, jnp.floating)
    return PROBABILITY if floating and labels.ndim == 2 else None


def check_labels(outputs: Array, labels: Any, mask: Array | None, kinds: Sequence[str]) -> Array:
    """Class labels as an array.

    Args:
      outputs: `[T, B, C]`.
      labels: of the batch.
      mask: `[T, B]`, or None.
      kinds: those that are accepted.

    Raises:
      ValueError: outputs, labels or a mask that do not fit together, or labels of another kind; says what to do.
    """
    labels = None if labels is None else jnp.asarray(labels)
    check_outputs(outputs, labels, mask)
    labels = jnp.asarray(labels)
    steps, count, classes = outputs.shape
    shapes = {CLASS: (count,), STEP: (count, steps), PROBABILITY: (count, classes)}
    kind = kind_of(labels)
    if kind is not None and kind in kinds and labels.shape == shapes[kind]:
        return labels if kind == PROBABILITY else _within(labels, classes)
    expected = " or ".join(f"{WORDS[kind]} = {list(shapes[kind])}" for kind in kinds)
    raise ValueError(
        f"expected {expected}, found {labels.dtype} {list(labels.shape)}; {_remedy(labels, shapes, kinds)}"
    )


def _within(labels, classes):
    """Class labels; one that is too large is an error, or in a compiled program gives NaN."""
    if isinstance(labels, Tracer) or not labels.size or not labels.is_fully_addressable:
        return labels
    largest = int(np.max(np.asarray(labels)))
    if largest >= classes:
        raise ValueError(
            f"expected labels from 0 to {classes - 1} for {classes} outputs, or negative ones for what is ignored, "
            f"found {largest}"
        )
    return labels


def unless_beyond(values: Array, labels: Array, classes: int) -> Array:
    """Values of samples or steps, NaN where the class label is larger than the outputs allow."""
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        return values
    return jnp.where(labels >= classes, jnp.nan, values)


def _remedy(labels, shapes, kinds):
    """What to do about class labels that a loss or metric does not accept."""
    whole = jnp.issubdtype(labels.dtype, jnp.integer)
    if whole and labels.ndim == 2 and labels.shape[1] == 1:
        return "drop their last axis, labels[:, 0]"
    if whole and labels.shape == shapes[PROBABILITY] and PROBABILITY in kinds:
        return "one-hot labels are probabilities, give them as floats"
    if whole and labels.shape == shapes[PROBABILITY]:
        return "of one-hot labels give the classes, labels.argmax(-1)"
    if whole and labels.shape == shapes[STEP]:
        return "a loss that takes a label of each step is StepCrossEntropy()"
    if jnp.issubdtype(labels.dtype, jnp.bool_):
        return "give False and True as 0 and 1, labels.astype('int32')"
    if whole:
        return "give one of these"
    targets = "for targets choose a loss and metrics that compare values, MSE() and MeanAbsoluteError() for example"
    stored = "; classes that are stored as floats become integers with labels.astype('int32')"
    return targets + (stored if labels.ndim == 1 else "")


def real_outputs(outputs: Array, mask: Array | None) -> Array:
    """Values `[T, B, ...]` in float32 at least, zero at steps that are not real, so that NaN there reaches nothing."""
    if jnp.finfo(outputs.dtype).bits < 32:
        outputs = outputs.astype(jnp.float32)  # sums over many steps
    return only_real(outputs, mask)


def over_time(outputs: Array, mask: Array | None, how: str) -> Array:
    """Values `[T, B, ...]` reduced to `[B, ...]`: their "sum", "mean" or "last" over the steps that are real."""
    outputs = real_outputs(outputs, mask)
    if how == "last":
        if mask is None:
            return outputs[-1]
        last = (mask.sum(0) - 1).reshape(-1, *[1] * (outputs.ndim - 2))
        return jnp.take_along_axis(outputs, last[None], 0)[0]
    total = outputs.sum(0)
    if how == "sum":
        return total
    return total / (
        outputs.shape[0] if mask is None else mask.sum(0).reshape(-1, *[1] * (outputs.ndim - 2))
    )


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


def check_weights(weights: Sequence[float] | None) -> None:
    """Raises ValueError unless class weights are None, or finite and at least 0, one of them being larger."""
    if weights is None:
        return
    if not all(0 <= w < math.inf for w in weights) or not any(weights):
        raise ValueError(
            f"expected class weights that are finite, at least 0 and not all 0, found {tuple(weights)}"
        )


def check_weighted(labels: Array, weights: Sequence[float] | None, classes: int) -> None:
    """Raises ValueError unless there is a weight for each class, and labels have one class each."""
    if weights is None:
        return
    if len(weights) != classes:
        raise ValueError(
            f"expected a class weight for each of the {classes} outputs, found {len(weights)} class weights"
        )
    if kind_of(labels) == PROBABILITY:
        raise ValueError(
            "expected class labels as integers where there are class weights, found probabilities; leave out "
            "class_weights, or give the most probable class, labels.argmax(-1)"
        )


def takes_classes(part: Any) -> bool:
    """Whether a loss or a metric takes class labels, or probabilities of classes; a plain function does not say so."""
    return bool(getattr(part, "kinds", ()))


def check_classes(parts: Sequence[Any], outputs: int, classes: int | None) -> None:
    """Checks that a network has an output for each class.

    Args:
      parts: losses and metrics.
      outputs: of the network, C.
      classes: of the data set; None if labels are not classes.

    Raises:
      ValueError: fewer outputs than classes, and a part that takes class labels.
    """
    takers = [type(part).__name__ for part in parts if takes_classes(part)]
    if classes is not None and takers and outputs < classes:
        raise ValueError(
            f"expected at least {classes} outputs for {takers[0]}, one for each class of the data, found {outputs}; "
            f"give the network classes={classes}, or choose a loss and metrics for targets, such as MSE() and "
            "MeanAbsoluteError()"
        )
