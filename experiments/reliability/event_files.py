"""Made-up recordings of an event camera, and files of every format that hold them."""

import io
import struct

import h5py
import numpy as np
import scipy.io

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


def aedat31(events, size=20, overflows=0):
    """Packets of `size` events."""
    text = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n"
    data = events["x"].astype(np.int64) << 17 | events["y"].astype(np.int64) << 2
    words = np.stack([data | events["p"] << 1 | 1, events["t"]], 1).astype("<u4")
    for start in range(0, len(words), size):
        part = words[start : start + size]
        n = len(part)
        text += struct.pack("<hhiiiiii", 1, 1, 8, 4, overflows, n, n, n) + part.tobytes()
    return text


def aedat2(events):
    """Of a DVS128, turned by 90 degrees."""
    x, y = (127 - events[name].astype(np.int64) for name in "xy")
    address = x << 8 | y << 1 | 1 - events["p"]
    return (
        b"#!AER-DAT2.0\r\n# a line\r\n"
        + np.stack([address, events["t"]], 1).astype(">u4").tobytes()
    )


def mat(events, columns=4, compress=True):
    """A matrix as MATLAB saves it with the option -v7, or -v6 where it is not compressed."""
    x, y, p = events["y"], 127 - events["x"], 2 * events["p"] - 1
    names = [events["t"], x, y, p] if columns == 4 else [events["t"], x, x, x, y, p]
    file = io.BytesIO()
    matrix = np.stack(names, 1).astype(np.float64)
    scipy.io.savemat(file, {"note": "made up", "out1": matrix}, do_compression=compress)
    return file.getvalue()


def npz(events, whole=False):
    """Four arrays, or a structured one."""
    file = io.BytesIO()
    np.savez_compressed(file, **({"events": events} if whole else {n: events[n] for n in "xytp"}))
    return file.getvalue()


def csv(events):
    """Lines of text."""
    lines = ["t,x,y,p", *(f"{t},{x},{y},{p}" for x, y, t, p in events.tolist())]
    return "\n".join(lines).encode()


def hdf5(events, group=""):
    """Four datasets."""
    file = io.BytesIO()
    with h5py.File(file, "w") as found:
        for name in "xytp":
            found[group + name] = events[name]
    return file.getvalue()
