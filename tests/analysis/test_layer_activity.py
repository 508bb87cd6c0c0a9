"""Firing rates that are summed up over batches."""

import numpy as np
import pytest

from spikejax.analysis import Activity

DRAW = np.random.default_rng(0)
SPIKES = (DRAW.random((5, 7, 3, 4)) < 0.3).astype(np.float32)  # [T, B, *F]
SPIKES[..., 0, 0], SPIKES[..., 1, 1] = 0, 1


def of_batches(*batches, masks=None):
    activity = Activity()
    for i, batch in enumerate(batches):
        activity.add({"one": {"spikes": batch, "membrane": batch}}, masks and masks[i])
    return activity.layers["one"]


def test_batches_are_as_one():
    whole, parts = of_batches(SPIKES), of_batches(SPIKES[:, :2], SPIKES[:, 2:])
    for found in (whole, parts):
        assert found.samples == 7
        assert found.rate == pytest.approx(SPIKES.mean())
        np.testing.assert_allclose(found.over_time, SPIKES.mean((1, 2, 3)))
        np.testing.assert_allclose(found.per_neuron, SPIKES.mean((0, 1)))
        assert (found.silent, found.saturated) == (1 / 12, 1 / 12)


def test_steps_beyond_the_end_do_not_count():
    lengths = np.array([5, 2, 3, 5, 4, 2, 1])
    mask = np.arange(5)[:, None] < lengths
    found = of_batches(SPIKES, masks=[mask])
    real = SPIKES[mask]  # [steps that are real, *F]
    np.testing.assert_allclose(found.per_neuron, real.mean(0))
    assert found.saturated == 1 / 12
    np.testing.assert_allclose(found.over_time[4], SPIKES[4, lengths == 5].mean())


def test_batches_of_different_lengths():
    found = of_batches(SPIKES, SPIKES[:2])
    np.testing.assert_allclose(found.over_time, SPIKES.mean((1, 2, 3)))
    both = SPIKES.sum((0, 1)) + SPIKES[:2].sum((0, 1))
    np.testing.assert_allclose(found.per_neuron, both / (5 * 7 + 2 * 7))


def test_a_step_that_no_sample_has():
    mask = np.arange(5)[:, None] < np.full(7, 3)
    found = of_batches(SPIKES, masks=[mask])
    assert np.isnan(found.over_time[3:]).all() and np.isfinite(found.over_time[:3]).all()


def test_rates_by_layer():
    activity = Activity()
    activity.add({"a": {"spikes": SPIKES}, "b": {"spikes": 1 - SPIKES}, "c": {"output": SPIKES}})
    assert list(activity.rates) == ["a", "b"]
    assert sum(activity.rates.values()) == pytest.approx(1)


def test_refusals():
    activity = Activity()
    with pytest.raises(ValueError, match="expected the activity of at least one batch"):
        _ = activity.layers
    with pytest.raises(ValueError, match=r"expected spikes \[T, B, \*F\] by layer, found none"):
        activity.add({"a": {"output": SPIKES}})
    with pytest.raises(ValueError, match="expected spikes of 0 or 1 in a, found other values"):
        activity.add({"a": {"spikes": 2 * SPIKES}})
    with pytest.raises(ValueError, match=r"expected a mask \[T, B\] = \[5, 7\], found \(5, 6\)"):
        activity.add({"a": {"spikes": SPIKES}}, np.ones((5, 6)))
    activity.add({"a": {"spikes": SPIKES}})
    with pytest.raises(ValueError, match="expected the layers of the batches before"):
        activity.add({"a": {"spikes": SPIKES[..., :2]}})
