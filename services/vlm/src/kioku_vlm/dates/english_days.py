"""Days as English writes them: Sat 30 May 2026, May 30th, the first Friday in June, next Friday."""

from __future__ import annotations

from dataclasses import replace

from kioku_vlm.dates.calendar_limits import full_year, is_day, is_day_of, is_year
from kioku_vlm.dates.japanese_days import PART_DAYS
from kioku_vlm.dates.lexicon import Part
from kioku_vlm.dates.shape import Day, MonthPart, Nth, Shape
from kioku_vlm.dates.tokens import Cursor, Kind, Token
from kioku_vlm.dates.weekday_rules import weekday_after, weekday_before

_CARDINAL = (Kind.NUMBER, Kind.NUMBER_WORD)
_ORDINAL = (Kind.ORDINAL, Kind.ORDINAL_WORD)
_TIES = (Kind.DASH, Kind.SLASH)
_ENDS = (Kind.NEWLINE, Kind.END, Kind.COMMA, Kind.DOT, Kind.CLOSE, Kind.WORD)
_CLOCKED = (Kind.MERIDIEM, Kind.HOUR, Kind.O_CLOCK)


def english_day(cursor: Cursor) -> Shape | None:
    """The first reading that fits, of the shapes below."""
    begin = cursor.at
    for rule in (_year_first, _named, _nth, _part_of_month, _day_alone):
        cursor.at = begin
        shape = rule(cursor)
        if shape is not None:
            return shape
    return None


def _named(cursor: Cursor) -> Day | MonthPart | None:
    weekday = weekday_before(cursor)
    cursor.take(Kind.THE)
    if cursor.look().kind is Kind.MONTH_NAME:
        return _month_first(cursor, weekday)
    day = take_day(cursor)
    if day is None:
        return None
    if not _to_month(cursor):
        return None
    shift = cursor.take(Kind.RELATIVE_MONTH)
    if shift is not None:
        return Day(day=day, weekday=weekday, month_shift=shift.value)
    month = cursor.take(Kind.MONTH_NAME)
    if month is None or not is_day_of(month.value, day):
        return None
    cursor.take(Kind.DOT) if cursor.look(1).kind in (Kind.NUMBER, Kind.COMMA) else None
    return _finish(cursor, month.value, day, weekday)


def _to_month(cursor: Cursor) -> bool:
    """Steps to a month: 30 of May, 30-May, 20th next month."""
    if cursor.take(Kind.OF) is None:
        cursor.take_tight(*_TIES, Kind.DOT)
    return cursor.look().kind in (Kind.MONTH_NAME, Kind.RELATIVE_MONTH)


def _month_first(cursor: Cursor, weekday: int | None) -> Day | MonthPart | None:
    month = cursor.take(Kind.MONTH_NAME)
    assert month is not None  # noqa: S101 - whoever calls has looked
    cursor.take(Kind.DOT)
    if cursor.look().kind is Kind.COMMA and len(cursor.look(1).text) == 4:
        cursor.at += 1
    tie = cursor.take_tight(*_TIES)
    cursor.take(Kind.THE)
    number = cursor.look()
    if number.kind is Kind.NUMBER and len(number.text) == 4 and is_year(number.value) and not tie:
        cursor.at += 1
        return MonthPart(number.value, month.value)
    start = cursor.at
    day = take_day(cursor)
    if day is None or not is_day_of(month.value, day) or _is_hour(cursor):
        cursor.at = start
        return MonthPart(month=month.value) if weekday is None and not tie else None
    return _finish(cursor, month.value, day, weekday)


def _is_hour(cursor: Cursor) -> bool:
    """Whether the number before is of a time of day: 7pm, 7:30, but not July 31: call us."""
    after, next_one = cursor.look(), cursor.look(1)
    if after.kind is not Kind.COLON:
        return after.kind in _CLOCKED
    return next_one.kind is Kind.NUMBER and not next_one.gap


def _finish(cursor: Cursor, month: int, day: int, weekday: int | None) -> Day:
    year = take_year(cursor)
    if weekday is None:
        weekday = weekday_after(cursor)
        year = year or (take_year(cursor) if weekday is not None else None)
    return Day(year, month, day, weekday)


def take_day(cursor: Cursor) -> int | None:
    """A day of the month in digits or words; steps over it."""
    token = cursor.look()
    if token.kind not in (*_CARDINAL, *_ORDINAL) or not is_day(token.value):
        return None
    if token.kind is Kind.NUMBER_WORD and token.text in ("a", "an", "few", "several"):
        return None
    cursor.at += 1
    return token.value


def take_year(cursor: Cursor) -> int | None:
    """A year behind a day, in digits ('26 too) or words; steps over it."""
    start = cursor.at
    comma = cursor.take(Kind.COMMA)
    cursor.take(Kind.OF)
    tie = None if comma else cursor.take_tight(*_TIES)
    short = cursor.look().text == "'" and cursor.look(1).kind is Kind.NUMBER
    cursor.at += short
    number = cursor.take(Kind.NUMBER, Kind.NUMBER_WORD)
    year = _year_of(cursor, number, short=short or tie is not None) if number else None
    if year is None:
        cursor.at = start
    return year


def _year_of(cursor: Cursor, number: Token, *, short: bool) -> int | None:
    if number.kind is Kind.NUMBER:
        if len(number.text) == 4 and is_year(number.value):
            return None if cursor.look().kind is Kind.COLON else number.value
        return full_year(number.value) if short and len(number.text) == 2 else None
    rest = cursor.take(Kind.NUMBER_WORD)
    if number.value == 2000:
        return 2000 + (rest.value if rest else 0)
    century = number.value * 100 if 10 <= number.value <= 29 and rest else 0
    return century + rest.value if rest and is_year(century) else None


def _year_first(cursor: Cursor) -> Day | None:
    """2019-sep-1, 2026 May 30."""
    year = cursor.take(Kind.NUMBER)
    if year is None or len(year.text) != 4 or not is_year(year.value):
        return None
    cursor.take(*_TIES, Kind.COMMA)
    month = cursor.take(Kind.MONTH_NAME)
    cursor.take(*_TIES, Kind.DOT)
    day = take_day(cursor) if month else None
    if month is None or day is None or not is_day_of(month.value, day):
        return None
    return Day(year.value, month.value, day, weekday_after(cursor))


def _nth(cursor: Cursor) -> Nth | None:
    """The second Monday of next month; without a month only where words say the number."""
    cursor.take(Kind.THE)
    token = cursor.take(*_ORDINAL, Kind.LAST)
    weekday = cursor.take(Kind.WEEKDAY) if token else None
    if token is None or weekday is None or not -1 <= token.value <= 5:
        return None
    start = cursor.at
    cursor.take(Kind.OF, Kind.WITHIN)
    month = cursor.take(Kind.MONTH_NAME, Kind.RELATIVE_MONTH)
    if month is None:
        cursor.at = start
        alone = token.kind is Kind.ORDINAL_WORD
        return Nth(token.value, weekday.value, month_shift=0) if alone else None
    if month.kind is Kind.RELATIVE_MONTH:
        return Nth(token.value, weekday.value, month_shift=month.value)
    return Nth(token.value, weekday.value, take_year(cursor), month.value)


def _part_of_month(cursor: Cursor) -> MonthPart | None:
    """Mid-March, end of May 2026."""
    part = cursor.take(Kind.PART)
    cursor.take(Kind.DASH)
    month = cursor.take(Kind.MONTH_NAME, Kind.RELATIVE_MONTH) if part else None
    if part is None or month is None:
        return None
    first, last = PART_DAYS[Part(part.value)]
    whole = MonthPart(first=first, last=last, told=True)
    if month.kind is Kind.RELATIVE_MONTH:
        return replace(whole, month_shift=month.value)
    return replace(whole, month=month.value, year=take_year(cursor))


def _day_alone(cursor: Cursor) -> Day | None:
    """Thursday the 21st, the 27th; a bare number only after "the" where the phrase ends."""
    preposition = cursor.look(-1).text in ("on", "for", "by", "until", "before", "after", "from")
    weekday = weekday_before(cursor)
    the = cursor.take(Kind.THE) is not None or cursor.look(-1).kind is Kind.THE
    token = cursor.look()
    day = take_day(cursor)
    if day is None or _is_hour(cursor):
        return None
    if weekday is not None and (token.kind in _ORDINAL or the or _closes(cursor)):
        return Day(day=day, weekday=weekday, by="list")
    numbered = token.kind is Kind.ORDINAL or (preposition and token.kind is Kind.NUMBER)
    ends = cursor.look().kind in _ENDS[:5]
    if (
        the
        and (numbered or token.kind is Kind.ORDINAL_WORD)
        and (ends or token.kind is Kind.ORDINAL)
    ):
        return Day(day=day, weekday=weekday_after(cursor), by="list", confidence=0.6)
    return None


def _closes(cursor: Cursor) -> bool:
    return cursor.look().kind in (Kind.NEWLINE, Kind.END)
