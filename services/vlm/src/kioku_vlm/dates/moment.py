"""A date, time of day or recurrence as it stands in a text, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Cue(StrEnum):
    """What the words beside a moment make of it."""

    NONE = ""
    START = "START"
    END = "END"
    DOORS = "DOORS"
    RECEPTION = "RECEPTION"
    GATHERING = "GATHERING"
    LAST_ENTRY = "LAST_ENTRY"
    DEADLINE = "DEADLINE"
    CLOSED = "CLOSED"
    ISSUED = "ISSUED"
    """The document's own date, not something that happens."""
    RELEASED = "RELEASED"


@dataclass(frozen=True)
class Clock:
    """A time of day in minutes after midnight; 25:30 is 1530, a time of the next day."""

    minutes: int
    raw: str
    span: tuple[int, int]
    cue: Cue = Cue.NONE
    until: int | None = None
    """End of a range (`10:00-12:00`), minutes likewise."""
    approximate: bool = False


@dataclass(frozen=True)
class Anchor:
    """What dates are resolved by: the document's own date, then EXIF, then the request's day.

    Attributes:
        today: the day of the request or the upload.
        issued: the document's own date (message date, issue date).
        taken: the day the picture was taken.
        year: a year that the document names (a heading, 年度 start), or None.
        locale: `ja`, `en-US`, `en-GB`, … or empty: nothing decides 03/04.
        day_first: what other dates of the document prove about 03/04, or None.
    """

    today: date
    issued: date | None = None
    taken: date | None = None
    year: int | None = None
    locale: str = ""
    day_first: bool | None = None


@dataclass(frozen=True)
class Moment:
    """One day, range of days, recurrence or bare time of day.

    Attributes:
        span: first character, and the one after the last, in the text.
        raw: the words.
        start: first day; None for a bare time of day, or a recurrence without a first day.
        end: last day of a range, itself included; None: one day.
        clocks: times of day that belong to it, in the order of the text.
        rrule: RFC 5545 RRULE (`FREQ=WEEKLY;BYDAY=WE`), or empty.
        exdates: days on which a recurrence does not happen.
        cue: what the words beside it make of the day.
        resolved_by: `explicit`, `era`, `weekday`, `document-year`, `fiscal-year`, `list`,
            `next-future`, `relative-to-issued`, `relative-to-taken`, `relative-to-today`, `locale`.
        alternatives: other first days that the words allow, the likeliest first.
        flags: `AMBIGUOUS_DATE`, `WEEKDAY_MISMATCH`, `YEAR_ASSUMED`, `APPROXIMATE`, `INVALID_ERA`.
        confidence: 0 to 1.
    """

    span: tuple[int, int]
    raw: str
    start: date | None = None
    end: date | None = None
    clocks: tuple[Clock, ...] = ()
    rrule: str = ""
    exdates: tuple[date, ...] = ()
    cue: Cue = Cue.NONE
    resolved_by: str = ""
    alternatives: tuple[date, ...] = ()
    flags: tuple[str, ...] = ()
    confidence: float = 1.0
