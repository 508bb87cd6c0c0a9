"""Metrics and regularisers against values worked out by hand."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.objectives import (
    METRICS,
    Accuracy,
    FiringRate,
    MeanAbsoluteError,
    Membrane,
    Rates,
)
from spikejax.objectives.metrics import best_of, name_of

DRAW = np.random.default_rng(0)
T, B, C = 6, 8, 4
OUTPUTS = DRAW.normal(size=(T, B, C))
CLASSES = DRAW.integers(0, C, B)
LENGTHS = DRAW.integers(1, T + 1, B)
MASK = np.arange(T)[:, None] < LENGTHS


def value(metric, labels, mask=None):
    mask = None if mask is None else jnp.asarray(mask)
    return float(metric(jnp.asarray(OUTPUTS), jnp.asarray(labels), {}, mask))


def test_accuracy_by_hand(float64):
    right = OUTPUTS.sum(0).argmax(-1) == CLASSES
    assert value(Accuracy(), CLASSES) == right.mean()
    sums = [OUTPUTS[: LENGTHS[b], b].sum(0) for b in range(B)]
    assert value(Accuracy(), CLASSES, MASK) == np.mean([x.argmax() for x in sums] == CLASSES)
    ignored = np.where(np.arange(B) < 3, -1, CLASSES)
    assert value(Accuracy(), ignored) == right[3:].mean()
    assert float(Accuracy().weight(ignored, None)) == B - 3
    assert value(Accuracy(), np.eye(C)[CLASSES]) == right.mean()


def test_accuracy_of_the_two_largest(float64):
    best = np.argsort(-OUTPUTS.sum(0), -1)[:, :2]
    expected = np.mean([CLASSES[b] in best[b] for b in range(B)])
    assert value(Accuracy(top=2), CLASSES) == expected > value(Accuracy(), CLASSES)


def test_accuracy_of_each_step(float64):
    labels = DRAW.integers(-1, C, (B, T))
    right = [OUTPUTS[t, b].argmax() == c for (b, t), c in np.ndenumerate(labels) if c >= 0]
    assert value(Accuracy(), labels) == pytest.approx(np.mean(right))
    real = [
        OUTPUTS[t, b].argmax() == c
        for (b, t), c in np.ndenumerate(labels)
        if c >= 0 and t < LENGTHS[b]
    ]
    assert value(Accuracy(), labels, MASK) == pytest.approx(np.mean(real))
    assert float(Accuracy().weight(labels, MASK)) == len(real)


def test_mean_absolute_error_by_hand(float64):
    targets = DRAW.normal(size=(B, C))
    assert value(MeanAbsoluteError(), targets) == pytest.approx(
        np.abs(OUTPUTS[-1] - targets).mean()
    )


def make_activity():
    return {
        name: {
            "spikes": DRAW.integers(0, 2, (T, B, n)) * 1.0,
            "membrane": DRAW.normal(size=(T, B, n)),
        }
        for name, n in (("neuron_0", 3), ("neuron_1", 5))
    }


def test_firing_rates_by_hand(float64):
    activity = make_activity()
    for mask in (None, MASK):
        seen = Rates().observe(activity)
        assert {x.shape for x in seen.values()} == {(T, B)}
        found = Rates()(None, None, seen, None if mask is None else jnp.asarray(mask))
        for layer, values in activity.items():
            spikes = values["spikes"]
            expected = spikes.mean() if mask is None else spikes[mask].mean()
            assert float(found[layer]) == pytest.approx(expected)


@pytest.mark.parametrize("mask", [None, MASK], ids=["equal", "unequal"])
@pytest.mark.parametrize("side", ["both", "above", "below"])
def test_the_rate_regulariser_by_hand(side, mask, float64):
    """Each neuron of each sample has a rate of its own."""
    activity = make_activity()
    rule = FiringRate(strength=2.0, target=0.5, side=side)
    expected = 0
    for values in activity.values():
        terms = []
        for b, neuron in np.ndindex(values["spikes"].shape[1:]):
            real = T if mask is None else LENGTHS[b]
            deviation = values["spikes"][:real, b, neuron].mean() - 0.5
            counted = {"both": True, "above": deviation > 0, "below": deviation < 0}[side]
            terms.append(counted * deviation**2)
        expected += 2 * np.mean(terms)
    found = rule(None, None, rule.observe(activity), None if mask is None else jnp.asarray(mask))
    assert float(found) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("mask", [None, MASK], ids=["equal", "unequal"])
def test_the_membrane_regulariser_by_hand(mask, float64):
    activity, rule = make_activity(), Membrane(strength=0.1)
    real = np.full(B, T) if mask is None else LENGTHS
    expected = 0.1 * sum(
        np.mean([np.square(values["membrane"][: real[b], b]).mean() for b in range(B)])
        for values in activity.values()
    )
    found = rule(None, None, rule.observe(activity), None if mask is None else jnp.asarray(mask))
    assert float(found) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match=r"no layer records 'soma'; give record=\('soma',\)"):
        Membrane(variable="soma").observe(activity)


def test_rates_of_a_network_without_spikes():
    """None to measure, and none to regularise."""
    silent = {"dense": {"output": jnp.ones((T, B, 3))}}
    assert Rates().observe(silent) == {}
    with pytest.raises(ValueError, match="spiking layers for FiringRate, found none; leave out"):
        FiringRate().observe(silent)


def test_names_and_directions():
    assert {name: best_of(metric()) for name, metric in METRICS.items()} == {
        "accuracy": "max",
        "mean_absolute_error": "min",
    }

    def error(outputs, labels, activity, mask):
        return 0.0

    assert name_of(error) == "error" and best_of(error) is None
    assert name_of(Accuracy()) == "accuracy"
    assert name_of(functools.partial(error, mask=None)) == "error"

    class Nameless:
        def __call__(self, outputs, labels, activity, mask):
            return 0.0

    with pytest.raises(ValueError, match="expected a metric that has a name, found <.*spec_name"):
        name_of(Nameless())
