"""AEDAT 2.0 of a DVS128, the format that CIFAR10-DVS is distributed in: lines of text, then addresses and times.

Read here, since the maintained readers of event files read AEDAT 4 or the files of other makers, and not this version.
"""

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.events import SensorSize, checked, continued
from spikejax.data.core.stored import AGAIN

VERSION = b"#!AER-DAT2.0"
BYTES = 8  # per event
MOST_HEADER = 2**16  # bytes of text
EXTERNAL = 0x8000  # an address that is no pixel's


def decode(content: bytes, where: str, sensor_size: SensorSize) -> np.ndarray:
    """The events of a file, upright.

    Per event 32 bits of address and 32 of time in microseconds, big-endian. Of the address, bit 0 is 1 for darker, bits
    1 to 7 are c and bits 8 to 14 are r; the camera was turned by 90 degrees, so that the column is x = 127 − r and the
    row y = 127 − c, as in SpikingJelly. Events with bit 15 set came from outside the sensor and are left out. Where
    time falls by more than 0.1 s the counter has started again, and time goes on.

    Args:
      content: of the file.
      where: the file, for messages.
      sensor_size: width, height and number of polarities.

    Returns:
      Events in the order of time; see `spikejax.data.core.events`.

    Raises:
      CorruptData: another format, no events, a part of an event, or an address out of range.

    Reference: iniVation, AEDAT 2.0 file format; H. Li et al., CIFAR10-DVS, 2017.

    >>> from struct import pack
    >>> decode(b"#!AER-DAT2.0\\r\\n" + pack(">II", 5 << 8 | 3 << 1, 70), "a.aedat", (128, 128, 2)).tolist()
    [(122, 124, 70, 1)]
    """
    start = _start(content, where)
    if (len(content) - start) % BYTES:
        raise CorruptData(
            f"{where}: expected {BYTES} bytes per event after the header, found {len(content) - start} bytes, the last "
            f"event being cut; {AGAIN}"
        )
    address, time = np.frombuffer(content, ">u4", offset=start).reshape(-1, 2).astype(np.uint32).T
    if (address >> 16).any():
        bad = int(np.argmax(address >> 16 != 0))
        raise CorruptData(
            f"{where}: expected addresses below 2^16, found {address[bad]}, first in event {bad}; {AGAIN}"
        )
    pixels = (address & EXTERNAL) == 0
    if not pixels.all():
        address, time = address[pixels], time[pixels]
    t = continued(time.astype(np.int64))
    x, y = 127 - (address >> 8 & 127).astype(np.int16), 127 - (address >> 1 & 127).astype(np.int16)
    return checked(where, x, y, t, 1 - (address & 1).astype(np.int8), sensor_size)


def _start(content, where):
    """The place after the lines of text, each of which begins with # and ends with CR LF."""
    if not content.startswith(VERSION):
        raise CorruptData(
            f"{where}: expected AEDAT 2.0, which begins with {VERSION!r}, found {content[: len(VERSION)]!r}; convert "
            "it, or get it again"
        )
    start = 0
    while content[start : start + 1] == b"#":
        # An address of a DVS128 is below 2^16: its first byte is 0, and never that of #.
        end = content.find(b"\n", start, MOST_HEADER)
        if end < 0:
            raise CorruptData(
                f"{where}: expected lines of text in the first {MOST_HEADER} bytes, found one without an end; {AGAIN}"
            )
        start = end + 1
    return start
