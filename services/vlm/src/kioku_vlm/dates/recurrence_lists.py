"""Lists of weekdays, of nth weekdays and of days of the month, as parts of RFC 5545 rules."""

from __future__ import annotations

from kioku_vlm.dates.calendar_limits import is_day
from kioku_vlm.dates.japanese_days import nth_weekday
from kioku_vlm.dates.lexicon import Unit
from kioku_vlm.dates.lexicon_ja import WEEKDAY_CHARACTERS
from kioku_vlm.dates.shape import Recurring
from kioku_vlm.dates.tokens import Cursor, Kind

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ORDINALS = (Kind.ORDINAL, Kind.ORDINAL_WORD, Kind.LAST)
JOINTS = (Kind.MIDDOT, Kind.COMMA, Kind.AND, Kind.SLASH)
_LONGEST = 31
"""Items of a list: a rule that reads on and on and then puts the cursor back would take long."""
_FREQUENCY = {
    Unit.DAYS: "DAILY",
    Unit.WEEKS: "WEEKLY",
    Unit.MONTHS: "MONTHLY",
    Unit.YEARS: "YEARLY",
}


def rule_of(unit: Unit, interval: int = 1, **parts: str) -> Recurring:
    fields = [f"FREQ={_FREQUENCY[unit]}"]
    fields += [f"INTERVAL={interval}"] if interval > 1 else []
    fields += [f"{name}={value}" for name, value in parts.items()]
    return Recurring(";".join(fields))


def weekday_list(cursor: Cursor) -> list[int]:
    """Weekdays with joints between them (月・水・金曜, Tuesday and Friday); steps over them."""
    days: list[int] = []
    while len(days) < _LONGEST:
        start = cursor.at
        if days:
            cursor.take(*JOINTS)
        day = _one_weekday(cursor)
        if not day:
            cursor.at = start
            break
        days.extend(day)
    return sorted(set(days))


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


def nth_list(cursor: Cursor) -> Recurring | None:
    numbers: list[int] = []
    cursor.take(Kind.THE)
    while True:
        start = cursor.at
        if numbers:
            cursor.take(*JOINTS)
        whole = nth_weekday(cursor)
        if whole is not None:
            return _nth_rule([*numbers, whole[0]], [whole[1], *_more(cursor)])
        cursor.at = start
        cursor.take(*JOINTS) if numbers else None
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
        return weekday_list(cursor)
    cursor.at = start
    return []


def _nth_number(cursor: Cursor, *, first: bool) -> int | None:
    marked = cursor.take(Kind.NTH)
    token = cursor.take(Kind.NUMBER, *ORDINALS)
    if token is None or (token.kind is Kind.NUMBER and first and marked is None):
        return None
    return token.value if -1 <= token.value <= 5 and token.value else None


def _nth_rule(numbers: list[int], weekdays: list[int]) -> Recurring | None:
    if any(not (1 <= number <= 5 or number == -1) for number in numbers):
        return None
    pairs = [f"{number}{CODES[day]}" for number in numbers for day in weekdays]
    return rule_of(Unit.MONTHS, BYDAY=",".join(pairs))


def days_of_month(cursor: Cursor) -> Recurring | None:
    """毎月5日・20日, 毎月末, on the 15th."""
    part = cursor.take(Kind.PART)
    if part is not None:
        return rule_of(Unit.MONTHS, BYMONTHDAY="-1") if part.text.startswith("末") else None
    days: list[str] = []
    while len(days) < _LONGEST:
        start = cursor.at
        cursor.take(*JOINTS) if days else cursor.take(Kind.THE)
        number = cursor.take(Kind.NUMBER, Kind.ORDINAL, Kind.ORDINAL_WORD)
        marked = number and (number.kind is not Kind.NUMBER or cursor.take(Kind.DAY))
        if number is None or not marked or not is_day(number.value):
            cursor.at = start
            break
        days.append(str(number.value))
    return rule_of(Unit.MONTHS, BYMONTHDAY=",".join(days)) if days else None
