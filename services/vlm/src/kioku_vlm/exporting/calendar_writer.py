"""Calendars by `kioku_vlm.calendar`.  Implements `Calendars`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kioku_vlm.calendar.icalendar import calendar_of
from kioku_vlm.calendar.item import CalendarItem, CalendarManner
from kioku_vlm.exporting.exporting import CalendarEntry

_NAME = "Kioku"
_REFRESH = timedelta(hours=1)


class CalendarWriter:
    """Writes iCalendar objects; entries that no calendar can hold are left out of them."""

    def write(self, entries: Sequence[CalendarEntry], *, zone: str, feed: bool) -> bytes:
        """An iCalendar object (RFC 5545)."""
        manner = CalendarManner(
            name=_NAME if feed else "", zone=zone, refresh=_REFRESH if feed else None
        )
        items = [
            CalendarItem(one.uid, one.entry, one.changed, one.sequence, one.cancelled)
            for one in entries
        ]
        return calendar_of(items, manner).data
