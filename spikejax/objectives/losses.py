"""Losses: from a network's outputs over time and labels to a scalar.

A loss maps `(outputs[T, B, C], labels, activity, mask) -> scalar`, a mean over the samples that count. `mask[T, B]` is
True where a step is real, or None if all are. A negative class label marks a sample, or a step, that is ignored. Any
function of that form will do as well.
"""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param, setting, spec
from spikejax.objectives.reductions import (
    CLASS,
    PROBABILITY,
    STEP,
    check_labels,
    check_outputs,
    check_weighted,
    check_weights,
    class_weights,
    kind_of,
    over_time,
    real_outputs,
    unless_beyond,
    weighted_mean,
)


class Loss:
    """The base of every loss.

    Attributes:
      observe: the network activity it uses: None for nothing, or a function of `{layer: {name: [K, B, *F]}}` that
        reduces it inside a chunk. A plain function used as a loss receives all of it.
      kinds: the kinds of class labels it takes, see `reductions.kind_of`; empty if labels are not classes.
    """

    observe: Any = None
    kinds: ClassVar[tuple[str, ...]] = ()

    def __call__(self, outputs: Array, labels: Any, activity: Any, mask: Array | None) -> Array:
        """The loss of a batch."""
        raise NotImplementedError

    def weight(self, labels: Any, mask: Array | None) -> Array | None:
        """The weight of a batch relative to others, from its labels and mask alone; None is its number of samples."""
        return None


def _cross_entropy(logits, labels):
    """−Σ_c y[c] log softmax(logits)[c], for class labels or for probabilities."""
    log_probabilities = jax.nn.log_softmax(logits)
    if labels.ndim == logits.ndim:
        return -(labels * log_probabilities).sum(-1)
    chosen = jnp.maximum(labels, 0)[..., None]
    return -jnp.take_along_axis(log_probabilities, chosen, axis=-1)[..., 0]


@spec
class SummedCrossEntropy(Loss):
    """Cross-entropy of the logits summed over time.

        L = mean_b [ logsumexp_c z[b, c] − z[b, labels[b]] ],  z = Σ_t outputs[t]

    Labels are class indices `[B]` or probabilities `[B, C]`.

    Reference: TC-LIF (AAAI 2024), released code: the sum is over all T steps, not a mean.

    >>> loss = SummedCrossEntropy()
    >>> float(loss(jnp.zeros((5, 1, 4)), jnp.array([2]), {}, None))  # log 4
    1.3862943649291992
    """

    spec_name: ClassVar = "summed_cross_entropy"
    kinds: ClassVar = (CLASS, PROBABILITY)
    reduction: ClassVar = "sum"
    class_weights: tuple[float, ...] | None = setting(
        default=None, doc="weight of each class; all 1 if None"
    )

    def check(self) -> None:
        """Raises ValueError for class weights that are none."""
        check_weights(self.class_weights)

    def __call__(self, outputs: Array, labels: Any, activity: Any, mask: Array | None) -> Array:
        labels = check_labels(outputs, labels, mask, self.kinds)
        check_weighted(labels, self.class_weights, outputs.shape[-1])
        values = _cross_entropy(over_time(outputs, mask, self.reduction), labels)
        return weighted_mean(values, class_weights(labels, self.class_weights, values.dtype))

    def weight(self, labels: Any, mask: Array | None) -> Array:
        return class_weights(jnp.asarray(labels), self.class_weights, float).sum()


@spec
class MeanCrossEntropy(SummedCrossEntropy):
    """Cross-entropy of the mean output over time.

        L = mean_b [ logsumexp_c z[b, c] − z[b, labels[b]] ],  z = 1/T Σ_t outputs[t]

    Reference: Zheng et al. (2021), Going deeper with directly-trained larger spiking neural networks.

    >>> outputs = jnp.array([[[2.0, 0.0]], [[0.0, 0.0]]])
    >>> f"{float(MeanCrossEntropy()(outputs, jnp.array([0]), {}, None)):.4f}"  # log(1 + exp(-1))
    '0.3133'
    """

    spec_name: ClassVar = "mean_cross_entropy"
    reduction: ClassVar = "mean"


@spec
class StepCrossEntropy(Loss):
    """Cross-entropy of every step's output, mean over samples and steps.

        L = mean_{t,b} [ logsumexp_c outputs[t, b, c] − outputs[t, b, y] ]

    Labels are class indices `[B]`, probabilities `[B, C]`, or class indices per step `[B, T]`, of which negative ones
    are ignored.

    Reference: Deng et al. (2022), Temporal efficient training, Eq. 9 without its second term.

    >>> outputs = jnp.array([[[2.0, 0.0]], [[0.0, 2.0]]])
    >>> per_step = StepCrossEntropy()(outputs, jnp.array([[0, 1]]), {}, None)
    >>> f"{float(per_step):.4f}"  # both steps are right: log(1 + exp(-2))
    '0.1269'
    """

    spec_name: ClassVar = "step_cross_entropy"
    kinds: ClassVar = (CLASS, STEP, PROBABILITY)
    class_weights: tuple[float, ...] | None = setting(
        default=None, doc="weight of each class; all 1 if None"
    )

    def check(self) -> None:
        """Raises ValueError for class weights that are none."""
        check_weights(self.class_weights)

    def __call__(self, outputs: Array, labels: Any, activity: Any, mask: Array | None) -> Array:
        labels = check_labels(outputs, labels, mask, self.kinds)
        check_weighted(labels, self.class_weights, outputs.shape[-1])
        outputs = real_outputs(outputs, mask)
        per_step, weights = self._per_step(labels, outputs.shape[0], mask, outputs.dtype)
        return weighted_mean(self._values(outputs, per_step), weights)

    def _values(self, outputs, labels):
        """The loss of each step and sample, `[T, B]`."""
        return _cross_entropy(outputs, labels)

    def weight(self, labels: Any, mask: Array | None) -> Array:
        labels = jnp.asarray(labels)
        steps = 1 if mask is None else mask.shape[0]
        return self._per_step(labels, steps, mask, float)[1].sum()

    def _per_step(self, labels, steps, mask, dtype):
        """Labels `[T, B]` or `[T, B, C]` and the weight of each `[T, B]`."""
        if kind_of(labels) == STEP:
            labels = labels.T
            weights = class_weights(labels, self.class_weights, dtype)
        else:
            weights = class_weights(labels, self.class_weights, dtype)
            weights = jnp.broadcast_to(weights, (steps, *weights.shape))
            labels = jnp.broadcast_to(labels, (steps, *labels.shape))
        return labels, weights if mask is None else weights * mask


@spec
class TET(StepCrossEntropy):
    """Temporal efficient training: cross-entropy of every step, and outputs kept near a constant.

        L = (1 − λ) mean_t CE(outputs[t], y) + λ mean_{t,b,c} (outputs[t, b, c] − φ)²

    Both means are over the same samples and steps, with the same weights: those with a negative label are in neither.

    Reference: Deng et al. (2022), Temporal efficient training of spiking neural network via gradient re-weighting,
    Eq. 9, 10 and its released code.

    >>> loss = TET(strength=0.5, target=1.0)
    >>> f"{float(loss(jnp.zeros((3, 1, 2)), jnp.array([0]), {}, None)):.4f}"  # (log 2 + 1) / 2
    '0.8466'
    """

    spec_name: ClassVar = "tet"
    strength: Leaf = param(default=0.05, low=0, high=1, doc="λ, weight of the second term")
    target: Leaf = param(default=1.0, doc="φ, value that outputs are kept near")

    def _values(self, outputs, labels):
        held = jnp.square(outputs - self.target).mean(-1)
        return (1 - self.strength) * _cross_entropy(outputs, labels) + self.strength * held


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
