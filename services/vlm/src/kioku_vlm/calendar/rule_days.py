"""On which days a recurrence can fall: what DTSTART has to be one of (RFC 5545, 3.8.5.3).

Days are looked at one by one, at most eight years of them, so that a rule that never falls costs
as much as any other. General expanders go on to the year 9999 for such a rule.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FURTHEST = 8 * 366
Rule = Mapping[str, Sequence[str]]


def first_day(rule: Rule, start: date) -> date | None:
    """The first day on or after `start` that the rule names; None: none for eight years.

    Args:
        rule: its parts by name, already checked; INTERVAL, COUNT and UNTIL do not matter here.
        start: the anchor; a rule that names no day means its day of the month, or its weekday.
    """
    for number in range(_FURTHEST):
        day = start + timedelta(days=number)
        if falls_on(rule, day, start):
            return day
    return None


def falls_on(rule: Rule, day: date, anchor: date) -> bool:
    """Whether the rule, anchored at `anchor`, can fall on a day."""
    if "BYSETPOS" in rule:
        return day in _chosen(rule, day, anchor)
    return _named(rule, day, anchor)


def _named(rule: Rule, day: date, anchor: date) -> bool:
    if "BYMONTH" in rule and str(day.month) not in {part.lstrip("0") for part in rule["BYMONTH"]}:
        return False
    if "BYDAY" in rule and not any(_is_weekday(part, day) for part in rule["BYDAY"]):
        return False
    if "BYMONTHDAY" in rule:
        return any(_is_month_day(int(part), day) for part in rule["BYMONTHDAY"])
    return "BYDAY" in rule or _as_anchor(rule, day, anchor)


def _as_anchor(rule: Rule, day: date, anchor: date) -> bool:
    """The day that a rule means which names none."""
    match rule["FREQ"][0]:
        case "WEEKLY":
            return day.weekday() == anchor.weekday()
        case "MONTHLY":
            return day.day == anchor.day
        case "YEARLY":
            in_month = "BYMONTH" in rule or day.month == anchor.month
            return in_month and day.day == anchor.day
        case _:
            return True


def _is_weekday(part: str, day: date) -> bool:
    if WEEKDAYS[day.weekday()] != part[-2:]:
        return False
    nth = int(part[:-2] or 0)
    if nth < 0:
        return (monthrange(day.year, day.month)[1] - day.day) // 7 + 1 == -nth
    return nth in (0, (day.day - 1) // 7 + 1)


def _is_month_day(number: int, day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    return day.day == (number if number > 0 else length + 1 + number)


def _chosen(rule: Rule, day: date, anchor: date) -> list[date]:
    """The days of the month that BYSETPOS takes of those the rest of the rule names."""
    length = monthrange(day.year, day.month)[1]
    month = [day.replace(day=number) for number in range(1, length + 1)]
    named = [one for one in month if _named(rule, one, anchor)]
    places = [int(part) for part in rule["BYSETPOS"]]
    indexes = [place - 1 if place > 0 else len(named) + place for place in places]
    return [named[index] for index in indexes if 0 <= index < len(named)]
