"""Clouds and frames of event cameras."""

import numpy as np
import pytest

from spikejax import plot
from spikejax.data.core.events import events_of
from spikejax.plot.style import BLUE, VERMILION


def recording(count):
    draw = np.random.default_rng(0)
    x, y, p = (draw.integers(0, most, count) for most in (32, 16, 2))
    return events_of(x, y, 500 + 1000 * np.arange(count), p)


def test_a_cloud_has_time_and_place():
    events = recording(40)
    (axis,) = plot.clouds({"digit": events}).axes
    (points,) = axis.collections
    t, x, y = points._offsets3d
    np.testing.assert_array_equal(t, np.arange(40))  # ms from the first event
    np.testing.assert_array_equal(x, events["x"])
    np.testing.assert_array_equal(y, events["y"])
    low, high = axis.get_zlim()
    assert axis.get_title() == "digit" and low > high  # the first row is above


def test_of_many_events_some_are_drawn():
    (axis,) = plot.clouds({"": recording(10_000)}).axes
    assert 2000 < len(axis.collections[0]._offsets3d[0]) <= 3000


@pytest.mark.parametrize("events", [np.zeros((5, 4)), recording(0)])
def test_what_is_no_recording(events):
    with pytest.raises(ValueError, match="expected events .* with columns x, y, t and p for 'a'"):
        plot.clouds({"a": events})
    with pytest.raises(ValueError, match="expected recordings by title, found none"):
        plot.clouds({})


def test_frames_are_coloured_by_polarity():
    frames = np.zeros((8, 4, 6, 2))
    frames[:, 0, 0, 0] = frames[:, 3, 5, 1] = 2
    made = plot.frames({"digit": frames, "short": frames[:2, ..., :1]}, columns=4)
    assert [axis.get_title() for axis in made.axes] == [
        *(f"digit, step {step}" for step in (0, 2, 5, 7)),
        *(f"short, step {step}" for step in (0, 1)),
    ]
    image = np.asarray(made.axes[0].images[0].get_array())
    for pixel, colour in ((image[0, 0], BLUE), (image[3, 5], VERMILION), (image[1, 1], "#ffffff")):
        expected = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        np.testing.assert_allclose(pixel, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 4, 6), (8, 4, 6, 3), (0, 4, 6, 2)])
def test_what_are_no_frames(shape):
    with pytest.raises(ValueError, match=r"expected frames \[T, H, W, P\] of one sample"):
        plot.frames({"a": np.zeros(shape)})
