"""Spike trains that are stretched, moved to other channels and thinned: each of it alone, by its distribution."""

import jax
import numpy as np
import pytest

from spikejax.data import Split
from spikejax.inputs import Events, SpikeTrainAugment

COUNT, SPIKES, CHANNELS = 400, 50, 700
RNG = np.random.default_rng(0)
TIMES = np.sort(RNG.uniform(0, 1, (COUNT, SPIKES)), 1).astype(np.float16)
UNITS = RNG.integers(200, 500, (COUNT, SPIKES)).astype(np.int16)
UNITS[:, -5:] = -1  # padding
BATCH = Split({"times": TIMES, "units": UNITS}, np.arange(COUNT))
REAL = UNITS >= 0
NONE = {"stretch": 0.0, "shift": 0.0, "jitter": 0.0, "drop": 0.0}


def changed(**settings):
    found = jax.jit(SpikeTrainAugment(**{**NONE, **settings}))(BATCH, jax.random.key(0))
    np.testing.assert_array_equal(found.labels, BATCH.labels)
    inputs = {name: np.asarray(x) for name, x in found.inputs.items()}
    assert (inputs["units"][~REAL] == -1).all()
    return inputs["times"], inputs["units"]


def test_nothing():
    times, units = changed()
    np.testing.assert_array_equal(times, TIMES)
    np.testing.assert_array_equal(units, UNITS)


def test_all_times_of_a_sample_are_stretched_alike():
    times, units = changed(stretch=0.3)
    factors = times[:, 1:] / TIMES[:, 1:].astype(float)
    np.testing.assert_allclose(factors, np.repeat(factors[:, -1:], SPIKES - 1, 1), rtol=2e-3)
    assert 0.7 <= factors.min() < 0.72 and 1.28 < factors.max() <= 1.3001
    assert abs(factors[:, -1].mean() - 1) < 0.03
    np.testing.assert_array_equal(units, UNITS)


def test_all_units_of_a_sample_are_shifted_alike():
    _, units = changed(shift=10.0)
    moved = np.where(REAL, units - UNITS, units[:, :1] - UNITS[:, :1])
    np.testing.assert_array_equal(moved, np.repeat(moved[:, :1], SPIKES, 1))
    assert abs(moved[:, 0].std() - 10) < 1.5 and abs(moved[:, 0].mean()) < 2


def test_each_unit_is_jittered_on_its_own():
    _, units = changed(jitter=5.0)
    moved = (units - UNITS)[REAL]
    assert abs(moved.std() - 5) < 0.2 and abs(moved.mean()) < 0.2


def test_spikes_are_left_out():
    _, units = changed(drop=0.25)
    left = (units == -1)[REAL]
    assert abs(left.mean() - 0.25) < 0.02
    np.testing.assert_array_equal(units[REAL][~left], UNITS[REAL][~left])


def test_what_leaves_the_channels_is_not_counted():
    _, units = changed(shift=400.0)
    assert units.min() == -1 and units.max() < CHANNELS and (units == -1)[REAL].mean() > 0.1
    frames = Events(steps=10, dt=0.11, shape=(CHANNELS,)).prepare({"times": TIMES, "units": units})
    assert int(frames.sum()) == (units >= 0).sum()


def test_it_is_decided_by_its_key():
    change = SpikeTrainAugment()
    once, again = (change(BATCH, jax.random.key(1)) for _ in range(2))
    other = change(BATCH, jax.random.key(2))
    np.testing.assert_array_equal(once.inputs["units"], again.inputs["units"])
    assert np.any(once.inputs["units"] != other.inputs["units"])


def test_other_inputs_are_refused():
    with pytest.raises(
        ValueError, match="SpikeTrainAugment expects spike trains, a dictionary of times"
    ):
        SpikeTrainAugment()(Split(np.zeros((2, 3)), np.zeros(2)), jax.random.key(0))
