"""Files of events with random damage: read as events that can be, or refused with the library's own error."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.reliability.event_data import FORMATS, SIZE, digit, gesture
from experiments.reliability.mutations import CONTENTS
from files import sha256
from spikejax.data import CorruptData
from spikejax.data.core.events import EVENT, LONGEST
from spikejax.data.formats import aedat31, camera_hdf5

KINDS = sorted(CONTENTS)


@pytest.mark.parametrize("name", FORMATS)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32), again=st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_damaged_files(name, kind, seed, again):
    reader, write, _ = FORMATS[name]
    content = gesture() if reader is aedat31 else write(digit())
    known = {"sha256": sha256(content)} if reader is camera_hdf5 else {}
    draw = random.Random(seed)
    for _ in range(1 + again):
        content = CONTENTS[kind](content, b"another file", draw)
    try:
        events = reader.decode(content, "a file", SIZE, **known)
    except CorruptData as error:
        assert str(error).startswith("a file: expected ")
        return
    assert events.dtype == EVENT and len(events)
    for field, most in zip("xypt", (*SIZE, LONGEST), strict=True):
        assert 0 <= events[field].min() and events[field].max() < most
    assert (np.diff(events["t"]) >= 0).all()
