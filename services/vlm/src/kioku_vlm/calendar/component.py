"""One entry as VEVENT, a deadline also as VTODO (RFC 5545, 3.6.1 and 3.6.2)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from icalendar import Event, Todo, vRecur

from kioku_vlm.calendar.item import CalendarItem, CalendarManner
from kioku_vlm.calendar.recurrence import Recurrence, recurrence_of
from kioku_vlm.calendar.span import Span
from kioku_vlm.calendar.wording import description_of, place_of, title_of
from kioku_vlm.calendar.zones import zone_named
from kioku_vlm.schedule_facts import Kind

RRULE_NOT_EXPORTED = "RRULE_NOT_EXPORTED"
"""The flag of an entry whose recurrence no calendar can follow; only its first day is there."""
_FLAG = re.compile(r"[A-Z0-9_]{1,40}", re.ASCII)
_MOST_FLAGS = 16


def component_of(item: CalendarItem, span: Span, manner: CalendarManner) -> Event | Todo:
    """The component of an item.

    Args:
        item: the entry and what the caller says of it.
        span: when it is.
        manner: how calendars are written.
    """
    entry = item.entry
    zone = zone_named(entry.zone) or zone_named(manner.zone)
    repeated = None
    if entry.rrule is not None:
        repeated = recurrence_of(entry.rrule.value, entry.exdates, span, zone)
    todo = manner.deadlines_as_todos and entry.kind is Kind.DEADLINE and repeated is None
    component = Todo() if todo else Event()
    _identify(component, item)
    _describe(component, item, span, manner)
    _place_in_time(component, repeated.span if repeated else span, zone)
    if repeated:
        _repeat(component, repeated, zone)
    _mark(component, item, manner, unfollowed=entry.rrule is not None and repeated is None)
    return component


def _identify(component: Event | Todo, item: CalendarItem) -> None:
    changed = item.changed.astimezone(UTC).replace(microsecond=0)
    component.add("uid", item.uid)
    component.add("dtstamp", changed)
    component.add("last-modified", changed)
    component.add("sequence", item.sequence)


def _describe(
    component: Event | Todo, item: CalendarItem, span: Span, manner: CalendarManner
) -> None:
    doubtful = item.entry.confidence < manner.tentative_below
    component.add("summary", title_of(item.entry, manner.language))
    texts = {
        "location": place_of(item.entry),
        "description": description_of(item.entry, span, manner.language, doubtful=doubtful),
        "attach": item.picture,
    }
    for name, text in texts.items():
        if text:
            component.add(name, text)


def _place_in_time(component: Event | Todo, span: Span, zone: ZoneInfo | None) -> None:
    if isinstance(component, Todo):
        component.add("due", _at(span.start, zone))
        return
    component.add("dtstart", _at(span.start, zone))
    if span.end is None:
        return
    end = _at(span.end, zone)
    if not isinstance(end, datetime) or _after(span, zone):
        component.add("dtend", end)


def _after(span: Span, zone: ZoneInfo | None) -> bool:
    """Whether the end follows the start as instants: a clock put back may turn them around."""
    if zone is None or not isinstance(span.start, datetime) or not isinstance(span.end, datetime):
        return True
    start, end = (one.replace(tzinfo=zone).astimezone(UTC) for one in (span.start, span.end))
    return end > start


def _repeat(component: Event | Todo, repeated: Recurrence, zone: ZoneInfo | None) -> None:
    component.add("rrule", vRecur.from_ical(repeated.rule))
    if repeated.exdates:
        component.add("exdate", [_at(start, zone) for start in repeated.exdates])


def _mark(
    component: Event | Todo, item: CalendarItem, manner: CalendarManner, *, unfollowed: bool
) -> None:
    entry = item.entry
    component.add("categories", [entry.kind.value])
    component.add("x-kioku-kind", entry.kind.value)
    component.add("x-kioku-confidence", f"{min(max(entry.confidence, 0.0), 1.0):.2f}")
    flags = {*entry.flags, *(entry.start.flags if entry.start else ())}
    flags |= {RRULE_NOT_EXPORTED} if unfollowed else set()
    known = sorted(flag for flag in flags if _FLAG.fullmatch(flag))[:_MOST_FLAGS]
    if known:
        component.add("x-kioku-flags", " ".join(known))
    component.add("status", _status(component, item, manner))
    if isinstance(component, Event) and entry.kind is not Kind.EVENT:
        component.add("transp", "TRANSPARENT")  # a deadline or closing day keeps nobody busy


def _status(component: Event | Todo, item: CalendarItem, manner: CalendarManner) -> str:
    if item.cancelled:
        return "CANCELLED"
    if isinstance(component, Todo):
        return "NEEDS-ACTION"
    return "TENTATIVE" if item.entry.confidence < manner.tentative_below else "CONFIRMED"


def _at(at: date | datetime, zone: ZoneInfo | None) -> date | datetime:
    return at.replace(tzinfo=zone) if isinstance(at, datetime) and zone else at
