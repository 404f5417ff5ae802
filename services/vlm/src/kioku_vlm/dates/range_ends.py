"""What the ends of a range say about each other: 28 June - 2 July 2026, 12/28〜1/3."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from kioku_vlm.dates.place import Days
from kioku_vlm.dates.shape import Day, MonthPart, Nth, Shift, Stretch
from kioku_vlm.dates.year_choice import day_of


def first_end(shape: Stretch) -> Day | Shift | Nth | MonthPart:
    """The first end, in the year or month that only the last end tells."""
    first, last = shape.first, shape.last
    if isinstance(first, (Day, MonthPart)) and isinstance(last, (Day, MonthPart)):
        untold = first.year is None and first.year_shift is None and first.month_shift is None
        if untold and last.year is not None and first.month and last.month:
            year = last.year - (1 if first.month > last.month else 0)
            return replace(first, year=year)
    return first


def last_end(last: Day | Shift | Nth | MonthPart, first: date) -> Day | Shift | Nth | MonthPart:
    """The last end in the year of the first, or the next where it would be before it."""
    if isinstance(last, Day) and last.month is not None and last.year is None:
        if last.year_shift is not None or last.pair:
            return last
        over = (last.month, last.day) < (first.month, first.day)
        return replace(last, year=first.year + over)
    if isinstance(last, MonthPart) and last.month is not None and last.year is None:
        return replace(last, year=first.year + (last.month < first.month), year_shift=None)
    if isinstance(last, Nth) and last.month is not None and last.year is None:
        return replace(last, year=first.year + (last.month < first.month))
    return last


def end_of(shape: Stretch, first: date, last: Days | None) -> date | None:
    """The last day of a range, brought behind its first; None where the words forbid it."""
    if last is None:
        return None
    end = last.last or last.first.day
    if end >= first:
        return end
    if isinstance(shape.last, Shift):
        return end + timedelta(days=7 * (1 + (first - end).days // 7)) if shape.last.count else None
    told = isinstance(shape.last, Day) and shape.last.year is not None
    return None if told else day_of(end.year + 1, end.month, end.day)
