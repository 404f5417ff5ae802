"""What happens again and again: 毎週水曜, 毎月第2・第4土曜, every other Friday, Mondays and Thursdays."""

from __future__ import annotations

from dataclasses import replace

from kioku_vlm.dates.calendar_limits import is_day, is_day_of
from kioku_vlm.dates.english_days import take_day
from kioku_vlm.dates.japanese_days import nth_weekday
from kioku_vlm.dates.lexicon import Unit
from kioku_vlm.dates.lexicon_ja import WEEKDAY_CHARACTERS
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.shape import Recurring
from kioku_vlm.dates.tokens import Cursor, Kind

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCY = {Unit.DAYS: "DAILY", Unit.WEEKS: "WEEKLY", Unit.MONTHS: "MONTHLY", Unit.YEARS: "YEARLY"}
_JOINTS = (Kind.MIDDOT, Kind.COMMA, Kind.AND, Kind.SLASH)
_ORDINALS = (Kind.ORDINAL, Kind.ORDINAL_WORD, Kind.LAST)
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


def _rule(unit: Unit, interval: int = 1, **parts: str) -> Recurring:
    fields = [f"FREQ={_FREQUENCY[unit]}"]
    fields += [f"INTERVAL={interval}"] if interval > 1 else []
    fields += [f"{name}={value}" for name, value in parts.items()]
    return Recurring(";".join(fields))


def _on_days(days: list[int], interval: int = 1) -> Recurring:
    return _rule(Unit.WEEKS, interval, BYDAY=",".join(CODES[day] for day in days))


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
    if cursor.look().kind in _ORDINALS and cursor.look(1).kind is Kind.WEEKDAY:
        return _nth_list(cursor)
    days = _weekday_list(cursor)
    return _on_days(days) if days else None


def _within_unit(cursor: Cursor, unit: Unit, interval: int) -> Recurring | None:
    start = cursor.at
    cursor.take(Kind.OF, Kind.ON)
    if unit is Unit.WEEKS:
        days = _weekday_list(cursor)
        if days:
            return _on_days(days, interval)
    if unit is Unit.MONTHS:
        told = _nth_list(cursor) or _days_of_month(cursor)
        if told is not None:
            return _interval(told, interval)
    if unit is Unit.YEARS:
        yearly = _day_of_year(cursor)
        if yearly is not None:
            return yearly
    cursor.at = start
    return _rule(unit, interval)


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
    days = _weekday_list(cursor)
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
    return _rule(named, number.value + more) if named <= Unit.YEARS else None


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
    return _on_days(_weekday_list(cursor))


def _closed_weekday(cursor: Cursor) -> Recurring | None:
    """定休日：水曜: a weekday behind such a word is every one of them."""
    if cursor.look().kind is not Kind.WEEKDAY:
        return None
    for back in range(1, _LOOKED_BACK):
        before = cursor.look(-back)
        if cursor.at < back or before.kind is Kind.NEWLINE:
            return None
        if before.cue is Cue.CLOSED:
            days = _weekday_list(cursor)
            return _on_days(days) if days else None
    return None


def _weekday_list(cursor: Cursor) -> list[int]:
    """Weekdays with joints between them (月・水・金曜, Tuesday and Friday); steps over them."""
    days: list[int] = []
    while True:
        start = cursor.at
        if days:
            cursor.take(*_JOINTS)
        day = _one_weekday(cursor)
        if not day:
            cursor.at = start
            return sorted(set(days))
        days.extend(day)


def _one_weekday(cursor: Cursor) -> list[int]:
    token = cursor.take(Kind.WEEKDAY, Kind.WEEKDAYS)
    if token is not None:
        return [token.value]
    kind = cursor.take(Kind.DAY_KIND)
    if kind is not None:
        return [day for day in range(7) if kind.value >> day & 1]
    value = WEEKDAY_CHARACTERS.get(cursor.look().text)
    if value is None:
        return []
    cursor.at += 1
    return [value]


def _nth_of_month(cursor: Cursor) -> Recurring | None:
    """第2・第4土曜 with no month; the first Monday of every month."""
    japanese = cursor.look().kind is Kind.NTH
    single = cursor.sees(Kind.NTH, Kind.NUMBER, Kind.OF)
    if single:
        return None  # 第2の土曜 speaks of one day
    cursor.take(Kind.THE)
    found = _nth_list(cursor) or (None if japanese else _days_of_month(cursor))
    if found is None:
        return None
    monthly = cursor.look()
    if monthly.kind is Kind.EVERY and monthly.value == Unit.MONTHS:
        cursor.at += 1
        return found
    return found if japanese else None


def _nth_list(cursor: Cursor) -> Recurring | None:
    numbers: list[int] = []
    cursor.take(Kind.THE)
    while True:
        start = cursor.at
        if numbers:
            cursor.take(*_JOINTS)
        whole = nth_weekday(cursor)
        if whole is not None:
            return _nth_rule([*numbers, whole[0]], [whole[1], *_more(cursor)])
        cursor.at = start
        cursor.take(*_JOINTS) if numbers else None
        number = _nth_number(cursor, first=not numbers)
        if number is None:
            return None
        numbers.append(number)
        weekday = cursor.take(Kind.WEEKDAY)
        if weekday is not None:
            return _nth_rule(numbers, [weekday.value, *_more(cursor)])
        if len(numbers) > 5:
            return None


def _more(cursor: Cursor) -> list[int]:
    """第1土曜・日曜."""
    start = cursor.at
    if cursor.take(Kind.MIDDOT, Kind.AND) and cursor.look().kind is Kind.WEEKDAY:
        return _weekday_list(cursor)
    cursor.at = start
    return []


def _nth_number(cursor: Cursor, *, first: bool) -> int | None:
    marked = cursor.take(Kind.NTH)
    token = cursor.take(Kind.NUMBER, *_ORDINALS)
    if token is None or (token.kind is Kind.NUMBER and first and marked is None):
        return None
    return token.value if -1 <= token.value <= 5 and token.value else None


def _nth_rule(numbers: list[int], weekdays: list[int]) -> Recurring | None:
    if any(not (1 <= number <= 5 or number == -1) for number in numbers):
        return None
    pairs = [f"{number}{CODES[day]}" for number in numbers for day in weekdays]
    return _rule(Unit.MONTHS, BYDAY=",".join(pairs))


def _days_of_month(cursor: Cursor) -> Recurring | None:
    """毎月5日・20日, 毎月末, on the 15th."""
    part = cursor.take(Kind.PART)
    if part is not None:
        return _rule(Unit.MONTHS, BYMONTHDAY="-1") if part.text.startswith("末") else None
    days: list[str] = []
    while True:
        start = cursor.at
        cursor.take(*_JOINTS) if days else cursor.take(Kind.THE)
        number = cursor.take(Kind.NUMBER, Kind.ORDINAL, Kind.ORDINAL_WORD)
        marked = number and (number.kind is not Kind.NUMBER or cursor.take(Kind.DAY))
        if number is None or not marked or not is_day(number.value):
            cursor.at = start
            break
        days.append(str(number.value))
    return _rule(Unit.MONTHS, BYMONTHDAY=",".join(days)) if days else None


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
    return _rule(Unit.YEARS, BYMONTH=str(month.value), BYMONTHDAY=str(day))


def _with_exceptions(cursor: Cursor, found: Recurring) -> Recurring:
    """(祝日を除く), except Sundays; steps over them."""
    start = cursor.at
    cursor.take(Kind.OPEN, Kind.COMMA)
    lead = cursor.take(Kind.EXCEPT)
    holiday = cursor.take(Kind.HOLIDAY)
    joint = cursor.take(*_JOINTS) if holiday else None
    days = _weekday_list(cursor) if holiday is None or joint else []
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
