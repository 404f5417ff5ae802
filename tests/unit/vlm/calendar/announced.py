"""Entries as a reader would make them, in few words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from kioku_vlm.calendar.icalendar import calendar_of
from kioku_vlm.calendar.item import CalendarItem, CalendarManner
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import Entry, Evidence, Kind, Value

CHANGED = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)


def said(text: str, raw: str = "", page: int = 1) -> Value:
    """A value that was read from one line."""
    quote = raw or text
    return Value(text, quote, 0.9, "explicit", (Evidence(page, Box(0.1, 0.2, 0.3, 0.05), quote),))


def local(text: str) -> datetime:
    """A moment without a zone."""
    return datetime.fromisoformat(text)


def entry(start: str | None, end: str | None = None, **fields: Any) -> Entry:
    """An entry of which a title and a day are told, unless fields say otherwise."""
    whole = Entry(
        Kind.EVENT,
        said("Summer fair"),
        said(start) if start else None,
        said(end) if end else None,
        confidence=0.9,
    )
    return replace(whole, **fields)


def item(one: Entry, uid: str = "o1.e1@kioku", **fields: Any) -> CalendarItem:
    """The entry with what the service says of it."""
    return CalendarItem(uid, one, CHANGED, **fields)


def written(one: Entry, manner: CalendarManner | None = None, **fields: Any) -> str:
    """The iCalendar text of one entry, its long lines joined."""
    made = calendar_of([item(one, **fields)], manner or CalendarManner())
    return made.data.decode().replace("\r\n ", "")


def lines(text: str) -> list[str]:
    """Its content lines."""
    return text.removesuffix("\r\n").split("\r\n")


def parsed(data: bytes) -> Calendar:
    """By another parser than the one that wrote it."""
    return IcsCalendarStream.calendar_from_ics(data.decode())
