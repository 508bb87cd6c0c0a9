"""Losses and metrics: NaN in steps that are not real, half precision, class labels beyond the outputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.objectives import (
    MSE,
    TET,
    Accuracy,
    MeanAbsoluteError,
    MeanCrossEntropy,
    SpikeCountMSE,
    StepCrossEntropy,
    SummedCrossEntropy,
)

LENGTHS = np.array([2, 6, 4])
MASK = np.arange(6)[:, None] < LENGTHS
CLASSES = jnp.array([0, 1, 3])
STEPS = jnp.where(MASK.T, jnp.array([[0], [1], [3]]), -1)
TARGETS = jnp.linspace(0, 1, 12).reshape(3, 4)
EACH = jnp.where(MASK.T[..., None], jnp.linspace(0, 1, 72).reshape(3, 6, 4), jnp.nan)
CASES = [
    (SummedCrossEntropy(), CLASSES),
    (MeanCrossEntropy(), TARGETS),
    (StepCrossEntropy(), CLASSES),
    (StepCrossEntropy(), STEPS),
    (TET(), CLASSES),
    (TET(), TARGETS),
    (SpikeCountMSE(), CLASSES),
    (MSE(), TARGETS),
    (MSE(at="mean"), TARGETS),
    (MSE(at="each"), EACH),
    (MeanAbsoluteError(at="each"), EACH),
    (Accuracy(), CLASSES),
    (Accuracy(top=2), STEPS),
]
cases = pytest.mark.parametrize(
    "loss, labels", CASES, ids=[f"{type(x).__name__}-{y.ndim}-{y.dtype}" for x, y in CASES]
)


def outputs_with(padding):
    drawn = jax.random.normal(jax.random.key(0), (6, 3, 4))
    return jnp.where(MASK[..., None], drawn, padding)


@cases
def test_what_stands_in_steps_that_are_not_real(loss, labels):
    def value(outputs):
        return loss(outputs, labels, {}, jnp.asarray(MASK))

    expected, slope = jax.value_and_grad(value)(outputs_with(0.0))
    for padding in (jnp.nan, jnp.inf, 1e30):
        found, gradient = jax.value_and_grad(value)(outputs_with(padding))
        assert np.isfinite(found) and found == expected
        np.testing.assert_array_equal(gradient, slope)


@pytest.mark.parametrize(
    "loss", [SummedCrossEntropy(), MeanCrossEntropy(), TET(), MSE(at="mean")], ids=repr
)
def test_sums_of_outputs_in_bfloat16(loss):
    """256 outputs of 1 and 256 of 1/64: in bfloat16 the sum would stay at 256."""
    outputs = jnp.concatenate([jnp.ones((256, 1, 2)), jnp.full((256, 1, 2), 1 / 64)])
    outputs = outputs * jnp.array([1.0, 0.5])
    labels = jnp.array([[0.0, 1.0]])
    found = loss(outputs.astype(jnp.bfloat16), labels, {}, None)
    assert found.dtype == jnp.float32
    assert float(found) == pytest.approx(float(loss(outputs, labels, {}, None)), rel=1e-6)


BEYOND = [
    (loss, labels)
    for loss in (SummedCrossEntropy(), StepCrossEntropy(), TET(), SpikeCountMSE(), Accuracy(top=2))
    for labels in (jnp.array([0, 4, 1]), jnp.array([0, 1, 1000]))
]


@pytest.mark.parametrize("loss, labels", BEYOND)
def test_class_labels_beyond_the_outputs(loss, labels):
    outputs = outputs_with(0.0)
    with pytest.raises(ValueError, match="labels from 0 to 3 for 4 outputs, .* found 4|1000"):
        loss(outputs, labels, {}, None)
    # A compiled program cannot raise; training stops at what is not finite.
    compiled = jax.jit(lambda labels: loss(outputs, labels, {}, None))
    assert np.isnan(compiled(labels)) and np.isfinite(compiled(CLASSES))


def test_class_labels_per_step_beyond_the_outputs():
    labels = STEPS.at[1, 2].set(7)
    for loss in (StepCrossEntropy(), Accuracy()):
        with pytest.raises(ValueError, match="found 7"):
            loss(outputs_with(0.0), labels, {}, None)
        assert np.isnan(jax.jit(lambda y, loss=loss: loss(outputs_with(0.0), y, {}, None))(labels))
