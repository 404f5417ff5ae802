"""Nothing that a document says becomes a property of the calendar."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from kioku_vlm.calendar.icalendar import calendar_of
from kioku_vlm.calendar.item import CalendarManner
from kioku_vlm.schedule_facts import ClockRole, Entry, Kind

from tests.unit.vlm.calendar.announced import entry, item, lines, parsed, said, written

NAMES = {
    "BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE",
    "SUMMARY", "LOCATION", "DESCRIPTION", "DTSTART", "DTEND", "RRULE", "EXDATE", "CATEGORIES",
    "X-KIOKU-KIND", "X-KIOKU-CONFIDENCE", "X-KIOKU-FLAGS", "STATUS", "TRANSP", "TZID", "COMMENT",
    "TZNAME", "TZOFFSETFROM", "TZOFFSETTO", "RDATE",
}  # fmt: skip
ATTACKS = [
    "x\r\nATTACH:http://evil.example/x",
    "x\nBEGIN:VALARM\nACTION:EMAIL\nEND:VALARM",
    "x\rORGANIZER:mailto:a@evil.example",
    "x\u2028URL:http://evil.example",
    "x\x85END:VEVENT",
    "x\\nATTENDEE:mailto:a@b",
    'x";VALUE=URI:http://evil.example',
    "END:VCALENDAR\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST",
    "x" * 74 + "\r\n ATTACH:y",
    "\x00\x1b]8;;http://evil.example\x07",
]


def _everywhere(text: str) -> Entry:
    """An entry with the text in every field that a document fills."""
    words = said(text, text)
    return replace(
        entry(None),
        start=said("2026-05-30T10:00", text),
        end=words,
        title=words,
        place=words,
        address=words,
        zone=text,
        notes=(words, words),
        clocks={ClockRole.DOORS: words},
        rrule=words,
        exdates=(words,),
        flags=(text,),
        zone_by=text,
    )


def _names(text: str) -> set[str]:
    return {line.replace(";", ":").split(":")[0] for line in lines(text)}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_words_become_a_property(attack: str) -> None:
    """The lines are those of an honest entry, and one event is read back."""
    text = written(_everywhere(attack))
    assert _names(text) <= NAMES
    assert 1 == len(parsed(text.encode()).events)
    assert 1 == lines(text).count("END:VEVENT")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=300))
def test_no_text_at_all_becomes_a_property(text: str) -> None:
    """Every physical line is at most 75 octets, without control characters."""
    data = calendar_of([item(_everywhere(text))], CalendarManner(language=text)).data
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert not set(data.replace(b"\r\n", b"")) & ({*range(32), 127})
    assert _names(data.decode().replace("\r\n ", "")) <= NAMES
    assert 1 == len(Calendar.from_ical(data).events)


def test_sizes_have_caps() -> None:
    """A document of a megabyte is a calendar of some kilobytes."""
    long = said("字" * 1_000_000)
    huge = entry(
        "2026-05-30", title=long, place=long, address=long, notes=(long,) * 1000, kind=Kind.NOTICE,
        rrule=said("FREQ=DAILY"),
        exdates=tuple(said(f"2026-06-{day:02}") for day in range(1, 31)) * 100,
    )  # fmt: skip
    assert len(calendar_of([item(huge)], CalendarManner()).data) < 20_000
