"""Frames and filters against loops over the events, and what settings of a data set do to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.reliability import event_files as made
from spikejax.data.core import event_filters, frames
from spikejax.data.core.events import events_of
from spikejax.data.n_mnist import NMNIST

SIZE = (6, 4, 2)


@st.composite
def recordings(draw):
    """Few pixels and few microseconds, so that events meet."""
    count = draw(st.integers(1, 60))
    events = made.recording(draw(st.integers(0, 2**32)), count, SIZE, step=draw(st.integers(1, 9)))
    return events, draw(st.integers(1, 12))


def blank(steps, dtype=float):
    return np.zeros((steps, SIZE[1], SIZE[0], SIZE[2]), dtype)


@given(recordings())
@settings(max_examples=60, deadline=None)
def test_counts(drawn):
    events, steps = drawn
    expected, each = blank(steps, int), max(len(events) // steps, 1)
    for number, (x, y, _, p) in enumerate(events):
        expected[min(number // each, steps - 1), y, x, p] += 1
    np.testing.assert_array_equal(frames.by_count(events, SIZE, steps), expected)
    expected, first = blank(steps, int), events["t"][0]
    duration = max((events["t"][-1] - first) // steps, 1)
    for x, y, t, p in events:
        expected[min((t - first) // duration, steps - 1), y, x, p] += 1
    np.testing.assert_array_equal(frames.by_time(events, SIZE, steps), expected)


@given(recordings())
@settings(max_examples=60, deadline=None)
def test_surfaces_and_voxels(drawn):
    events, steps = drawn
    first, last = int(events["t"][0]), int(events["t"][-1])
    duration, expected = max((last - first) // steps, 1), blank(steps)
    for step in range(steps):
        end = last - first if step == steps - 1 else (step + 1) * duration
        for x, y, t, p in events:  # later events replace earlier ones
            if min((t - first) // duration, steps - 1) <= step:
                expected[step, y, x, p] = np.exp(-max(end - (t - first), 0) / 7.0)
    np.testing.assert_allclose(frames.surface(events, SIZE, steps, 7.0), expected, rtol=1e-6)
    expected = blank(steps)
    for x, y, t, p in events:
        place = (t - first) * ((steps - 1) / max(last - first, 1))
        for step in range(steps):
            expected[step, y, x, p] += max(0.0, 1 - abs(step - place))
    found = frames.voxel(events, SIZE, steps)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(), len(events), rtol=1e-5)


@given(recordings(), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_refractory_and_denoise(drawn, time):
    events, _ = drawn
    kept, latest = [], {}
    for event in events:
        x, y, t, _ = event.tolist()
        kept.append(t - latest.get((x, y), -(10**6)) > time)
        latest[x, y] = t
    found = event_filters.refractory(events, SIZE, time)
    np.testing.assert_array_equal(found, events[kept])
    kept, latest = [], {}
    for event in events:
        x, y, t, _ = event.tolist()
        around = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        kept.append(any(t - latest.get(pixel, -(10**6)) < time for pixel in around))
        latest[x, y] = t
    found = event_filters.denoise(events, SIZE, time)
    np.testing.assert_array_equal(found, events[np.array(kept, bool)])


def test_counts_above_a_byte_are_clipped():
    events = events_of([3] * 700, [2] * 700, range(700), [1] * 700)
    found = NMNIST(steps=2).frame(events)
    assert found.dtype == np.uint8 and found.sum() == 2 * 255
    assert NMNIST(steps=7).frame(events).sum() == 700


def test_fewer_events_than_steps():
    events = made.recording(count=3)
    assert NMNIST(steps=5).frame(events).sum((1, 2, 3)).tolist() == [1, 1, 1, 0, 0]
    one = events[:1]
    for kind in ("count", "time", "surface", "voxel"):
        found = NMNIST(steps=3, frames=kind).frame(one)
        assert found[0].any() and found.shape == (3, 34, 34, 2)


def test_settings_of_a_data_set():
    events = made.recording(count=2000)
    whole = NMNIST().frame(events)
    cropped = NMNIST(crop=20).frame(events)
    assert cropped.shape == (10, 20, 20, 2)
    np.testing.assert_array_equal(
        NMNIST(frames="time", steps=1, crop=20).frame(events)[0], whole.sum(0)[7:27, 7:27]
    )
    halved = NMNIST(resize=17).frame(events)
    np.testing.assert_array_equal(halved, whole.reshape(10, 17, 2, 17, 2, 2).sum((2, 4)))
    merged = NMNIST(polarity="merged").frame(events)
    np.testing.assert_array_equal(merged[..., 0], whole.sum(-1))
    one = NMNIST(steps=1).frame(events)
    for channel, which in enumerate(("off", "on")):
        found = NMNIST(steps=1, polarity=which).frame(events)
        np.testing.assert_array_equal(found[..., 0], one[..., channel])
    quiet = NMNIST(denoise=1, refractory=10**9).frame(events)
    assert quiet.shape == whole.shape and not quiet.any()
    with pytest.raises(ValueError, match="a crop of at most 34 x 34 pixels, found 40 x 40"):
        NMNIST(crop=40).frame(events)
    with pytest.raises(ValueError, match="NMNIST.frames must be one of"):
        NMNIST(frames="sum")


def test_a_sensor_of_many_pixels_is_filtered_alike():
    """Their addresses do not fit 16 bits."""
    events = made.recording(count=500)
    wide = (1280, 720, 2)
    for filtered in (event_filters.refractory, event_filters.denoise):
        expected = filtered(events, (34, 34, 2), 5000)
        np.testing.assert_array_equal(filtered(events, wide, 5000), expected)
        shifted = events.copy()
        shifted["x"] += 1200
        shifted["y"] += 600
        expected = expected.copy()
        expected["x"] += 1200
        expected["y"] += 600
        np.testing.assert_array_equal(filtered(shifted, wide, 5000), expected)
