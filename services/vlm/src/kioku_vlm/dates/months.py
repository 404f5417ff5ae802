"""Arithmetic of months."""

from __future__ import annotations

import calendar
from datetime import date, timedelta


def month_shifted(day: date, months: int) -> tuple[int, int]:
    """Year and month so many months after a day's.

    Raises:
        ValueError: beyond the calendar.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        raise ValueError(year)
    return year, month + 1


def end_of_month(year: int, month: int) -> date:
    """Its last day."""
    return date(year, month, calendar.monthrange(year, month)[1])


def nth_weekday_of(year: int, month: int, weekday: int, nth: int) -> date | None:
    """The nth weekday of a month, the last for -1; None where it has fewer."""
    if not 1 <= year <= 9999:
        return None
    last = end_of_month(year, month)
    if nth == -1:
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    day = 1 + (weekday - date(year, month, 1).weekday()) % 7 + 7 * (nth - 1)
    return date(year, month, day) if nth > 0 and day <= last.day else None
