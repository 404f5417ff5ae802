"""What the words of a date say, before anything is concluded from them."""

from __future__ import annotations

from dataclasses import dataclass

from kioku_vlm.dates.moment import Cue


@dataclass(frozen=True)
class Day:
    """A day of the calendar, as far as it is told.

    Attributes:
        year: of our era, or None.
        month: 1 to 12, or None: a bare day of the month.
        day: of the month.
        weekday: 0 for Monday, or None.
        year_shift: 今年 is 0, 来年 is 1.
        month_shift: likewise for months.
        short_year: one or two digits: of this century or of an era that is left out.
        pair: month and day are two numbers whose order nothing tells (03/04).
        by: how the year is told, in the words of `Moment.resolved_by`.
        listed: month and year are those of the day before it in a list or range.
        flags: what is odd already.
        confidence: 0 to 1.
    """

    year: int | None = None
    month: int | None = None
    day: int = 1
    weekday: int | None = None
    year_shift: int | None = None
    month_shift: int | None = None
    short_year: int | None = None
    pair: bool = False
    by: str = "explicit"
    listed: bool = False
    flags: tuple[str, ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True)
class Shift:
    """So far from the anchor, or from the day named before.

    With a weekday, it is that weekday of the week reached (weeks begin on Monday), or with
    `count`, that weekday for the so manieth time after the day reached.
    """

    days: int = 0
    weeks: int = 0
    months: int = 0
    years: int = 0
    workdays: int = 0
    weekday: int | None = None
    count: int = 0
    from_previous: bool = False
    either: bool = False
    """English "next Friday": the coming one is meant as often as next week's."""
    confidence: float = 1.0


@dataclass(frozen=True)
class Nth:
    """The nth weekday of a month; -1 is the last."""

    nth: int
    weekday: int
    year: int | None = None
    month: int | None = None
    year_shift: int | None = None
    month_shift: int | None = None


@dataclass(frozen=True)
class MonthPart:
    """A month, or a part of one: its days `first` to `last` (0: to its end)."""

    year: int | None = None
    month: int | None = None
    year_shift: int | None = None
    month_shift: int | None = None
    first: int = 1
    last: int = 0
    told: bool = False
    """A part was named (中旬), so that this is a moment by itself and no heading."""
    by: str = "explicit"
    fiscal: bool = False


@dataclass(frozen=True)
class YearOnly:
    """A year that stands alone: what it is about, no moment."""

    year: int
    fiscal: bool = False


@dataclass(frozen=True)
class Stretch:
    """From one day to another, both among them."""

    first: Day | Shift | Nth | MonthPart
    last: Day | Shift | Nth | MonthPart
    """A MonthPart ends with its last day."""


@dataclass(frozen=True)
class Lasting:
    """So many days from a day on."""

    first: Day | Shift | Nth
    days: int


@dataclass(frozen=True)
class Recurring:
    """Again and again.

    Attributes:
        rrule: RFC 5545 without UNTIL.
        flags: `EXCEPT_HOLIDAYS`.
    """

    rrule: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Times:
    """A time of day in minutes, or a range of them."""

    minutes: int
    until: int | None = None
    approximate: bool = False
    cue: Cue = Cue.NONE


OneDay = Day | Shift | Nth
Shape = Day | Shift | Nth | MonthPart | YearOnly | Stretch | Lasting | Recurring | Times


@dataclass(frozen=True)
class Found:
    """A shape and the tokens, `begin` to `end` (not among them), that it stands in."""

    begin: int
    end: int
    shape: Shape
