"""From when to when an entry is."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from kioku_vlm.calendar.span import Span, instant_of, span_of
from kioku_vlm.schedule_facts import Kind

from tests.unit.vlm.calendar.announced import entry, local


def _at(text: str) -> date | datetime:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "end", "first", "after"),
    [
        ("2026-05-30", None, "2026-05-30", "2026-05-31"),
        ("2026-05-30", "2026-05-31", "2026-05-30", "2026-06-01"),
        ("2026-12-28", "2027-01-03", "2026-12-28", "2027-01-04"),
        ("2026-05-30", "2026-05-29", "2026-05-30", "2026-05-31"),
        ("2026-05-30", "2026-05-30T17:00", "2026-05-30", "2026-05-31"),
        ("2026-05-30T10:00", None, "2026-05-30T10:00", None),
        ("2026-05-30T10:00", "2026-05-30T12:00", "2026-05-30T10:00", "2026-05-30T12:00"),
        ("2026-05-30T10:00", "2026-05-30T09:00", "2026-05-30T10:00", None),
        ("2026-05-30T10:00", "2026-05-31", "2026-05-30T10:00", "2026-06-01T00:00"),
        ("2026-05-30T10:00", "2026-05-30", "2026-05-30T10:00", None),
        ("2026-05-30T23:00", "2026-05-30T25:30", "2026-05-30T23:00", "2026-05-31T01:30"),
        ("2026-12-31T24:00", None, "2027-01-01T00:00", None),
    ],
)
def test_the_end_is_exclusive(start: str, end: str | None, first: str, after: str | None) -> None:
    """A last day counts whole; an end that cannot be is left out; hours run over midnight."""
    span = span_of(entry(start, end))
    assert span is not None
    assert (_at(first), after and _at(after)) == (span.start, span.end)


def test_a_deadline_has_no_length() -> None:
    """Whatever end was read with it."""
    span = span_of(entry("2026-05-29T17:00", "2026-05-29T18:00", kind=Kind.DEADLINE))
    assert Span(local("2026-05-29T17:00")) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "May 30",
        "2026-02-30",
        "2026-05-30T48:00",
        "2026-05-30T10:60",
        "2026-05-30T10:00Z",
        "2026-05-30T10:00+09:00",
        "２０２６-05-30",
        "9999-12-31",
        "2026-05-30\nX:1",
        " 2026-05-30",
    ],
)
def test_what_is_no_local_time_is_none(text: str) -> None:
    """An offset, another script's digits, a line break."""
    assert instant_of(text) is None
    assert span_of(entry(text or None)) is None
