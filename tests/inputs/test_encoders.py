"""Encoders: what they give by hand, and the same whatever steps are asked for at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.inputs import ENCODERS, Delta, Events, Latency, Rate, Repeat, Sequence

KEY = jax.random.key(0)
DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (3, 4, 2), np.uint8)
SERIES = DRAW.normal(size=(3, 9, 2)).astype(np.float32)
EVENTS = {"times": DRAW.uniform(0, 0.12, (3, 40)), "units": DRAW.integers(-1, 6, (3, 40))}
SAMPLES = {
    "sequence": (Sequence(scale=2.0), SERIES),
    "repeat": (Repeat(steps=9, scale=255.0), IMAGES),
    "rate": (Rate(steps=9, scale=255.0), IMAGES),
    "latency": (Latency(steps=9, scale=255.0), IMAGES),
    "delta": (Delta(threshold=0.5, scale=2.0), SERIES),
    "events": (Events(steps=9, dt=0.01, shape=(6,)), EVENTS),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_any_steps_are_those_of_the_whole(name):
    """Chunks of any length, drawn numbers included, and traced starts."""
    encoder, samples = SAMPLES[name]
    whole = encoder.encode(samples, KEY)
    assert whole.shape[:2] == (9, 3) == (encoder.steps_of(samples), 3)
    assert whole.dtype == jnp.float32 and len(np.unique(whole)) > 1
    prepared = encoder.prepare(jax.tree.map(jnp.asarray, samples))
    piece = jax.jit(lambda start: encoder(prepared, start + jnp.arange(4), KEY))
    for start in (0, 2, 5):
        # A compiler may multiply by 1 / scale where eager code divides: one unit in the last place.
        np.testing.assert_allclose(piece(start), whole[start : start + 4], rtol=1.2e-7)


def test_sequences_keep_their_other_axes():
    frames = DRAW.integers(0, 3, (2, 5, 4, 4, 2), np.uint8)
    found = Sequence().encode(frames)
    np.testing.assert_array_equal(found, frames.swapaxes(0, 1).astype(np.float32))


def test_images_are_normalised_by_channel(float64):
    mean, deviation = np.array([0.4914, 0.4822]), np.array([0.2023, 0.1994])
    found = Repeat(steps=2, scale=255.0, mean=mean, deviation=deviation).encode(IMAGES)
    expected = (IMAGES / 255 - mean) / deviation
    np.testing.assert_allclose(found, np.stack([expected, expected]), rtol=1e-12)


def test_a_rate_is_that_of_its_sample():
    samples = jnp.array([[0.0, 0.25, 1.0]])
    spikes = Rate(steps=4000, gain=0.8).encode(samples, KEY)
    assert set(np.unique(spikes)) == {0.0, 1.0}
    np.testing.assert_allclose(spikes.mean((0, 1)), [0, 0.2, 0.8], atol=0.03)
    other = Rate(steps=4000, gain=0.8).encode(samples, jax.random.key(1))
    assert np.any(other != spikes)
    between = np.corrcoef(spikes[:-1, 0, 1], spikes[1:, 0, 1])[0, 1]
    assert abs(between) < 0.05  # each step is drawn anew


def test_latency_by_hand():
    spikes = Latency(steps=5).encode(jnp.array([[1.0, 0.75, 0.1, 0.0]]))
    assert spikes.sum() == 3
    np.testing.assert_array_equal(np.argmax(spikes[:, 0], 0)[:3], [0, 1, 4])


def test_delta_by_hand():
    series = jnp.array([[[0.0], [0.6], [0.5], [-0.2]]])
    both = Delta(threshold=0.5).encode(series)[:, 0]
    np.testing.assert_array_equal(both, [[0, 0], [1, 0], [0, 0], [0, 1]])
    rising = Delta(threshold=0.5, polarity="rising").encode(series)[:, 0]
    np.testing.assert_array_equal(rising, [[0], [1], [0], [0]])


def binned(events, steps, dt, channels):
    """By a loop over events."""
    frames = np.zeros((steps, len(events["times"]), channels))
    for b, (times, units) in enumerate(zip(events["times"], events["units"], strict=True)):
        for time, unit in zip(times, units, strict=True):
            step = int(np.floor(np.float32(time) / np.float32(dt)))
            if unit >= 0 and step < steps:
                frames[step, b, unit] += 1
    return frames


def test_events_are_counted():
    expected = binned(EVENTS, 9, 0.01, 6)
    assert expected.max() > 1 and expected.sum() < 120  # coincident, late and padded ones
    found = Events(steps=9, dt=0.01, shape=(6,)).encode(EVENTS)
    np.testing.assert_array_equal(found, expected)
    once = Events(steps=9, dt=0.01, shape=(6,), counts="binary").encode(EVENTS)
    np.testing.assert_array_equal(once, np.minimum(expected, 1))
    pooled = Events(steps=9, dt=0.01, shape=(6,), pool=3).encode(EVENTS)
    np.testing.assert_array_equal(pooled, expected.reshape(9, 3, 2, 3).sum(-1))
    frames = Events(steps=9, dt=0.01, shape=(3, 2)).encode(EVENTS)
    np.testing.assert_array_equal(frames, expected.reshape(9, 3, 3, 2))


def test_samples_stay_integers_until_a_chunk():
    encoder = Events(steps=9, dt=0.01, shape=(6,))
    assert encoder.prepare(EVENTS).dtype == jnp.int32
    once = Events(steps=9, dt=0.01, shape=(6,), counts="binary")
    assert once.prepare(EVENTS).dtype == jnp.uint8
    assert Sequence().prepare(jnp.zeros((2, 3, 1), jnp.uint8)).dtype == jnp.uint8


def test_many_coincident_events_are_all_counted():
    events = {"times": np.zeros((1, 700)), "units": np.zeros((1, 700), int)}
    assert Events(steps=1, dt=1.0, shape=(1,)).encode(events).item() == 700


@pytest.mark.parametrize("traced", [False, True])
def test_integer_times_are_divided_as_integers(traced):
    """67 108 999 µs are no float32: as one they would be rounded into the next millisecond."""
    times = np.array([[67_108_999, 67_109_000, 999, 1000]])
    events = {"times": times - 67_000_000 * (times > 1000), "units": np.zeros((1, 4), int)}
    shifted = {**events, "times": times}

    def steps_of(events, dt, count):
        frames = Events(steps=count, dt=dt, shape=(1,)).encode(events)[:, 0, 0]
        return jnp.nonzero(frames, size=4, fill_value=-1)[0]

    if traced:
        steps_of = jax.jit(steps_of, static_argnums=2)
    assert steps_of(events, 1000.0, 110).tolist() == [0, 1, 108, 109]
    assert steps_of(shifted, 1000.0, 67_110).tolist() == [0, 1, 67_108, 67_109]
    assert steps_of(events, 0.5, 2_000).tolist() == [1998, -1, -1, -1]  # 999 / 0.5


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Sequence(scale=0), r"Sequence.scale must lie in \[1e-09, inf\], found 0"),
        (lambda: Events(dt=0), r"Events.dt must lie in \[1e-09, inf\], found 0"),
        (lambda: Repeat(steps=0), "Repeat.steps must be an integer of at least 1, found 0"),
        (lambda: Sequence().encode(np.zeros(3)), r"samples \[B, T, \*F\], found shape \(3,\)"),
        (lambda: Events(steps=3).encode(EVENTS), "expected the shape of a frame, found None"),
        (
            lambda: Events(steps=3, shape=(6,), pool=4).encode(EVENTS),
            "a pool that divides the 6 channels, found 4",
        ),
        (
            lambda: Events(steps=3, shape=(5,)).encode(EVENTS),
            r"units from 0 to 4 for frames of shape \(5,\), or negative ones as padding, found 5",
        ),
    ],
)
def test_what_does_not_fit(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", ["mean", "deviation"])
def test_statistics_of_other_channels_are_refused(name):
    grey = jnp.ones((2, 4, 4, 1))
    encoder = Repeat(**{name: np.ones(3)})
    with pytest.raises(ValueError, match=f"one {name}, or one per channel of .*, found shape .3,"):
        encoder.encode(grey)
    assert encoder.encode(jnp.ones((2, 4, 4, 3))).shape == (4, 2, 4, 4, 3)
