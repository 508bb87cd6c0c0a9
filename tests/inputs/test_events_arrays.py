"""Events in arrays that do not fit, or that JAX would turn into other events without a word."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.inputs import Events

TIMES, UNITS = np.array([[0.0, 0.5, 1.5]]), np.array([[1, 1, 0]])
ENCODER = Events(steps=2, dt=1.0, shape=(2,))
LATE = np.array([[0, 1, 2**32 + 1]])  # as 32 bits, 1


def events(times=TIMES, units=UNITS):
    return {"times": times, "units": units}


@pytest.mark.parametrize(
    "samples, message",
    [
        (TIMES, 'a dictionary of "times" and "units", found ndarray'),
        ({"times": TIMES}, r"found \['times'\]"),
        (events(units=UNITS[:, :2]), r"one shape \[B, E\], found \(1, 3\) and \(1, 2\); pad lists"),
        (events(units=UNITS[:, :1]), r"found \(1, 3\) and \(1, 1\)"),
        (events(TIMES[0], UNITS[0]), r"found \(3,\) and \(3,\)"),
        (events(units=UNITS + 0.5), "units as integers, found float64 and float64; convert them"),
        (events(units=UNITS > 0), "found float64 and bool"),
        (events(times=TIMES > 0), "times as integers or floats .* found bool and int64"),
        (events(times=TIMES.astype(object)), "found object and int64"),
        (events(np.array([[0, np.nan, 1]])), "finite times, .* found nan in sample 0; clean"),
        (events(np.array([[0, -np.inf, 1]])), "found -inf in sample 0"),
        (events(LATE), "integers up to 2147483647, found 4294967297 in sample 0"),
        (events(np.array([[0, 1, -(2**63)]])), "found -9223372036854775808 in sample 0"),
        (events(LATE.astype(np.uint64)), "found 4294967297 in sample 0"),
        (events(units=np.array([[0, 0, -(2**32) + 1]])), "as padding, found -4294967295"),
        (events(units=LATE), "units from 0 to 1 .*found 4294967297"),
    ],
)
def test_events_that_cannot_be(samples, message):
    for use in (ENCODER.encode, ENCODER.prepare, ENCODER.check_units):
        with pytest.raises(ValueError, match=f"expected .*{message}"):
            use(samples)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.uint32, jnp.bfloat16])
def test_times_of_any_number(dtype):
    found = ENCODER.encode(events(np.array([[0, 1, 1]]).astype(dtype), UNITS.astype(np.uint16)))
    assert found[:, 0].tolist() == [[0, 1], [1, 1]]


def test_padding_may_have_any_time():
    padded = events(np.array([[0.0, 1.0, np.nan]]), np.array([[1, 0, -1]]))
    assert ENCODER.encode(padded)[:, 0].tolist() == [[0, 1], [1, 0]]
    whole = events(LATE, np.array([[0, 1, -1]]))
    assert ENCODER.encode(whole)[:, 0].tolist() == [[1, 0], [0, 1]]


def test_what_is_traced_is_left_out():
    """Its values are not known; NaN would be step 0 as an integer."""
    frames = jax.jit(ENCODER.prepare)(events(np.array([[np.nan, np.inf, -0.5]])))
    assert frames.sum() == 0


def test_frames_that_integers_cannot_address():
    with pytest.raises(ValueError, match="fewer than 2147483647 values .* 100000 steps of shape"):
        Events(steps=100_000, shape=(346, 260, 2)).prepare(events())
