"""Batches of a random-access source, read by Grain."""

import sys

import jax
import numpy as np
import pytest

from spikejax.data import Split
from spikejax.inputs import grain_batches

KEY = jax.random.key(0)

pytest.importorskip("grain")


def orders(batches, *epochs):
    return [[b.inputs.tolist() for b in batches.epoch(KEY, e, 0, None)] for e in epochs]


def test_each_epoch_has_an_order_of_its_own():
    samples = [Split(np.full(1, i), np.int32(0)) for i in range(23)]

    def taken(seed, *epochs):
        batches = grain_batches(samples, 4, seed=seed)
        return [np.ravel(epoch).tolist() for epoch in orders(batches, *epochs)]

    first, second = taken(0, 0, 1)
    assert len(set(first)) == len(first) == 20 and first != second  # three are left out
    assert taken(0, 1, 0) == [second, first] and taken(1, 0) != [first]
    assert taken(1, 0) != [second]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"batch_size": 4}, "a batch size from 1 to the 3 samples, found 4"),
        ({"batch_size": 0}, "a batch size from 1 to the 3 samples, found 0"),
        ({"batch_size": 1, "threads": 0}, "at least one thread, found 0"),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        grain_batches([1, 2, 3], **options)


def test_a_position_within_an_epoch():
    samples = [Split(np.full(1, i), np.int32(0)) for i in range(23)]
    (whole,) = orders(grain_batches(samples, 4, seed=1), 3)
    first, again = grain_batches(samples, 4, seed=1), grain_batches(samples, 4, seed=1, threads=1)
    batches = first.epoch(KEY, 3, 0, None)
    assert [next(batches).inputs.tolist() for _ in range(2)] == whole[:2]
    again.restore(first.position())
    assert [b.inputs.tolist() for b in again.epoch(KEY, 3, 2, None)] == whole[2:]


def test_grain_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "grain", None)
    with pytest.raises(ModuleNotFoundError, match=r"grain is not .*pip install .*spikejax\[all"):
        grain_batches([1, 2, 3], 1)
