"""Writes the calendars that the service gives out: one observation's, or a feed of an owner's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from kioku_vlm.calendar.icalendar import calendar_of
from kioku_vlm.calendar.item import CalendarItem, CalendarManner
from kioku_vlm.schedule_facts import Entry

REFRESH = timedelta(hours=1)
_NAME = "Kioku"


class Exported(Protocol):
    """An entry as the service exports it."""

    @property
    def uid(self) -> str:
        """The same for ever for the same event."""

    @property
    def entry(self) -> Entry:
        """What holds now."""

    @property
    def changed(self) -> datetime:
        """When, with a zone."""

    @property
    def sequence(self) -> int:
        """Counts up with every change."""

    @property
    def cancelled(self) -> bool:
        """It is no more."""


class CalendarWriter:
    """Entries as iCalendar.

    Args:
        manner: what is the same for all calendars.
        refresh: how often subscribers of a feed should ask again.
    """

    def __init__(
        self, manner: CalendarManner | None = None, *, refresh: timedelta = REFRESH
    ) -> None:
        self._manner = manner or CalendarManner(name=_NAME)
        self._refresh = refresh

    def write(self, entries: Sequence[Exported], *, zone: str, feed: bool) -> bytes:
        """An iCalendar object (RFC 5545); entries without a day are not in it.

        Args:
            entries: in the order of the calendar.
            zone: IANA zone for entries that have none; empty: their times are floating.
            feed: of everything an owner has, to be asked for again.
        """
        base = self._manner
        manner = CalendarManner(
            base.name,
            base.language,
            zone,
            base.tentative_below,
            base.deadlines_as_todos,
            self._refresh if feed else None,
        )
        return calendar_of([_item(one) for one in entries], manner).data


def _item(one: Exported) -> CalendarItem:
    return CalendarItem(one.uid, one.entry, one.changed, one.sequence, one.cancelled)
