"""The day that lies a told distance from another."""

from __future__ import annotations

from datetime import date, timedelta

from kioku_vlm.dates.months import end_of_month, month_shifted
from kioku_vlm.dates.shape import Shift

WEEK = timedelta(days=7)


def moved(base: date, shape: Shift) -> date:
    """The day that a shift reaches; raises OverflowError or ValueError beyond the calendar."""
    year, month = month_shifted(base, shape.months + 12 * shape.years)
    day = min(base.day, end_of_month(year, month).day)
    moved = date(year, month, day) + timedelta(days=shape.days)
    moved = _over_workdays(moved, shape.workdays)
    if shape.weekday is None:
        return moved + shape.weeks * WEEK
    if shape.count:
        ahead = (shape.weekday - moved.weekday()) % 7
        return moved + timedelta(days=ahead) + (shape.count - 1) * WEEK
    monday = moved - timedelta(days=moved.weekday())
    return monday + timedelta(days=shape.weekday) + shape.weeks * WEEK


def _over_workdays(day: date, count: int) -> date:
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(min(abs(count), 9999)):
        day += step
        while day.weekday() > 4:
            day += step
    return day
