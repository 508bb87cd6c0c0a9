"""Losses, metrics and encodings against values worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.inputs.encode import repeat, sequence
from spikejax.objectives.losses import summed_cross_entropy
from spikejax.objectives.metrics import accuracy, firing_rate

# Two steps, two samples, three classes; summed over time: (1, 0, 1) and (0, 3, −1).
LOGITS = np.array([[[0.5, 0, 2], [1, 1, 0]], [[0.5, 0, -1], [-1, 2, -1]]], np.float32)


def test_cross_entropy_by_hand():
    one = np.log(2 * np.e + 1) - 1
    two = np.log(1 + np.e**3 + np.exp(-1)) - 3
    for labels, expected in [([0, 1], (one + two) / 2), ([1, 0], (one + 1 + two + 3) / 2)]:
        loss = summed_cross_entropy(jnp.asarray(LOGITS), jnp.array(labels))
        np.testing.assert_allclose(loss, expected, rtol=1e-6)


def test_logits_are_summed_over_time():
    """Not averaged: the same logits twice are more certain than once."""
    labels = jnp.array([0, 1])
    once, twice = (
        summed_cross_entropy(jnp.asarray(LOGITS[:1].repeat(n, 0)), labels) for n in (1, 2)
    )
    doubled = summed_cross_entropy(jnp.asarray(2 * LOGITS[:1]), labels)
    np.testing.assert_allclose(twice, doubled, rtol=1e-6)
    assert abs(twice - once) > 0.1


def test_large_logits_do_not_overflow():
    logits = jnp.array([[[1e4, 0.0]]])
    assert summed_cross_entropy(logits, jnp.array([0])) == 0
    assert summed_cross_entropy(logits, jnp.array([1])) == 1e4


def test_gradient_against_central_differences(float64):
    logits = np.random.default_rng(0).normal(size=(3, 2, 4))
    labels = np.array([3, 1])
    gradient = jax.grad(summed_cross_entropy)(jnp.asarray(logits), labels)
    loss, step = jax.jit(summed_cross_entropy), 1e-6
    for index in np.ndindex(logits.shape):
        shift = np.zeros_like(logits)
        shift[index] = step
        slope = (loss(logits + shift, labels) - loss(logits - shift, labels)) / (2 * step)
        np.testing.assert_allclose(gradient[index], slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("measure", [summed_cross_entropy, accuracy])
@pytest.mark.parametrize(
    "logits, labels, message",
    [
        ((2, 5, 3), np.zeros(2, int), r"labels \[B\] = \[5\].*\(2,\); is the batch on axis 1\?"),
        ((2, 5, 3), np.zeros((5, 3), int), r"found shape \(5, 3\)"),
        ((2, 5, 3), np.zeros(5), r"expected integer labels, found float32; cast"),
        ((2, 5, 3), np.zeros(5, bool), r"expected integer labels, found bool"),
        ((0, 5, 3), np.zeros(5, int), r"T of at least 1, found shape \(0, 5, 3\)"),
        ((5, 3), np.zeros(5, int), r"logits \[T, B, C\].*found shape \(5, 3\)"),
    ],
)
def test_unfit_logits_and_labels(measure, logits, labels, message):
    with pytest.raises(ValueError, match=message):
        measure(jnp.zeros(logits), jnp.asarray(labels))


def test_accuracy_is_of_the_sum():
    """The second sample's label wins in no single step, but in their sum."""
    logits = jnp.array([[[2.0, 0, 0], [3, 2, 0]], [[0, 0, 1], [0, 2, 3]]])
    assert accuracy(logits, jnp.array([0, 1])) == 1
    assert accuracy(logits, jnp.array([2, 1])) == 0.5
    assert accuracy(logits, jnp.array([2, 0])) == 0


def test_firing_rate_is_a_mean_over_batch_and_neurons():
    spikes = np.zeros((3, 2, 2, 5), np.float32)
    spikes[1, 0, :, 0] = 1
    spikes[2] = 1
    np.testing.assert_allclose(firing_rate(jnp.asarray(spikes)), [0, 0.1, 1], rtol=1e-6)
    np.testing.assert_allclose(firing_rate(jnp.asarray(spikes[:, 0, 0])), [0, 0.2, 1], rtol=1e-6)


def test_sequence_puts_time_first():
    samples = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    encoded = sequence(jnp.asarray(samples), scale=2)
    assert encoded.shape == (3, 2, 4) and encoded.dtype == jnp.float32
    np.testing.assert_array_equal(encoded[1, 0], [2, 2.5, 3, 3.5])
    np.testing.assert_array_equal(encoded[0, 1], [6, 6.5, 7, 7.5])
    assert sequence(jnp.array([[[255]]], jnp.uint8), scale=255) == 1
    assert sequence(jnp.array([[[255]]], jnp.uint8)) == 255


@pytest.mark.parametrize("shape", [(784,), (2, 784), (2, 28, 28, 1)])
def test_sequence_wants_samples_in_time(shape):
    with pytest.raises(ValueError, match=r"samples \[B, T, F\], found shape"):
        sequence(jnp.zeros(shape))


def test_repeat_is_the_same_at_each_step():
    x = jnp.asarray(LOGITS)
    encoded = repeat(x, steps=3)
    assert encoded.shape == (3, *x.shape) and encoded.dtype == x.dtype
    for step in encoded:
        np.testing.assert_array_equal(step, x)


@pytest.mark.parametrize("steps", [0, -2])
def test_repeat_wants_a_step(steps):
    with pytest.raises(ValueError, match=f"at least 1 step, found {steps}"):
        repeat(jnp.ones(2), steps)
