"""What happens again and again: 毎週水曜, 毎月第2・第4土曜, every other Friday, Mondays."""

from __future__ import annotations

from dataclasses import replace

from kioku_vlm.dates.calendar_limits import is_day_of
from kioku_vlm.dates.english_days import take_day
from kioku_vlm.dates.lexicon import Unit
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.recurrence_lists import (
    CODES,
    JOINTS,
    ORDINALS,
    days_of_month,
    nth_list,
    rule_of,
    weekday_list,
)
from kioku_vlm.dates.shape import Recurring
from kioku_vlm.dates.tokens import Cursor, Kind

_LOOKED_BACK = 4
HOLIDAYS = "EXCEPT_HOLIDAYS"


def recurring(cursor: Cursor) -> Recurring | None:
    """The first reading that fits, with the exceptions told behind it."""
    begin = cursor.at
    for rule in (_nth_of_month, _every, _alternate, _apart, _day_kinds, _weekdays, _closed_weekday):
        cursor.at = begin
        found = rule(cursor)
        if found is not None:
            return _with_exceptions(cursor, found)
    return None


def _on_days(days: list[int], interval: int = 1) -> Recurring:
    return rule_of(Unit.WEEKS, interval, BYDAY=",".join(CODES[day] for day in days))


def _every(cursor: Cursor) -> Recurring | None:
    every = cursor.take(Kind.EVERY)
    if every is None:
        return None
    cursor.take(Kind.OF, Kind.ON)
    if every.value == 0:
        return _every_something(cursor)
    return _within_unit(cursor, Unit(every.value), 1)


def _every_something(cursor: Cursor) -> Recurring | None:
    """Every Monday, every three weeks, every first Monday."""
    number = cursor.take(Kind.NUMBER, Kind.NUMBER_WORD)
    unit = cursor.take(Kind.UNIT)
    if unit is not None and unit.value <= Unit.YEARS:
        fortnight = 2 if unit.text == "fortnight" else 1
        return _within_unit(cursor, Unit(unit.value), (number.value if number else 1) * fortnight)
    if number is not None:
        return None
    if cursor.look().kind in ORDINALS and cursor.look(1).kind is Kind.WEEKDAY:
        return nth_list(cursor)
    days = weekday_list(cursor)
    return _on_days(days) if days else None


def _within_unit(cursor: Cursor, unit: Unit, interval: int) -> Recurring | None:
    start = cursor.at
    cursor.take(Kind.OF, Kind.ON)
    if unit is Unit.WEEKS:
        days = weekday_list(cursor)
        if days:
            return _on_days(days, interval)
    if unit is Unit.MONTHS:
        place = cursor.at
        told = nth_list(cursor)
        if told is None:
            cursor.at = place
            told = days_of_month(cursor)
        if told is not None:
            return _interval(told, interval)
    if unit is Unit.YEARS:
        yearly = _day_of_year(cursor)
        if yearly is not None:
            return yearly
    cursor.at = start
    return rule_of(unit, interval)


def _interval(found: Recurring, interval: int) -> Recurring:
    if interval == 1:
        return found
    return replace(found, rrule=found.rrule.replace(";", f";INTERVAL={interval};", 1))


def _alternate(cursor: Cursor) -> Recurring | None:
    token = cursor.take(Kind.ALTERNATE)
    if token is None:
        return None
    cursor.take(Kind.OF)
    if token.value:
        return _within_unit(cursor, Unit(token.value), 2)
    unit = cursor.take(Kind.UNIT)
    if unit is not None and unit.value <= Unit.YEARS:
        return _within_unit(cursor, Unit(unit.value), 2)
    days = weekday_list(cursor)
    return _on_days(days, 2) if days else None


def _apart(cursor: Cursor) -> Recurring | None:
    """3週間ごとに."""
    number = cursor.take(Kind.NUMBER)
    unit = cursor.take(Kind.UNIT, Kind.DAY, Kind.YEAR, Kind.SPACE_OF_TIME) if number else None
    apart = cursor.take(Kind.APART) if unit else None
    if number is None or unit is None or apart is None or not 0 < number.value < 100:
        return None
    named = {Kind.DAY: Unit.DAYS, Kind.YEAR: Unit.YEARS}.get(unit.kind) or Unit(unit.value)
    more = 1 if apart.text.startswith("おき") and named is Unit.DAYS else 0
    return rule_of(named, number.value + more) if named <= Unit.YEARS else None


def _day_kinds(cursor: Cursor) -> Recurring | None:
    """平日, weekends: a set of weekdays in one word."""
    token = cursor.take(Kind.DAY_KIND)
    if token is None:
        return None
    return _on_days([day for day in range(7) if token.value >> day & 1])


def _weekdays(cursor: Cursor) -> Recurring | None:
    """Mondays and Thursdays."""
    if cursor.look().kind is not Kind.WEEKDAYS:
        return None
    return _on_days(weekday_list(cursor))


def _closed_weekday(cursor: Cursor) -> Recurring | None:
    """定休日：水曜: a weekday behind such a word is every one of them."""
    if cursor.look().kind is not Kind.WEEKDAY:
        return None
    for back in range(1, _LOOKED_BACK):
        before = cursor.look(-back)
        if cursor.at < back or before.kind is Kind.NEWLINE:
            return None
        if before.cue is Cue.CLOSED:
            days = weekday_list(cursor)
            return _on_days(days) if days else None
    return None


def _nth_of_month(cursor: Cursor) -> Recurring | None:
    """第2・第4土曜 with no month; the first Monday of every month."""
    japanese = cursor.look().kind is Kind.NTH
    single = cursor.sees(Kind.NTH, Kind.NUMBER, Kind.OF)
    if single:
        return None  # 第2の土曜 speaks of one day
    cursor.take(Kind.THE)
    start = cursor.at
    found = nth_list(cursor)
    if found is None and not japanese:
        cursor.at = start
        found = days_of_month(cursor)
    if found is None:
        return None
    monthly = cursor.look()
    if monthly.kind is Kind.EVERY and monthly.value == Unit.MONTHS:
        cursor.at += 1
        return found
    return found if japanese else None


def _day_of_year(cursor: Cursor) -> Recurring | None:
    """毎年4月15日, every year on April 15."""
    month = cursor.take(Kind.NUMBER, Kind.MONTH_NAME)
    japanese = month is not None and month.kind is Kind.NUMBER
    if month is None or (japanese and not cursor.take(Kind.MONTH)):
        return None
    day = take_day(cursor)
    if japanese and not cursor.take(Kind.DAY):
        return None
    if day is None or not is_day_of(month.value, day):
        return None
    return rule_of(Unit.YEARS, BYMONTH=str(month.value), BYMONTHDAY=str(day))


def _with_exceptions(cursor: Cursor, found: Recurring) -> Recurring:
    """(祝日を除く), except Sundays; steps over them."""
    start = cursor.at
    cursor.take(Kind.OPEN, Kind.COMMA)
    lead = cursor.take(Kind.EXCEPT)
    holiday = cursor.take(Kind.HOLIDAY)
    joint = cursor.take(*JOINTS) if holiday else None
    days = weekday_list(cursor) if holiday is None or joint else []
    trail = lead or cursor.take(Kind.EXCEPT, Kind.RESTS)
    if trail is None or not (holiday or days):
        cursor.at = start
        return found
    cursor.take(Kind.CLOSE)
    flags = (HOLIDAYS,) if holiday else ()
    return replace(_without(found, days), flags=flags)


def _without(found: Recurring, days: list[int]) -> Recurring:
    if not days or found.rrule != "FREQ=DAILY":
        return found
    return _on_days([day for day in range(7) if day not in days])
