"""From when to when an entry is, as calendars count: the end is the first one after it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from kioku_vlm.schedule_facts import Entry, Kind, Value

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_YEARS = range(1800, 2201)
_HOURS = 48
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Local times, without a zone.

    Attributes:
        start: a day, or a moment.
        end: of the same kind, exclusive; None: only the start is told.
        carried: days by which the clock ran over midnight (25:30 is 1).
    """

    start: date | datetime
    end: date | datetime | None = None
    carried: int = 0

    @property
    def all_day(self) -> bool:
        """Whether it has no time of day."""
        return not isinstance(self.start, datetime)

    @property
    def day(self) -> date:
        """The day it begins on."""
        return day_of(self.start)

    def later(self, days: int) -> Span:
        """The same span some days later."""
        by = timedelta(days=days)
        return replace(self, start=self.start + by, end=self.end and self.end + by)


@dataclass(frozen=True)
class Instant:
    """A day or a local moment, and how many days its clock ran over midnight."""

    at: date | datetime
    carried: int = 0


def day_of(at: date | datetime) -> date:
    """The day of a day or moment."""
    return at.date() if isinstance(at, datetime) else at


def instant_of(text: str) -> Instant | None:
    """A date, or a local date-time whose hours may go to 47; None where it is neither.

    Offsets are no part of a local time, so that a text with one is neither.
    """
    found = _ISO.fullmatch(text)
    if found is None or int(found[1]) not in _YEARS:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        return Instant(day) if found[4] is None else _moment(day, *found.groups()[3:])
    except ValueError:
        return None


def _moment(day: date, hour: str, minute: str, second: str | None) -> Instant | None:
    hours = int(hour)
    if hours >= _HOURS:
        return None
    over, rest = divmod(hours, 24)
    clock = time(rest, int(minute), int(second or 0))
    return Instant(datetime.combine(day, clock) + over * _DAY, over)


def span_of(entry: Entry) -> Span | None:
    """When an entry is; None where it has no day that can be read.

    A last day becomes the day after it. A start with a time and an end without one lasts to the
    end of its last day. An end that is not after its start was read wrongly: it is left out. A
    deadline is a day or a moment, whatever its end.
    """
    start = _read(entry.start)
    if start is None:
        return None
    end = None if entry.kind is Kind.DEADLINE else _read(entry.end)
    return Span(start.at, _end(start.at, end.at if end else None), start.carried)


def _read(value: Value | None) -> Instant | None:
    return instant_of(value.value) if value else None


def _end(start: date | datetime, end: date | datetime | None) -> date | datetime | None:
    if not isinstance(start, datetime):
        return max(day_of(end or start), start) + _DAY
    if isinstance(end, datetime):
        return end if end > start else None
    if end is None or end <= start.date():
        return None
    return datetime.combine(end, time()) + _DAY
