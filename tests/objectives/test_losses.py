"""Losses against values worked out by hand, with masks, ignored labels and class weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.objectives import (
    LOSSES,
    MSE,
    TET,
    Accuracy,
    MeanCrossEntropy,
    SpikeCountMSE,
    StepCrossEntropy,
    SummedCrossEntropy,
)
from spikejax.objectives.reductions import check_classes

# Two steps, two samples, three classes; summed over time: (1, 0, 1) and (0, 3, −1).
LOGITS = np.array([[[0.5, 0, 2], [1, 1, 0]], [[0.5, 0, -1], [-1, 2, -1]]], np.float32)
DRAW = np.random.default_rng(0)
T, B, C = 5, 4, 3
OUTPUTS = DRAW.normal(size=(T, B, C))
CLASSES = np.array([2, 0, 1, 1])
LENGTHS = np.array([5, 3, 1, 4])
MASK = np.arange(T)[:, None] < LENGTHS


def value(loss, outputs, labels, mask=None):
    mask = None if mask is None else jnp.asarray(mask)
    return float(loss(jnp.asarray(outputs), jnp.asarray(labels), {}, mask))


def entropy(logits, label):
    """Of one sample, in NumPy."""
    return np.log(np.exp(logits).sum()) - logits[label]


def test_summed_cross_entropy_by_hand():
    one = np.log(2 * np.e + 1) - 1
    two = np.log(1 + np.e**3 + np.exp(-1)) - 3
    for labels, expected in [([0, 1], (one + two) / 2), ([1, 0], (one + 1 + two + 3) / 2)]:
        np.testing.assert_allclose(value(SummedCrossEntropy(), LOGITS, labels), expected, rtol=1e-6)


def test_logits_are_summed_over_time_or_averaged():
    """Summed, the same logits twice are more certain than once; averaged they are not."""
    labels = [0, 1]
    once, twice = (value(SummedCrossEntropy(), LOGITS[:1].repeat(n, 0), labels) for n in (1, 2))
    assert twice == pytest.approx(value(SummedCrossEntropy(), 2 * LOGITS[:1], labels), rel=1e-6)
    assert abs(twice - once) > 0.1
    assert value(MeanCrossEntropy(), LOGITS[:1].repeat(2, 0), labels) == pytest.approx(once)


def test_large_logits_do_not_overflow():
    logits = [[[1e4, 0.0]]]
    assert value(SummedCrossEntropy(), logits, [0]) == 0
    assert value(SummedCrossEntropy(), logits, [1]) == 1e4


def test_step_cross_entropy_by_hand(float64):
    expected = np.mean([entropy(OUTPUTS[t, b], CLASSES[b]) for t in range(T) for b in range(B)])
    assert value(StepCrossEntropy(), OUTPUTS, CLASSES) == pytest.approx(expected, rel=1e-12)
    real = [entropy(OUTPUTS[t, b], CLASSES[b]) for t in range(T) for b in range(B) if MASK[t, b]]
    found = value(StepCrossEntropy(), OUTPUTS, CLASSES, MASK)
    assert found == pytest.approx(np.mean(real), rel=1e-12)


def test_labels_of_each_step(float64):
    labels = DRAW.integers(-1, C, (B, T))
    real = [entropy(OUTPUTS[t, b], c) for (b, t), c in np.ndenumerate(labels) if c >= 0]
    assert 0 < len(real) < B * T
    assert value(StepCrossEntropy(), OUTPUTS, labels) == pytest.approx(np.mean(real), rel=1e-12)
    assert float(StepCrossEntropy().weight(labels, None)) == len(real)
    with pytest.raises(
        ValueError, match=r"of each step as integers \[B, T\] = \[4, 5\] .*found int64 \[4, 4\]"
    ):
        value(StepCrossEntropy(), OUTPUTS, labels[:, :4])


@pytest.mark.parametrize("at", ["last", "mean", "each"])
def test_mse_by_hand(at, float64):
    targets = DRAW.normal(size=(B, T, C) if at == "each" else (B, C))
    if at == "each":
        errors = [OUTPUTS[t, b] - targets[b, t] for b in range(B) for t in range(T)]
        real = [OUTPUTS[t, b] - targets[b, t] for b in range(B) for t in range(LENGTHS[b])]
    else:
        ends = {"last": lambda x: x[-1], "mean": lambda x: x.mean(0)}[at]
        errors = [ends(OUTPUTS[:, b]) - targets[b] for b in range(B)]
        real = [ends(OUTPUTS[: LENGTHS[b], b]) - targets[b] for b in range(B)]
    loss = MSE(at=at)
    assert value(loss, OUTPUTS, targets) == pytest.approx(np.square(errors).mean(), rel=1e-12)
    assert value(loss, OUTPUTS, targets, MASK) == pytest.approx(np.square(real).mean(), rel=1e-12)


def test_a_target_of_one_number(float64):
    targets = DRAW.normal(size=B)
    expected = np.square(OUTPUTS[-1, :, 0] - targets).mean()
    assert value(MSE(), OUTPUTS[..., :1], targets) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match=r"expected targets \[B, C\].*found shape \(4,\)"):
        value(MSE(), OUTPUTS, targets)


def test_spike_count_mse_by_hand(float64):
    spikes = (OUTPUTS > 0).astype(float)
    wanted = np.where(np.eye(C)[CLASSES] == 1, 0.8, 0.05)
    expected = np.square(spikes.mean(0) - wanted).mean()
    loss = SpikeCountMSE(correct=0.8, incorrect=0.05)
    assert value(loss, spikes, CLASSES) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("loss", [SummedCrossEntropy, MeanCrossEntropy, StepCrossEntropy, TET])
def test_padding_has_no_vote(loss, float64):
    """The same sample with silent steps behind it has the same loss, whatever its outputs are there."""
    short = OUTPUTS[:3, :1]
    padded = np.concatenate([short, 9 * np.ones((4, 1, C))])
    mask = np.arange(7)[:, None] < np.array([3])
    found, expected = value(loss(), padded, [1], mask), value(loss(), short, [1])
    assert found == pytest.approx(expected, rel=1e-12)
    slope = jax.grad(lambda x: loss()(x, jnp.array([1]), {}, jnp.asarray(mask)))(
        jnp.asarray(padded)
    )
    assert np.all(slope[3:] == 0) and np.any(slope[:3] != 0)


@pytest.mark.parametrize("loss", [SummedCrossEntropy, MeanCrossEntropy, StepCrossEntropy])
def test_ignored_labels_and_class_weights(loss, float64):
    labels, weights = np.array([2, -1, 1, 1]), (1.0, 0.5, 3.0)
    alone = [value(loss(), OUTPUTS[:, b : b + 1], [labels[b]]) for b in (0, 2, 3)]
    assert value(loss(), OUTPUTS, labels) == pytest.approx(np.mean(alone), rel=1e-12)
    expected = np.average(alone, weights=[3.0, 0.5, 0.5])
    weighted = loss(class_weights=weights)
    assert value(weighted, OUTPUTS, labels) == pytest.approx(expected, rel=1e-12)
    assert float(loss().weight(labels, None)) == 3 and float(weighted.weight(labels, None)) == 4
    assert value(loss(), OUTPUTS, np.full(B, -1)) == 0  # and not NaN


@pytest.mark.parametrize("loss", [SummedCrossEntropy, MeanCrossEntropy, StepCrossEntropy, TET])
def test_probabilities_as_labels(loss, float64):
    """One-hot they are class labels; mixed they mix the losses."""
    hot = np.eye(C)
    assert value(loss(), OUTPUTS, hot[CLASSES]) == pytest.approx(value(loss(), OUTPUTS, CLASSES))
    mixed = 0.3 * hot[CLASSES] + 0.7 * hot[[0, 1, 2, 0]]
    expected = 0.3 * value(loss(), OUTPUTS, CLASSES) + 0.7 * value(loss(), OUTPUTS, [0, 1, 2, 0])
    assert value(loss(), OUTPUTS, mixed) == pytest.approx(expected)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_against_central_differences(name, float64):
    loss, step = LOSSES[name](), 1e-6
    labels = DRAW.normal(size=(B, C)) if name == "mse" else CLASSES

    def total(outputs):
        return loss(outputs, jnp.asarray(labels), {}, jnp.asarray(MASK))

    gradient, total = jax.grad(total)(jnp.asarray(OUTPUTS)), jax.jit(total)
    assert np.any(gradient != 0)
    for index in np.ndindex(OUTPUTS.shape):
        shift = np.zeros_like(OUTPUTS)
        shift[index] = step
        slope = (total(OUTPUTS + shift) - total(OUTPUTS - shift)) / (2 * step)
        np.testing.assert_allclose(gradient[index], slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("loss", [SummedCrossEntropy(), TET(), SpikeCountMSE()])
@pytest.mark.parametrize(
    "shape, labels, message",
    [
        ((2, 5, 3), np.zeros(2, int), r"leading axis B = 5 .*\(2,\); is the batch on axis 1\?"),
        (
            (2, 5, 3),
            np.zeros(5),
            r"class labels as integers \[B\].*found float32 \[5\]; for targets choose .*MSE.*stored as floats",
        ),
        (
            (2, 5, 3),
            np.zeros(5, bool),
            r"class labels as integers \[B\].*found bool \[5\]; give False and True as 0 and 1",
        ),
        ((0, 5, 3), np.zeros(5, int), r"T of at least 1, found shape \(0, 5, 3\)"),
        ((5, 3), np.zeros(5, int), r"expected outputs \[T, B, C\].*found shape \(5, 3\)"),
    ],
)
def test_what_does_not_fit(loss, shape, labels, message):
    with pytest.raises(ValueError, match=message):
        loss(jnp.zeros(shape), jnp.asarray(labels), {}, None)


HOT = np.eye(C, dtype=int)[CLASSES]


@pytest.mark.parametrize(
    "part, labels, message",
    [
        (SummedCrossEntropy(), CLASSES[:, None], r"found int64 \[4, 1\]; drop their last axis"),
        (StepCrossEntropy(), CLASSES[:, None], r"found int64 \[4, 1\]; drop their last axis"),
        (SpikeCountMSE(), CLASSES[:, None], r"found int64 \[4, 1\]; drop their last axis"),
        (Accuracy(), CLASSES[:, None], r"found int64 \[4, 1\]; drop their last axis"),
        (SummedCrossEntropy(), HOT, r"\[4, 3\]; one-hot labels are probabilities, give them as"),
        (TET(), HOT, r"\[4, 3\]; one-hot labels are probabilities, give them as floats"),
        (Accuracy(), HOT, r"\[4, 3\]; one-hot labels are probabilities, give them as floats"),
        (SpikeCountMSE(), HOT, r"of one-hot labels give the classes, labels.argmax\(-1\)"),
        (
            SpikeCountMSE(),
            1.0 * HOT,
            r"as integers \[B\] = \[4\], found float64 \[4, 3\]; for targets",
        ),
        (SummedCrossEntropy(), np.zeros((B, T), int), r"\[4, 5\]; a loss that takes .* StepCross"),
        (StepCrossEntropy(), np.zeros((B, T, C)), r"found float64 \[4, 5, 3\]; for targets"),
        (Accuracy(), np.zeros((B, 1)), r"floats \[B, C\] = \[4, 3\], found float64 \[4, 1\]"),
        (MeanCrossEntropy(), None, r"leading axis B = 4 .*found none"),
    ],
)
def test_labels_of_a_kind_that_is_not_taken(part, labels, message, float64):
    with pytest.raises(ValueError, match=message):
        part(jnp.asarray(OUTPUTS), labels, {}, None)


@pytest.mark.parametrize("loss", [SummedCrossEntropy, StepCrossEntropy, TET])
def test_class_weights_that_do_not_fit(loss):
    for weights in ((1.0, -0.5, 1.0), (1.0, float("nan"), 1.0), (0.0, 0.0, 0.0)):
        with pytest.raises(ValueError, match="weights that are finite, at least 0 and not all 0"):
            loss(class_weights=weights)
    with pytest.raises(ValueError, match="for each of the 3 outputs, found 2 class weights"):
        value(loss(class_weights=(1.0, 2.0)), OUTPUTS, CLASSES)
    with pytest.raises(ValueError, match="where there are class weights, found probabilities"):
        value(loss(class_weights=(1.0, 2.0, 1.0)), OUTPUTS, np.eye(C)[CLASSES])


def test_an_output_for_each_class():
    both = (MSE(), Accuracy())
    check_classes(both, 3, 3)
    check_classes(both, 5, 3)
    check_classes((MSE(), lambda *_: 0), 1, 3)
    check_classes(both, 1, None)
    with pytest.raises(ValueError, match="at least 3 outputs for Accuracy.*found 2; give the"):
        check_classes(both, 2, 3)


def test_labels_as_a_list():
    assert value(SummedCrossEntropy(), LOGITS, [0, 1]) > 0
    assert float(SummedCrossEntropy()(LOGITS, [0, 1], {}, None)) > 0


def test_a_mask_that_does_not_fit():
    with pytest.raises(ValueError, match=r"a mask \[T, B\] = \[5, 4\], found shape \(4, 5\)"):
        value(SummedCrossEntropy(), OUTPUTS, CLASSES, MASK.T)
