"""Made-up recordings of an event camera, and files of every format that hold them."""

import numpy as np

from spikejax.data.core.events import events_of


def recording(seed=0, count=50, sensor_size=(34, 34, 2), first=0, step=1000):
    """Random events in the order of time."""
    draw = np.random.default_rng(seed)
    columns = [draw.integers(0, bound, count) for bound in sensor_size]
    t = first + np.cumsum(draw.integers(0, step, count))
    return events_of(columns[0], columns[1], t, columns[2])


def atis_bin(events):
    """Five bytes per event."""
    t = events["t"]
    columns = [events["x"], events["y"], events["p"] << 7 | t >> 16, t >> 8 & 255, t & 255]
    return np.stack(columns, 1).astype(np.uint8).tobytes()
