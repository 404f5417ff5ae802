"""Entries as an iCalendar object (RFC 5545, RFC 7986), of one observation or as a feed of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from icalendar import Calendar, Event, Todo

from kioku_vlm.calendar.component import component_of
from kioku_vlm.calendar.item import CalendarItem, CalendarManner, CalendarObject, Omission
from kioku_vlm.calendar.plain_text import one_line
from kioku_vlm.calendar.span import span_of
from kioku_vlm.calendar.zones import timezones

MEDIA_TYPE = "text/calendar; charset=utf-8"
MOST_ITEMS = 5000
_PRODUCT = "-//Kioku//Schedules 1.0//EN"
_MOST_NAME = 100
_Component = Event | Todo


def calendar_of(items: Iterable[CalendarItem], manner: CalendarManner) -> CalendarObject:
    """The calendar of some entries.

    There is no METHOD: it is a publication that anybody may import, no invitation. The same items
    make the same bytes, whenever they are written.

    Args:
        items: in the order of the calendar; those without a day, those whose uid came before
            and those after the first 5,000 are left out.
        manner: how it is written; with `refresh` it is a feed.
    """
    components: dict[str, _Component] = {}
    left_out: list[tuple[str, Omission]] = []
    for item in items:
        span = span_of(item.entry)
        if span is None:
            left_out.append((item.uid, Omission.NO_DAY))
        elif item.uid in components:
            left_out.append((item.uid, Omission.REPEATED))
        elif len(components) == MOST_ITEMS:
            left_out.append((item.uid, Omission.TOO_MANY))
        else:
            components[item.uid] = component_of(item, span, manner)
    return CalendarObject(_written(tuple(components.values()), manner), tuple(left_out))


def _written(components: Sequence[_Component], manner: CalendarManner) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    _head(calendar, manner)
    for timezone in timezones(_starts(components)):
        calendar.add_component(timezone)
    for component in components:
        calendar.add_component(component)
    return bytes(calendar.to_ical())


def _head(calendar: Calendar, manner: CalendarManner) -> None:
    name = one_line(manner.name, _MOST_NAME)
    if name:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)  # what Apple and Google read
    if manner.refresh is not None:
        calendar.add("refresh-interval", manner.refresh, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", manner.refresh, parameters={"VALUE": "DURATION"})


def _starts(components: Sequence[_Component]) -> Iterator[datetime]:
    for component in components:
        at = component.decoded("due" if isinstance(component, Todo) else "dtstart")
        if isinstance(at, datetime):
            yield at
