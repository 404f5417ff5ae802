"""Which year a day without one is in, and which of two numbers is its month. The only place.

Order of witnesses: the weekday beside the day; the year that the document names; the next such
day after the anchor. What was not taken stays among the alternatives.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kioku_vlm.dates.moment import Anchor

_BEFORE, _AFTER = timedelta(days=90), timedelta(days=275)
_LEAP_CYCLE = 8
_MONTH_FIRST = ("en-us", "en-ph", "ja", "zh", "ko")


@dataclass(frozen=True)
class Choice:
    """A day and how it was chosen."""

    day: date
    by: str
    others: tuple[date, ...] = ()
    flags: tuple[str, ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True)
class DocumentYear:
    """A year that a document names, and the full date it is part of, if it is."""

    year: int
    fiscal: bool = False
    full: date | None = None


def day_of(year: int, month: int, day: int) -> date | None:
    """The date, or None where the calendar has no such day."""
    if not 1 <= year <= 9999 or not 1 <= month <= 12:
        return None
    return date(year, month, day) if 1 <= day <= calendar.monthrange(year, month)[1] else None


def full_year_near(short: int, year: int) -> int:
    """The year that one or two digits mean: of the century or of Reiwa, whichever is nearer."""
    return min((2000 + short, 1900 + short, 2018 + short), key=lambda one: abs(one - year))


def base_of(anchor: Anchor) -> tuple[date, str]:
    """The day that relative words count from, and its name in `resolved_by`."""
    if anchor.issued is not None:
        return anchor.issued, "relative-to-issued"
    if anchor.taken is not None:
        return anchor.taken, "relative-to-taken"
    return anchor.today, "relative-to-today"


def choose_year(
    month: int, day: int, weekday: int | None, base: date, document: DocumentYear | None
) -> Choice | None:
    """The year of a month and day.

    Args:
        month: 1 to 12.
        day: of the month.
        weekday: 0 for Monday, or None where none stands beside it.
        base: the anchor.
        document: the year that the document names, or None.
    """
    near = _near(month, day, base)
    if not near:
        return None
    told = _in_document(month, day, document) if document else None
    matching = [one for one in near if one.weekday() == weekday]
    if told is not None and document is not None and weekday in (None, told.weekday()):
        by = "fiscal-year" if document.fiscal else "document-year"
        return Choice(told, by, _others(near, told), (), 0.92 if weekday is None else 0.97)
    if matching:
        chosen = next_after(matching, base)
        return Choice(chosen, "weekday", _others(matching, chosen), (), 0.95)
    mismatch = () if weekday is None else ("WEEKDAY_MISMATCH",)
    factor = 0.6 if mismatch else 1.0
    if told is not None:
        return Choice(told, "document-year", _others(near, told), mismatch, 0.9 * factor)
    chosen = next_after(near, base)
    flags = ("YEAR_ASSUMED", *mismatch)
    return Choice(chosen, "next-future", _others(near, chosen), flags, 0.75 * factor)


def _near(month: int, day: int, base: date) -> list[date]:
    """This year's, last year's and next year's; of a leap day those of the nearest leap years."""
    days = [day_of(base.year + off, month, day) for off in (-1, 0, 1)]
    near = [one for one in days if one is not None]
    if near and not (month == 2 and day == 29):
        return near
    wide = (day_of(base.year + off, month, day) for off in range(-_LEAP_CYCLE, _LEAP_CYCLE + 1))
    leap = [one for one in wide if one is not None]
    past = [one for one in leap if one < base][-1:]
    return past + [one for one in leap if one >= base][:1]


def _in_document(month: int, day: int, document: DocumentYear) -> date | None:
    if document.fiscal:
        return day_of(document.year + (1 if month < 4 else 0), month, day)
    if document.full is None:
        return day_of(document.year, month, day)
    for year in (document.year, document.year + 1, document.year - 1):
        one = day_of(year, month, day)
        if one is not None and -_BEFORE <= one - document.full <= _AFTER:
            return one
    return day_of(document.year, month, day)


def next_after(days: Sequence[date], base: date) -> date:
    """The first on or after the anchor, else the last before it."""
    future = [one for one in days if one >= base]
    return min(future) if future else max(days)


def _others(days: Iterable[date], chosen: date) -> tuple[date, ...]:
    """The rest, the nearest to the chosen first."""
    rest = {one for one in days if one != chosen}
    return tuple(sorted(rest, key=lambda one: (abs(one - chosen), one)))


def day_comes_first(anchor: Anchor) -> bool | None:
    """What the document or the locale says about 03/04; None: nothing does."""
    if anchor.day_first is not None:
        return anchor.day_first
    locale = anchor.locale.lower().replace("_", "-")
    if locale.startswith(_MONTH_FIRST):
        return False
    return None if locale in ("", "en") else True


def checked(day: date, weekday: int | None, by: str, confidence: float = 0.98) -> Choice:
    """A day that words tell whole, weighed by the weekday beside it."""
    if weekday is None or day.weekday() == weekday:
        return Choice(day, by, (), (), min(1.0, confidence + (0.02 if weekday is not None else 0)))
    return Choice(day, by, (), ("WEEKDAY_MISMATCH",), confidence * 0.6)
