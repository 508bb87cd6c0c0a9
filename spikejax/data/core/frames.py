"""From events to frames `[T, H, W, P]`: counts, time surfaces and voxel grids, without a loop over events."""

import numpy as np

from spikejax.data.core.events import SensorSize

SURFACE_SCALE = 255.0  # of a time surface as bytes
VOXEL_SCALE = 16.0  # of a voxel grid as bytes


def by_count(events: np.ndarray, sensor_size: SensorSize, steps: int) -> np.ndarray:
    """Counts of events in T slices of equally many events: slice t is events t ⌊E/T⌋ to (t + 1) ⌊E/T⌋.

    The last slice also has what is left over. With fewer events than steps, the first E slices have one each.

    Args:
      events: of one recording, in the order of time.
      sensor_size: width W, height H and number of polarities P.
      steps: T.

    Returns:
      Counts, int64 `[T, H, W, P]`.

    Reference: W. Fang et al., Incorporating learnable membrane time constant to enhance learning of spiking neural
    networks, 2021, eq. 17.

    >>> from spikejax.data.core.events import events_of
    >>> events = events_of([0, 0, 1, 1, 1], [0] * 5, range(5), [0] * 5)
    >>> by_count(events, (2, 1, 1), steps=2)[:, 0, :, 0].tolist()
    [[2, 0], [0, 3]]
    """
    each = max(len(events) // steps, 1)
    step = np.minimum(np.arange(len(events)) // each, steps - 1)
    return _counts(events, sensor_size, steps, step)


def by_time(events: np.ndarray, sensor_size: SensorSize, steps: int) -> np.ndarray:
    """Counts of events in T slices of ⌊(t_last − t_first) / T⌋ microseconds, the last one being open at its end.

    Args and Returns: as `by_count`.

    >>> from spikejax.data.core.events import events_of
    >>> events = events_of([0, 0, 1], [0] * 3, [5, 14, 25], [0] * 3)
    >>> by_time(events, (2, 1, 1), steps=2)[:, 0, :, 0].tolist()
    [[2, 0], [0, 1]]
    """
    return _counts(events, sensor_size, steps, _step_of(events, steps))


def surface(events: np.ndarray, sensor_size: SensorSize, steps: int, tau: float) -> np.ndarray:
    """Time surfaces: exp(−(t_end − t_pixel) / τ), of the last event of each pixel and polarity up to the slice's end.

    The slices are those of `by_time`; the last one ends with the last event. 0 where no event has been yet.

    Args:
      events: of one recording, in the order of time.
      sensor_size: width W, height H and number of polarities P.
      steps: T.
      tau: τ in microseconds.

    Returns:
      float32 `[T, H, W, P]`, from 0 to 1.

    Reference: X. Lagorce et al., HOTS: a hierarchy of event-based time-surfaces for pattern recognition, 2017, eq. 3.

    >>> from spikejax.data.core.events import events_of
    >>> events = events_of([0, 1], [0, 0], [0, 10], [0, 0])
    >>> surface(events, (2, 1, 1), steps=1, tau=10.0).ravel()
    array([0.36787945, 1.        ], dtype=float32)
    """
    first, last = int(events["t"][0]), int(events["t"][-1])
    latest = np.full((steps, _size(sensor_size)), -1, np.int64)
    # Of several events of a pixel in a slice the last one stays, since NumPy assigns them in order.
    latest[_step_of(events, steps), _pixel(events, sensor_size)] = events["t"] - first
    latest = np.maximum.accumulate(latest)
    ends = np.arange(1, steps + 1) * _duration(events, steps)
    ends[-1] = last - first
    age = np.maximum(ends[:, None] - latest, 0)
    values = np.where(latest < 0, 0.0, np.exp(-age / tau))
    return values.astype(np.float32).reshape(_shape(sensor_size, steps))


def voxel(events: np.ndarray, sensor_size: SensorSize, steps: int) -> np.ndarray:
    """A voxel grid: each event is shared by the two nearest of T times, V[t] = Σ max(0, 1 − |t − t*|).

    t* = (T − 1)(t_event − t_first) / (t_last − t_first). The polarities have a grid each, where those of the reference
    are subtracted.

    Args:
      events: of one recording, in the order of time.
      sensor_size: width W, height H and number of polarities P.
      steps: T.

    Returns:
      float32 `[T, H, W, P]`.

    Reference: A. Z. Zhu et al., Unsupervised event-based learning of optical flow, depth, and egomotion, 2019,
    eqs. 1 and 2.

    >>> from spikejax.data.core.events import events_of
    >>> events = events_of([0, 0, 0], [0, 0, 0], [0, 1, 4], [0, 0, 0])
    >>> voxel(events, (1, 1, 1), steps=3).ravel().tolist()
    [1.5, 0.5, 1.0]
    """
    t = events["t"] - events["t"][0]
    place = t * ((steps - 1) / max(int(t[-1]), 1))
    lower = np.minimum(place.astype(np.int64), max(steps - 2, 0))
    share, size = place - lower, _size(sensor_size)
    address = lower * size + _pixel(events, sensor_size)
    grid = np.bincount(address, 1 - share, minlength=(steps + 1) * size)
    grid += np.bincount(address + size, share, minlength=(steps + 1) * size)
    return grid[: steps * size].astype(np.float32).reshape(_shape(sensor_size, steps))


def as_bytes(frames: np.ndarray, scale: float) -> np.ndarray:
    """Frames as uint8: values times a scale, rounded and clipped at 255.

    >>> as_bytes(np.array([0.5, 300.0]), 1.0).tolist(), as_bytes(np.array([0.5]), 255.0).tolist()
    ([0, 255], [128])
    """
    scaled = frames if scale == 1.0 else np.rint(frames * scale)
    return np.minimum(scaled, 255).astype(np.uint8)


def _counts(events, sensor_size, steps, step):
    size = _size(sensor_size)
    counts = np.bincount(step * size + _pixel(events, sensor_size), minlength=steps * size)
    return counts.reshape(_shape(sensor_size, steps))


def _duration(events, steps):
    """Microseconds of a slice."""
    return max(int(events["t"][-1] - events["t"][0]) // steps, 1)


def _step_of(events, steps):
    """The slice of equal time of each event."""
    return np.minimum((events["t"] - events["t"][0]) // _duration(events, steps), steps - 1)


def _pixel(events, sensor_size):
    """Addresses into a frame `[H, W, P]`."""
    width, _, polarities = sensor_size
    return (events["y"].astype(np.int64) * width + events["x"]) * polarities + events["p"]


def _size(sensor_size):
    width, height, polarities = sensor_size
    return width * height * polarities


def _shape(sensor_size, steps):
    width, height, polarities = sensor_size
    return steps, height, width, polarities
