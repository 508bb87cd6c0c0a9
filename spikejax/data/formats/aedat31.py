"""AEDAT 3.1, the format that DVS128 Gesture is distributed in: a header in text, then packets of events.

Read here, since the maintained readers of event files read AEDAT 4 or the files of other makers, and not this version.
"""

import struct
from typing import NamedTuple

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.events import SensorSize, checked
from spikejax.data.core.stored import AGAIN

VERSION = b"#!AER-DAT3.1\r\n"
END = b"#!END-HEADER\r\n"
MOST_HEADER = 2**16  # bytes of text
POLARITY = 1  # the type of packets of address, polarity and time; others are skipped
EVENT_BYTES, TIME_OFFSET = 8, 4  # of a polarity event
TIME_BITS = 31


class _Packet(NamedTuple):
    """The header of a packet, 28 bytes: its attributes in their order, little-endian."""

    type: int
    source: int
    event_bytes: int
    time_offset: int
    overflows: int
    capacity: int
    events: int
    valid: int


_HEADER = struct.Struct("<hhiiiiii")


def decode(content: bytes, where: str, sensor_size: SensorSize) -> np.ndarray:
    """The polarity events of a file.

    Per event 32 bits of data, which are one bit "valid", one of polarity, 15 of the row and 15 of the column, and 32 of
    time in microseconds, little-endian. Invalid events are left out. The time of a packet is continued by its count of
    overflows, 2^31 us each.

    Args:
      content: of the file.
      where: the file, for messages.
      sensor_size: width, height and number of polarities.

    Returns:
      Events in the order of time; see `spikejax.data.core.events`.

    Raises:
      CorruptData: another format, a packet that is cut or states what cannot be, no events, or an address or time out
        of range.

    Reference: iniVation, AEDAT 3.1 file format.
    """
    start = _start(content, where)
    words, overflows = [], []
    while start < len(content):
        packet = _packet(content, where, start)
        start += _HEADER.size
        if packet.type == POLARITY and packet.events:
            found = np.frombuffer(content, "<u4", 2 * packet.events, start)
            words.append(found.reshape(-1, 2))
            overflows.append((packet.overflows, packet.events))
        start += packet.capacity * packet.event_bytes
    if not words:
        raise CorruptData(f"{where}: expected polarity events, found none; leave it out")
    data, time = np.concatenate(words).T
    if time.max() >> TIME_BITS:
        raise CorruptData(
            f"{where}: expected times below 2^{TIME_BITS} us, found {time.max()}; {AGAIN}"
        )
    t = time.astype(np.int64)
    counts, events = np.array(overflows, np.int64).T
    if counts.any():
        t += np.repeat(counts << TIME_BITS, events)
    valid = (data & 1).astype(bool)
    if not valid.all():
        data, t = data[valid], t[valid]
    return checked(where, data >> 17, data >> 2 & 0x7FFF, t, data >> 1 & 1, sensor_size)


def _start(content, where):
    """The place after the header."""
    if not content.startswith(VERSION):
        raise CorruptData(
            f"{where}: expected AEDAT 3.1, which begins with {VERSION!r}, found {content[: len(VERSION)]!r}; convert "
            "it, or get it again"
        )
    end = content.find(END, 0, MOST_HEADER)
    if end < 0:
        raise CorruptData(
            f"{where}: expected {END!r} in the first {MOST_HEADER} bytes, found none; {AGAIN}"
        )
    return end + len(END)


def _packet(content, where, start):
    """The header of the packet at a place, checked against what is left of the file."""
    left = len(content) - start - _HEADER.size
    if left < 0:
        raise CorruptData(
            f"{where}: expected a packet of events at byte {start}, found a header that is cut; {AGAIN}"
        )
    packet = _Packet(*_HEADER.unpack_from(content, start))
    if packet.event_bytes < 1 or not 0 <= packet.valid <= packet.events <= packet.capacity:
        raise CorruptData(
            f"{where}: expected a packet of events at byte {start}, found {packet}; {AGAIN}"
        )
    needed = packet.capacity * packet.event_bytes
    if needed > left:
        raise CorruptData(
            f"{where}: expected {needed} bytes of the packet at byte {start}, found {left}; {AGAIN}"
        )
    layout = packet.event_bytes, packet.time_offset
    if packet.type == POLARITY and (layout != (EVENT_BYTES, TIME_OFFSET) or packet.overflows < 0):
        raise CorruptData(
            f"{where}: expected polarity events of {EVENT_BYTES} bytes, times at byte {TIME_OFFSET}, found {packet}; "
            f"{AGAIN}"
        )
    return packet
