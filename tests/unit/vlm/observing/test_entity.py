"""An entry goes into rows and comes back the same, whatever an engine says."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from kioku_vlm.observing.entity import entry_of, head_of, parts_of, suspicions_json, suspicions_of
from kioku_vlm.observing.soundness import MOST_ENTRIES, MOST_TEXT, UNGROUNDED, sound
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import (
    ClockRole,
    Entry,
    Evidence,
    Kind,
    Schedule,
    Suspicion,
    Value,
)

numbers = st.floats(0, 1, width=32, allow_subnormal=False)
texts = st.text(max_size=20)
evidence = st.builds(
    Evidence, st.integers(1, 20), st.builds(Box, numbers, numbers, numbers, numbers), texts
)
values = st.builds(
    Value,
    texts,
    texts,
    numbers,
    texts,
    st.lists(evidence, max_size=2).map(tuple),
    st.lists(texts, max_size=2).map(tuple),
    st.lists(texts, max_size=2).map(tuple),
)
entries = st.builds(
    Entry,
    kind=st.sampled_from(Kind),
    title=st.none() | values,
    start=st.none() | values,
    end=st.none() | values,
    zone=texts,
    zone_by=texts,
    clocks=st.dictionaries(st.sampled_from(ClockRole), values, max_size=3),
    rrule=st.none() | values,
    exdates=st.lists(values, max_size=3).map(tuple),
    place=st.none() | values,
    address=st.none() | values,
    notes=st.lists(values, max_size=3).map(tuple),
    confidence=numbers,
    flags=st.lists(texts, max_size=2).map(tuple),
)


@given(entries)
def test_rows_hold_all_of_an_entry(entry: Entry) -> None:
    """Through JSON, in the order in which SQL gives the parts."""
    parts = sorted(parts_of(entry), key=lambda part: (part.name, part.ordinal))
    stored: list[dict[str, Any]] = json.loads(
        json.dumps([{"name": part.name, "fields": part.fields} for part in parts])
    )
    assert entry == entry_of(entry.kind, json.loads(json.dumps(head_of(entry))), stored)


@given(st.lists(st.builds(Suspicion, texts, evidence), max_size=3).map(tuple))
def test_suspicions_come_back(suspicions: tuple[Suspicion, ...]) -> None:
    """As they were."""
    assert suspicions == suspicions_of(json.loads(json.dumps(suspicions_json(suspicions))))


def value(text: str, confidence: float = 0.9, *, read: bool = True) -> Value:
    """A value that was read somewhere, or nowhere."""
    where = (Evidence(1, Box(0, 0, 1, 1), text),) if read else ()
    return Value(text, text, confidence, evidence=where)


def test_a_sound_schedule_is_left_as_it_is() -> None:
    """Nothing is changed without a reason."""
    schedule = Schedule((Entry(Kind.EVENT, value("Fair"), value("2026-05-30")),), "en")
    assert schedule == sound(schedule)


def test_what_no_row_can_hold_is_cut() -> None:
    """NUL and halves of characters, endless text and lists, confidences that are no share."""
    title = value("a\x00b\ud800c" + "x" * 5000, confidence=7)
    nowhere = value("guess", 0.9, read=False)
    entry = Entry(Kind.EVENT, title, place=nowhere, confidence=float("nan"))
    found = sound(Schedule((entry,) * (MOST_ENTRIES + 1)))
    assert MOST_ENTRIES == len(found.entries)
    [first, *_] = found.entries
    assert first.title is not None
    assert first.place is not None
    assert ("abc", MOST_TEXT, 1.0) == (
        first.title.value[:3],
        len(first.title.value),
        first.title.confidence,
    )
    assert (UNGROUNDED, 0.0) == (first.place.confidence, first.confidence)
