"""Batches: every sample of an epoch once, in an order of its own, from memory or from anything iterable."""

import jax
import numpy as np
import pytest

from spikejax.data import Split
from spikejax.devices import mesh
from spikejax.inputs import InMemory, Stream
from spikejax.inputs.batches import order

KEY = jax.random.key(0)
SAMPLES = Split(np.arange(34).reshape(17, 2), np.arange(17))


def taken(source, epoch=0, first=0, on=None, key=KEY):
    return [np.asarray(batch.labels).tolist() for batch in source.epoch(key, epoch, first, on)]


def test_an_order_is_a_permutation():
    found = [np.ravel(order(KEY, epoch, 17, 5)).tolist() for epoch in range(4)]
    for chosen in found:
        assert len(chosen) == len(set(chosen)) == 15 and set(chosen) <= set(range(17))
    assert len({tuple(chosen) for chosen in found}) == 4
    assert len({frozenset(chosen) for chosen in found}) > 1  # others are left out
    assert np.ravel(order(jax.random.key(1), 0, 17, 5)).tolist() != found[0]


def test_batches_from_memory():
    source = InMemory(SAMPLES, 5)
    assert source.steps == 3
    batches = list(source.epoch(KEY, 2, 0, None))
    expected = np.asarray(order(KEY, 2, 17, 5))
    for batch, numbers in zip(batches, expected, strict=True):
        np.testing.assert_array_equal(batch.inputs, SAMPLES.inputs[numbers])
        np.testing.assert_array_equal(batch.labels, numbers)
        assert batch.lengths is None
    assert taken(source, 2, first=1) == taken(source, 2)[1:]
    assert taken(source, 1) != taken(source, 2)


def test_batches_are_spread_over_devices():
    on = mesh.over(jax.devices()[:2])
    source = InMemory(Split(np.arange(16.0), np.arange(16)), 4)
    for batch in source.epoch(KEY, 0, 0, on):
        assert len(batch.inputs.sharding.device_set) == 2
        assert batch.inputs.addressable_shards[0].data.shape == (2,)
    assert taken(source, on=on) == taken(source)
    stream = Stream([Split(np.arange(4.0), np.arange(4))])
    for batch in stream.epoch(KEY, 0, 0, on):
        assert batch.labels.addressable_shards[1].data.tolist() == [2, 3]


@pytest.mark.parametrize(
    "samples, size, message",
    [
        (SAMPLES, 18, "a batch size from 1 to the 17 samples, found 18"),
        (SAMPLES, 0, "found 0"),
        (Split(np.zeros((3, 2)), np.zeros(4)), 1, r"one number N .*\(3, 2\), \(4,\)"),
        ((), 1, r"found shapes \[\]"),
    ],
)
def test_samples_that_do_not_fit(samples, size, message):
    with pytest.raises(ValueError, match=message):
        InMemory(samples, size)


# --- Streams --------------------------------------------------------------------------------------

BATCHES = [Split(np.full((2, 1), i), np.full(2, i)) for i in range(4)]


def test_a_list_is_a_stream():
    source = Stream(BATCHES)
    assert source.steps == 4
    assert taken(source) == taken(source, epoch=1) == [[i, i] for i in range(4)]
    assert taken(source, first=2) == [[2, 2], [3, 3]]
    assert source.position() is None


def test_a_function_of_the_epoch_is_a_stream():
    source = Stream(lambda epoch: BATCHES[epoch:], steps=2)
    assert taken(source, epoch=1) == [[1, 1], [2, 2]]


class Counting:
    """A loader whose iterator can be put back, as Grain's."""

    def __init__(self):
        self.number = 0

    def __iter__(self):
        self.number = 0
        return self

    def __next__(self):
        self.number += 1
        return BATCHES[(self.number - 1) % 4]

    def get_state(self):
        return b"%d" % self.number

    def set_state(self, state):
        self.number = int(state)


def test_an_iterator_is_put_back():
    class Loader:
        made = 0

        def __iter__(self):
            Loader.made += 1
            return iter(Counting())

    source = Stream(Loader(), steps=4)
    batches = source.epoch(KEY, 0, 0, None)
    first = [np.asarray(next(batches).labels)[0] for _ in range(3)]
    position = source.position()
    assert position == {"bytes": b"3".hex()}
    again = Stream(Loader(), steps=4)
    again.restore(position)
    rest = taken(again, first=3)
    assert [*first, rest[0][0]] == [0, 1, 2, 3] and len(rest) == 1
    assert taken(again, epoch=1)[0] == [0, 0]  # the next epoch begins at its beginning


def test_a_grain_loader(tmp_path):
    grain = pytest.importorskip("grain")

    def stacked(samples):
        return Split(*map(np.stack, zip(*[(x.inputs, x.labels) for x in samples], strict=True)))

    def loader(epoch):
        return (
            grain.MapDataset.source(range(40))
            .seed(epoch)
            .shuffle()
            .map(lambda i: Split(np.full(3, i, np.float32), np.int32(i % 2)))
            .batch(8, drop_remainder=True, batch_fn=stacked)
            .to_iter_dataset()
        )

    source = Stream(loader, steps=5)
    whole = [np.asarray(b.inputs)[:, 0].tolist() for b in source.epoch(KEY, 1, 0, None)]
    assert sorted(sum(whole, [])) == list(range(40))
    batches = source.epoch(KEY, 1, 0, None)
    for _ in range(2):
        next(batches)
    position = source.position()
    again = Stream(loader, steps=5)
    again.restore(position)
    rest = [np.asarray(b.inputs)[:, 0].tolist() for b in again.epoch(KEY, 1, 2, None)]
    assert rest == whole[2:]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Stream(iter(BATCHES), 4), "can be iterated once per epoch, found the iterator"),
        (lambda: Stream(lambda epoch: BATCHES), "found function without a length; give steps="),
        (lambda: taken(Stream(BATCHES, steps=6)), "expected 6 batches in an epoch, found 4"),
    ],
)
def test_streams_that_do_not_fit(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# --- Augmentation ---------------------------------------------------------------------------------
