"""Temporal efficient training against values worked out by hand: both conventions, both targets, any labels."""

import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.objectives import TET, StepCrossEntropy

DRAW = np.random.default_rng(0)
T, B, C = 5, 4, 3
OUTPUTS = DRAW.normal(size=(T, B, C))
CLASSES = np.array([2, 0, 1, 1])
MASK = np.arange(T)[:, None] < np.array([5, 3, 1, 4])


def value(loss, outputs, labels, mask=None):
    mask = None if mask is None else jnp.asarray(mask)
    return float(loss(jnp.asarray(outputs), jnp.asarray(labels), {}, mask))


def entropy(logits, label):
    """Of one sample, in NumPy."""
    return np.log(np.exp(logits).sum()) - logits[label]


def test_tet_by_hand(float64):
    held = np.square(OUTPUTS - 0.5).mean()
    entropies = value(StepCrossEntropy(), OUTPUTS, CLASSES)
    found = value(TET(strength=0.2, target=0.5), OUTPUTS, CLASSES)
    assert found == pytest.approx(0.8 * entropies + 0.2 * held, rel=1e-12)
    masked = np.square(OUTPUTS - 0.5).mean(-1)[MASK].mean()
    entropies = value(StepCrossEntropy(), OUTPUTS, CLASSES, MASK)
    found = value(TET(strength=0.2, target=0.5), OUTPUTS, CLASSES, MASK)
    assert found == pytest.approx(0.8 * entropies + 0.2 * masked, rel=1e-12)


def test_tet_leaves_out_what_is_ignored(float64):
    """Samples and steps with a label of −1 are in neither term, and class weights are those of both."""
    per_step = DRAW.integers(-1, C, (B, T))
    whole, weights = TET(strength=0.2, target=0.5), (1.0, 0.5, 3.0)
    weighted = TET(strength=0.2, target=0.5, class_weights=weights)
    for labels in (np.array([2, -1, 1, 1]), per_step):
        each = np.broadcast_to(labels[:, None], (B, T)) if labels.ndim == 1 else labels
        places = [(b, t) for (b, t), c in np.ndenumerate(each) if c >= 0 and MASK[t, b]]
        terms = [
            0.8 * entropy(OUTPUTS[t, b], each[b, t]) + 0.2 * np.square(OUTPUTS[t, b] - 0.5).mean()
            for b, t in places
        ]
        assert value(whole, OUTPUTS, labels, MASK) == pytest.approx(np.mean(terms), rel=1e-12)
        expected = np.average(terms, weights=[weights[each[place]] for place in places])
        assert value(weighted, OUTPUTS, labels, MASK) == pytest.approx(expected, rel=1e-12)


def test_tet_in_both_conventions(float64):
    """λ weighs the squared error in the released code and the cross-entropy in the equation of the paper."""
    terms = value(StepCrossEntropy(), OUTPUTS, CLASSES), np.square(OUTPUTS - 1).mean()
    released = value(TET(strength=0.3), OUTPUTS, CLASSES)
    assert released == pytest.approx(0.7 * terms[0] + 0.3 * terms[1], rel=1e-12)
    paper = value(TET(strength=0.3, convention="paper"), OUTPUTS, CLASSES)
    assert paper == pytest.approx(0.3 * terms[0] + 0.7 * terms[1], rel=1e-12)
    assert paper == pytest.approx(value(TET(strength=0.7), OUTPUTS, CLASSES), rel=1e-12)


def test_tet_near_labels(float64):
    """One-hot, of each step, or mixed as they are."""
    loss, hot = TET(strength=0.2, target=0.5, kept_near="one_hot"), np.eye(C)
    held = np.square(OUTPUTS - 0.5 * hot[CLASSES]).mean()
    entropies = value(StepCrossEntropy(), OUTPUTS, CLASSES)
    expected = pytest.approx(0.8 * entropies + 0.2 * held, rel=1e-12)
    assert value(loss, OUTPUTS, CLASSES) == expected
    assert value(loss, OUTPUTS, hot[CLASSES]) == expected
    assert value(loss, OUTPUTS, np.repeat(CLASSES[:, None], T, 1)) == expected
    mixed = 0.3 * hot[CLASSES] + 0.7 * hot[[0, 1, 2, 0]]
    held = np.square(OUTPUTS - 0.5 * mixed).mean()
    entropies = value(StepCrossEntropy(), OUTPUTS, mixed)
    found = value(loss, OUTPUTS, mixed)
    assert found == pytest.approx(0.8 * entropies + 0.2 * held, rel=1e-12)
    masked = np.square(OUTPUTS - 0.5 * mixed).mean(-1)[MASK].mean()
    entropies = value(StepCrossEntropy(), OUTPUTS, mixed, MASK)
    found = value(loss, OUTPUTS, mixed, MASK)
    assert found == pytest.approx(0.8 * entropies + 0.2 * masked, rel=1e-12)
