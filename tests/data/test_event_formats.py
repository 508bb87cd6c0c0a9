"""Files of events: what was written is read, and what is cut, of another kind or impossible is named."""

import io
import struct
from functools import partial

import h5py
import numpy as np
import pytest

from experiments.reliability import event_files as made
from files import REAL, real, sha256
from spikejax.data import CorruptData
from spikejax.data.core import events as core
from spikejax.data.dvs_gesture import DVSGesture
from spikejax.data.formats import (
    aedat2,
    aedat31,
    archives,
    atis_bin,
    camera_hdf5,
    events_csv,
    events_mat,
    events_npz,
)

SIZE = (128, 128, 2)
EVENTS = made.recording(sensor_size=SIZE)
CONTENT = {
    "bin": (atis_bin, made.atis_bin),
    "aedat31": (aedat31, made.aedat31),
    "aedat2": (aedat2, made.aedat2),
    "mat": (events_mat, made.mat),
    "mat of six columns": (events_mat, partial(made.mat, columns=6)),
    "mat uncompressed": (events_mat, partial(made.mat, compress=False)),
    "npz": (events_npz, made.npz),
    "npz structured": (events_npz, partial(made.npz, whole=True)),
    "csv": (events_csv, made.csv),
    "hdf5": (camera_hdf5, made.hdf5),
    "hdf5 group": (camera_hdf5, partial(made.hdf5, group="events/")),
}

OWN = {name: CONTENT[name] for name in ("npz", "npz structured", "csv", "hdf5", "hdf5 group")}


def decode(reader, content, size=SIZE):
    known = {"sha256": sha256(content)} if reader is camera_hdf5 else {}
    return reader.decode(content, "a file", size, **known)


@pytest.mark.parametrize("reader, write", CONTENT.values(), ids=CONTENT)
def test_what_was_written_is_read(reader, write):
    found = decode(reader, write(EVENTS))
    assert found.dtype == core.EVENT
    np.testing.assert_array_equal(found, EVENTS)


@pytest.mark.parametrize("reader, write", CONTENT.values(), ids=CONTENT)
def test_addresses_out_of_range(reader, write):
    with pytest.raises(CorruptData, match=r"a file: expected (columns x|rows y) from 0 to 9, foun"):
        decode(reader, write(EVENTS), (10, 10, 2))


@pytest.mark.parametrize("reader, write", CONTENT.values(), ids=CONTENT)
def test_time_that_runs_backwards_is_sorted(reader, write):
    """By as little as recordings have it; equal times stay in their order."""
    swapped = EVENTS.copy()
    swapped["t"][10:12] = EVENTS["t"][[11, 10]]
    found = decode(reader, write(swapped))
    np.testing.assert_array_equal(found["t"], EVENTS["t"])
    np.testing.assert_array_equal(found[["x", "y"]][10:12], EVENTS[["x", "y"]][[11, 10]])


@pytest.mark.parametrize("reader, write", CONTENT.values(), ids=CONTENT)
def test_no_events_and_cut_files(reader, write):
    with pytest.raises(CorruptData, match="a file: expected"):
        decode(reader, write(EVENTS[:0]))
    content = write(EVENTS)
    for length in (0, 1, 12, len(content) // 2 + 1, len(content) - 1):
        if reader is events_csv and length > 20:
            continue  # a text that is cut may be whole
        with pytest.raises(CorruptData, match="a file: expected"):
            decode(reader, content[:length])


# --- Times ----------------------------------------------------------------------------------------


def test_counters_that_start_again():
    wrapped = EVENTS.copy()
    wrapped["t"] = (EVENTS["t"] + 2**23 - 20_000) % 2**23
    found = decode(atis_bin, made.atis_bin(wrapped))
    np.testing.assert_array_equal(found["t"], EVENTS["t"] + 2**23 - 20_000)
    wrapped["t"] = (EVENTS["t"] + 2**32 - 20_000) % 2**32
    for reader, write in ((aedat2, made.aedat2), (events_mat, made.mat)):
        assert (np.diff(decode(reader, write(wrapped))["t"]) >= 0).all()
    found = decode(aedat31, made.aedat31(EVENTS, overflows=3))
    np.testing.assert_array_equal(found["t"], EVENTS["t"] + 3 * 2**31)


def test_marks_of_overflow_in_bin_files():
    events = made.recording()
    content = made.atis_bin(events)
    marked = content[:50] + bytes([0, 240, 0, 0, 0]) + content[50:]
    found = decode(atis_bin, marked)
    np.testing.assert_array_equal(found["t"][:10], events["t"][:10])
    np.testing.assert_array_equal(found["t"][10:], events["t"][10:] + 2**13)
    with pytest.raises(CorruptData, match="expected events, found an empty recording"):
        decode(atis_bin, bytes([0, 240, 0, 0, 0]))


def test_times_out_of_range():
    with pytest.raises(CorruptData, match="expected times t in us from 0 to .*, found -5 to"):
        decode(events_csv, b"t,x,y,p\n-5,1,1,0\n6,1,1,0")
    with pytest.raises(CorruptData, match=r"expected times below 2\^31 us, found 2147483648"):
        decode(aedat31, made.aedat31(core.events_of([1], [1], [2**31], [1])))


# --- AEDAT ----------------------------------------------------------------------------------------


def packet(*values, body=b""):
    start = made.aedat31(EVENTS[:0])
    return start + struct.pack("<hhiiiiii", *values) + body


@pytest.mark.parametrize(
    "content, message",
    [
        (made.aedat2(EVENTS), "AEDAT 3.1, which begins with .*, found b'#!AER-DAT2.0"),
        (b"#!AER-DAT3.1\r\n" + bytes(100), "'#!END-HEADER.* in the first 65536 bytes, found none"),
        (packet(1, 1, 8, 4, 0, 1, 1, 1), "8 bytes of the packet at byte 61, found 0"),
        (packet(1, 1, 8, 4, 0, 2**30, 1, 1, body=bytes(8)), r"8589934592 bytes of the packet"),
        (packet(1, 1, 8, 4, 0, 1, 2, 1, body=bytes(16)), "a packet of events at byte 61, found"),
        (packet(1, 1, 0, 4, 0, 9, 9, 9, body=bytes(8)), "a packet of events at byte 61, found"),
        (packet(1, 1, 4, 0, 0, 2, 2, 2, body=bytes(8)), "polarity events of 8 bytes, times at"),
        (packet(1, 1, 8, 4, -1, 1, 1, 1, body=bytes(8)), "polarity events of 8 bytes, times at"),
        (packet(0, 1, 8, 4, 0, 1, 1, 1, body=bytes(8)), "polarity events, found none"),
        (packet(1, 1, 8, 4, 0, 1, 1, 1, body=bytes(8)), "events, found an empty"),
        (packet(1, 1, 8, 4, 0, 0, 0, 0)[:-3], "at byte 61, found a header that is cut"),
    ],
    ids=["version", "header", "no body", "huge", "counts", "size 0", "size 4", "overflow", "type"]
    + ["invalid", "cut header"],
)
def test_packets_that_cannot_be(content, message):
    with pytest.raises(CorruptData, match=f"a file: expected.*{message}"):
        decode(aedat31, content)


def test_packets_of_other_events_are_skipped():
    other = struct.pack("<hhiiiiii", 0, 1, 8, 4, 0, 2, 1, 1) + bytes(16)
    content = made.aedat31(EVENTS)
    np.testing.assert_array_equal(decode(aedat31, content + other), EVENTS)


def test_addresses_that_are_no_pixels():
    outside = struct.pack(">II", 0x8000, 5)
    content = made.aedat2(EVENTS)
    np.testing.assert_array_equal(decode(aedat2, content + outside), EVENTS)
    with pytest.raises(CorruptData, match=r"addresses below 2\^16, found 65536, first in event 50"):
        decode(aedat2, content + struct.pack(">II", 0x10000, 5))


@real("dvs_gesture_10_aedat.tar.xz")
def test_the_real_gestures():
    """All events of the file are those that were published as arrays."""
    found = archives.archive(DVSGesture().place(REAL)).content("user01_sample.aedat")
    events = aedat31.decode(found, "user01_sample.aedat", SIZE)
    with np.load(f"{REAL}/dvs_gesture_10.npz") as known:
        ends = np.cumsum(known["length"])
        for name in "xyp":
            np.testing.assert_array_equal(events[name], known[name])
        t = known["t"].astype(np.int64)
    for first, last in zip([0, *ends[:-1]], ends, strict=True):
        shift = events["t"][first:last] - t[first:last]
        assert (shift == shift[0]).all()


# --- Text and arrays ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, message",
    [
        (b"x,y,t\n1,2,3", "a first line with the names x, y, t and p, found b'x,y,t'"),
        (b"x,y,t,p\n1,2,3,0\n1,2,3\n", "whole numbers between commas in line 3, found b'1,2,3'"),
        (b"x,y,t,p\n1,2,3,0\n1,2.5,3,1\n", "whole numbers between commas in line 3, found b'1,2.5"),
        (b"x,y,t,p\n1,2,3 4,0", "whole numbers, found"),
        (b"x,y,t,p\n1,,3,0", "whole numbers, found|4 numbers in 1 lines, found"),
    ],
)
def test_text_that_is_no_events(content, message):
    with pytest.raises(CorruptData, match=f"a file: expected.*({message})"):
        decode(events_csv, content)


def test_arrays_that_are_no_events():
    events = {name: EVENTS[name] for name in "xytp"}
    half = {**events, "t": EVENTS["t"] + 0.5}
    for changed, message in (
        ({**events, "x": EVENTS["x"][:9]}, "as many x, y, t and p, found"),
        (half, r"t as whole microseconds below .*, first in event 0; give .* np.round\(1e6 \* t\)"),
        ({**events, "x": EVENTS["x"] + 0.5}, "x as whole numbers below .*; round them"),
        ({**events, "t": EVENTS["t"].astype("M8[us]")}, "t as whole numbers, found datetime64"),
        ({**events, "p": np.array([{}] * 50)}, "p is object of shape"),
        ({**events, "x": np.zeros((50, 1), int)}, r"x is int64 of shape \(50, 1\)"),
    ):
        content = made.npz(changed)
        with pytest.raises(CorruptData, match=f"a file: expected.*{message}"):
            decode(events_npz, content)


@pytest.mark.parametrize("name", ["npz", "npz structured", "hdf5", "hdf5 group"])
def test_columns_that_are_not_there_are_named(name):
    few, file = EVENTS[["x", "y"]], io.BytesIO()
    if name == "npz structured":
        np.savez(file, events=few)
    elif name == "npz":
        np.savez(file, x=few["x"], y=few["y"])
    else:
        with h5py.File(file, "w") as stored:
            for column in "xy":
                stored["events/" * name.endswith("group") + column] = few[column]
    with pytest.raises(
        CorruptData, match="a file: expected .* x, y, t and p, found no t, p"
    ) as error:
        decode(OWN[name][0], file.getvalue())
    assert "among x, y; write the missing ones" in str(error.value)


@pytest.mark.parametrize("reader, write", OWN.values(), ids=OWN)
def test_what_to_do_about_polarities_and_times(reader, write):
    signed = EVENTS.copy()
    signed["p"] = 2 * signed["p"] - 1
    with pytest.raises(CorruptData, match=r"polarities p from 0 to 1, found -1 to 1, .*give p > 0"):
        decode(reader, write(signed))
    late = EVENTS.copy()
    late["t"] += 2**50
    with pytest.raises(CorruptData, match=r"times t in us from 0 to .*; count .* t - t\.min\(\)"):
        decode(reader, write(late))
    seconds = EVENTS.astype(
        [(name, float if name == "t" else EVENTS.dtype[name]) for name in "xytp"]
    )
    seconds["t"] /= 1e6
    with pytest.raises(CorruptData, match="give .*microseconds") as raised:
        decode(reader, write(seconds))
    assert "fetch" not in str(raised.value)


@pytest.mark.parametrize("reader", [reader for reader, _ in OWN.values()], ids=OWN)
def test_an_own_file_is_not_to_be_fetched(reader):
    with pytest.raises(CorruptData) as raised:
        decode(reader, b"something else")
    assert "fetch" not in str(raised.value)


def test_matrices_of_other_versions():
    with pytest.raises(
        CorruptData, match="expected MATLAB 5 to 7.2, found 7.3; save it with -v7|7"
    ):
        decode(events_mat, b"MATLAB 7.3 MAT-file" + bytes(200))
    with pytest.raises(CorruptData, match="no matrix of 4 or 6 columns"):
        decode(events_mat, made.mat(EVENTS)[:128])


def test_hdf5_files_are_opened_with_their_checksum_only():
    with pytest.raises(CorruptData, match="a file: expected sha256 0, found"):
        camera_hdf5.decode(made.hdf5(EVENTS), "a file", SIZE, sha256="0")
