"""Days as Japanese writes them: 令和8年5月30日(土), 来月の4日, 7月の第1金曜, 3月中旬."""

from __future__ import annotations

from dataclasses import dataclass

from kioku_vlm.dates.calendar_limits import is_day, is_day_of, is_month
from kioku_vlm.dates.lexicon import Part
from kioku_vlm.dates.lexicon_ja import ERA_LENGTHS
from kioku_vlm.dates.shape import Day, MonthPart, Nth, Shape, YearOnly
from kioku_vlm.dates.tokens import Cursor, Kind, Token
from kioku_vlm.dates.weekday_rules import weekday_after

PART_DAYS = {Part.EARLY: (1, 10), Part.MIDDLE: (11, 20), Part.LATE: (21, 0)}
PART_DAYS |= {Part.LAST_DAY: (0, 0), Part.FIRST_DAY: (1, 1)}
_COUNTERS = "間目回分歳才名人枚個本食泊円限前後以"
_NEVER_BEFORE = (Kind.NTH, Kind.AND, Kind.NUMBER_WORD, Kind.MONTH, Kind.YEAR)
_NEVER_AFTER = (Kind.SPACE_OF_TIME, Kind.AFTER, Kind.AGO, Kind.UNIT, Kind.AHEAD)


@dataclass(frozen=True)
class _Year:
    year: int | None = None
    shift: int | None = None
    by: str = "explicit"
    flags: tuple[str, ...] = ()
    fiscal: bool = False
    told: bool = False
    short: int | None = None


@dataclass(frozen=True)
class _Month:
    month: int | None = None
    shift: int | None = None


def japanese_day(cursor: Cursor) -> Shape | None:
    """A day, an nth weekday, a part of a month, a month or a year, whatever the words reach."""
    lunar = cursor.take(Kind.LUNAR)
    year = _year(cursor)
    month = _month(cursor)
    if not year.told and month is None:
        return None if lunar else _nth_or_bare(cursor)
    if month is None:
        return _year_alone(year)
    shape = _in_month(cursor, year, month)
    if lunar and isinstance(shape, Day):
        return Day(shape.year, shape.month, shape.day, flags=("APPROXIMATE",), confidence=0.3)
    return shape


def _nth_or_bare(cursor: Cursor) -> Shape | None:
    nth = nth_weekday(cursor)
    return Nth(*nth, month_shift=0) if nth is not None else _bare_day(cursor)


def _year_alone(year: _Year) -> YearOnly | None:
    return YearOnly(year.year, year.fiscal) if year.year is not None else None


def _in_month(cursor: Cursor, year: _Year, month: _Month) -> Shape | None:
    start = cursor.at
    cursor.take(Kind.OF)
    day = _day_number(cursor)
    if day is not None:
        return _day(cursor, year, month, day)
    nth = nth_weekday(cursor)
    if nth is not None:
        return Nth(*nth, year.year, month.month, year.shift, month.shift)
    part = cursor.take(Kind.PART)
    if part is None:
        cursor.at = start
    first, last = PART_DAYS[Part(part.value)] if part else (1, 0)
    if part is None and not year.told and month.month is None:
        return None  # 今月 alone says nothing
    return MonthPart(
        year.year, month.month, year.shift, month.shift, first, last, part is not None, year.by,
        year.fiscal,
    )  # fmt: skip


def _day(cursor: Cursor, year: _Year, month: _Month, day: int) -> Day | None:
    if month.month is not None and not is_day_of(month.month, day):
        return None
    number = year.year
    if year.fiscal and number is not None and month.month is not None and month.month < 4:
        number += 1
    return Day(
        number, month.month, day, weekday_after(cursor), year.shift, month.shift,
        year.short, by=year.by, flags=year.flags,
    )  # fmt: skip


def _year(cursor: Cursor) -> _Year:
    start = cursor.at
    relative = cursor.take(Kind.RELATIVE_YEAR)
    if relative is not None:
        cursor.take(Kind.OF)
        return _Year(shift=relative.value, told=True)
    era = cursor.take(Kind.ERA, Kind.ERA_LETTER)
    number = cursor.take(Kind.NUMBER)
    mark = cursor.take(Kind.YEAR, Kind.FISCAL) if number else None
    found = _year_of(cursor, era, number, mark) if number and mark else None
    if found is None:
        cursor.at = start
        return _Year()
    cursor.take(Kind.OF)
    cursor.take(Kind.COMMA) if cursor.look(1).kind is Kind.NUMBER else None
    return found


def _year_of(cursor: Cursor, era: Token | None, number: Token, mark: Token) -> _Year | None:
    fiscal = mark.kind is Kind.FISCAL
    by = "fiscal-year" if fiscal else "explicit"
    if era is not None:
        year, flags = era_year(era.value, number.value)
        return _Year(
            year, by="fiscal-year" if fiscal else "era", flags=flags, fiscal=fiscal, told=True
        )
    if number.value >= 100 and len(number.text) <= 4:
        return _Year(number.value, by=by, fiscal=fiscal, told=True)
    if not 1 <= number.value <= 99 or not cursor.sees(Kind.NUMBER, Kind.MONTH):
        return None
    return _Year(short=number.value, flags=("YEAR_ASSUMED",), told=True)


def era_year(before: int, number: int) -> tuple[int, tuple[str, ...]]:
    """The year of our era, and a flag where the era never had that year."""
    valid = 1 <= number <= ERA_LENGTHS[before]
    return before + number, () if valid else ("INVALID_ERA",)


def _month(cursor: Cursor) -> _Month | None:
    relative = cursor.take(Kind.RELATIVE_MONTH)
    if relative is not None:
        return _Month(shift=relative.value)
    start = cursor.at
    number = cursor.take(Kind.NUMBER)
    if number is not None and is_month(number.value) and cursor.take(Kind.MONTH):
        return _Month(number.value)
    cursor.at = start
    return None


def _day_number(cursor: Cursor) -> int | None:
    start = cursor.at
    number = cursor.take(Kind.NUMBER)
    mark = cursor.take(Kind.DAY, Kind.DAY_OF_MANY) if number else None
    if number and mark and is_day(number.value) and not _counts(cursor.look()):
        return number.value
    cursor.at = start
    return None


def _counts(after: Token) -> bool:
    """3日間, 3日前 and 1日2回 count days."""
    return after.kind in _NEVER_AFTER or (
        after.kind is Kind.WORD and not after.gap and after.text[0] in _COUNTERS
    )


def _bare_day(cursor: Cursor) -> Day | None:
    number = cursor.look()
    if number.kind is not Kind.NUMBER or cursor.look(1).kind is not Kind.DAY:
        return _numbered_weekday(cursor)
    before = cursor.look(-1)
    if cursor.at and before.kind in _NEVER_BEFORE and not number.gap:
        return None
    day = _day_number(cursor)
    if day is None or _once_a_day(cursor):
        return None
    weekday = weekday_after(cursor)
    told = weekday is not None or cursor.look().kind in (Kind.ON, Kind.TILL, Kind.FROM)
    if not told and day <= 10 and not number.text.isascii():
        return None  # 一日 and 三日 are lengths as often as days
    return Day(day=day, weekday=weekday, by="list")


def _once_a_day(cursor: Cursor) -> bool:
    """1日3回, 1日10:00 is no such thing."""
    if not cursor.sees(Kind.NUMBER):
        return False
    return cursor.look(1).kind in (Kind.WORD, Kind.SPACE_OF_TIME, Kind.OPAQUE)


def _numbered_weekday(cursor: Cursor) -> Day | None:
    """31(日): the mark 日 is left out where a weekday follows."""
    number = cursor.take(Kind.NUMBER)
    follows = cursor.look()
    if number is None or not is_day(number.value) or follows.kind is not Kind.WEEKDAY:
        return None
    if follows.text[0] not in "([【〔<「" and follows.text[-1:] not in ")]】":
        return None
    return Day(day=number.value, weekday=weekday_after(cursor), by="list", confidence=0.9)


def nth_weekday(cursor: Cursor) -> tuple[int, int] | None:
    """第2土曜, 第2の土曜, 最終土曜; steps over it."""
    mark = cursor.take(Kind.NTH)
    if mark is None:
        return None
    number = None if mark.value else cursor.take(Kind.NUMBER)
    nth = mark.value or (number.value if number else 0)
    cursor.take(Kind.OF)
    weekday = cursor.take(Kind.WEEKDAY)
    if weekday is None or not (nth == -1 or 1 <= nth <= 5):
        return None
    return nth, weekday.value
