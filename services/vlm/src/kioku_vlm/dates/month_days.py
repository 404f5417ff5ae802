"""The days of a month or of a part of one: 中旬, mid-May, 2026年5月 as an end of a range."""

from __future__ import annotations

from datetime import date

from kioku_vlm.dates.months import end_of_month
from kioku_vlm.dates.place import Days
from kioku_vlm.dates.shape import MonthPart
from kioku_vlm.dates.year_choice import Choice


def days_of_month(
    shape: MonthPart, year: int, month: int, how: tuple[str, tuple[str, ...]]
) -> Days:
    """First and last day of a month's part; `how`: what told the year, and its flags."""
    by, flags = how
    end = end_of_month(year, month)
    start = date(year, month, shape.first) if shape.first else end
    last = date(year, month, shape.last) if shape.last else end
    vague = shape.told and shape.first != 0 and shape.last != 1
    approximate = ("APPROXIMATE",) if vague else ()
    choice = Choice(start, by, (), (*flags, *approximate), 0.6 if vague else 0.85)
    return Days(choice, last if last != start else None, vague)
