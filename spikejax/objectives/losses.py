"""Losses: from a network's outputs over time and labels to a scalar; here those of cross-entropy.

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
    check_weighted,
    check_weights,
    class_weights,
    kind_of,
    over_time,
    real_outputs,
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
        """Raises ValueError for invalid class weights."""
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
        """Raises ValueError for invalid class weights."""
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
    """Temporal efficient training: cross-entropy of every step, and outputs kept near a target.

        L = (1 − λ) L_CE + λ L_MSE     convention="released", that of Deng et al. and of the code of both papers
        L = λ L_CE + (1 − λ) L_MSE     convention="paper", Eq. 9 of AR-LIF: the same with λ → 1 − λ

    `strength` is λ in both, and its default does not depend on the convention: the loss of strength=0.05 with the
    released one is that of strength=0.95 with the paper's.

        L_CE = mean_{t,b} CE(outputs[t, b], y[b]),   L_MSE = mean_{t,b,c} (outputs[t, b, c] − φ[b, c])²

    φ[b, c] is `target` for every class, or with kept_near="one_hot" `target` times the one-hot label of the sample (its
    probabilities, where labels are those). All means are over the same samples and steps, with the same weights: those
    with a negative label are in neither.

    Reference: Deng et al. (2022), Temporal efficient training of spiking neural network via gradient re-weighting,
    Eq. 9, 10 and its released code; AR-LIF (arXiv 2507.20746), Eq. 9 and its released code, of which
    kept_near="one_hot" is the option `mse_n_reg`.

    >>> loss = TET(strength=0.5, target=1.0)
    >>> f"{float(loss(jnp.zeros((3, 1, 2)), jnp.array([0]), {}, None)):.4f}"  # (log 2 + 1) / 2
    '0.8466'
    >>> hot = TET(strength=0.5, kept_near="one_hot")
    >>> f"{float(hot(jnp.zeros((3, 1, 2)), jnp.array([0]), {}, None)):.4f}"  # (log 2 + 1 / 2) / 2
    '0.5966'
    """

    spec_name: ClassVar = "tet"
    strength: Leaf = param(default=0.05, low=0, high=1, doc="λ")
    target: Leaf = param(default=1.0, doc="φ, value that outputs are kept near")
    kept_near: str = option(
        default="constant",
        choices=("constant", "one_hot"),
        doc="whether all outputs are kept near φ, or near φ times the one-hot label",
    )
    convention: str = option(
        default="released",
        choices=("released", "paper"),
        doc="which term λ weighs: the squared error (released) or the cross-entropy (paper)",
    )

    def _values(self, outputs, labels):
        wanted = self.target
        if self.kept_near == "one_hot":
            soft = labels.ndim == outputs.ndim
            wanted *= labels if soft else jax.nn.one_hot(labels, outputs.shape[-1])
        squared = jnp.square(outputs - wanted).mean(-1)
        of_squared = self.strength if self.convention == "released" else 1 - self.strength
        return (1 - of_squared) * _cross_entropy(outputs, labels) + of_squared * squared
