"""Files of events with random damage: read as events that can be, or refused with the library's own error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.reliability import fuzz_events
from experiments.reliability.event_data import FORMATS


@pytest.mark.parametrize("name", FORMATS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_damaged_files(name, seed):
    found = fuzz_events.mutated(name, seed)
    assert found.right, found


def test_a_reader_that_fails_is_found(monkeypatch):
    content, _, events = fuzz_events.original("events bin")

    def careless(content, where, size):
        return events[: len(content) // 6]

    monkeypatch.setattr(fuzz_events, "original", lambda name: (content, careless, events[1:]))
    monkeypatch.setattr(fuzz_events, "possible", lambda events: False)
    found = fuzz_events.block({"name": "events bin", "first": 0})
    assert found.kind == "unnoticed" and found.words.startswith("events bin, mutation 0: other")
