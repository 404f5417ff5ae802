"""Days written with numbers and separators: 2026/5/30, R8.5.30, 5/30(土), 30.05.2026, 03/04.

Two numbers with a dot or a dash between them are far more often a version, a score or an address;
they are a day only beside a witness: a weekday, a preposition of time, a time of day.
"""

from __future__ import annotations

from dataclasses import replace

from kioku_vlm.dates.calendar_limits import full_year, is_day_of, is_month, is_year
from kioku_vlm.dates.japanese_days import era_year
from kioku_vlm.dates.shape import Day, MonthPart, Shape
from kioku_vlm.dates.tokens import Cursor, Kind, Token
from kioku_vlm.dates.weekday_rules import weekday_after, weekday_before

_SEPARATORS = (Kind.SLASH, Kind.DOT, Kind.DASH)
_FRACTIONS = {(1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (1, 8)}
_WITNESSES_BEFORE = (Kind.ON, Kind.CUE, Kind.TILL, Kind.FROM, Kind.WEEKDAY, Kind.WAVE)
_WITNESSES_AFTER = (Kind.ON, Kind.TILL, Kind.FROM, Kind.WAVE, Kind.CUE, Kind.MERIDIEM, Kind.NOON)


def numeric_day(cursor: Cursor) -> Shape | None:
    """Two or three numbers with one separator; nothing where a longer row of numbers goes on."""
    begin = cursor.at
    if _in_a_row(cursor):
        return None
    era = cursor.take(Kind.ERA, Kind.ERA_LETTER)
    numbers, separator = _numbers(cursor)
    if separator is None or _goes_on(cursor, separator):
        return None
    if cursor.look(begin - cursor.at - 1).kind is Kind.NEVER or cursor.sees(Kind.NEVER):
        return None
    if len(numbers) == 3:
        return _three(cursor, era, numbers, separator)
    return _two(cursor, begin, numbers, separator) if era is None else None


def numeric_after_weekday(cursor: Cursor) -> Day | None:
    """Sat 6/20."""
    weekday = weekday_before(cursor)
    day = numeric_day(cursor) if weekday is not None else None
    return replace(day, weekday=weekday) if isinstance(day, Day) else None


def _in_a_row(cursor: Cursor) -> bool:
    """銀座5-6-1, A4-5/30, 1/2/3/4: what stands right before makes it something else."""
    here, before = cursor.look(), cursor.look(-1)
    if cursor.at == 0 or here.gap:
        return False
    latin = before.kind is Kind.WORD and before.text.isascii() and before.text.isalnum()
    number = before.kind in (Kind.NUMBER, Kind.SLASH, Kind.ERA_LETTER)
    tied = before.kind in (Kind.DOT, Kind.DASH) and cursor.look(-2).kind is Kind.NUMBER
    broken = tied and cursor.look(1).kind is not Kind.SLASH
    return latin or number or broken


def _numbers(cursor: Cursor) -> tuple[list[Token], Kind | None]:
    first = cursor.take(Kind.NUMBER)
    separator = cursor.take(*_SEPARATORS)
    second = cursor.take(Kind.NUMBER)
    if first is None or separator is None or second is None:
        return [], None
    numbers = [first, second]
    if cursor.look().kind is separator.kind and cursor.look(1).kind is Kind.NUMBER:
        tight = not cursor.look().gap and not cursor.look(1).gap
        if tight or len(first.text) == 4:
            cursor.at += 1
            numbers.append(cursor.look())
            cursor.at += 1
    if (separator.gap or second.gap) and not _spaced(numbers, cursor):
        return [], None
    return numbers, separator.kind


def _spaced(numbers: list[Token], cursor: Cursor) -> bool:
    """5 / 30 (土) and 2026 / 5 / 30; other numbers with spaces around a slash are none."""
    return len(numbers[0].text) == 4 or cursor.look().kind is Kind.WEEKDAY


def _goes_on(cursor: Cursor, separator: Kind) -> bool:
    after = cursor.look()
    if after.kind is Kind.WORD and not after.gap and after.text.isascii() and after.text.isalnum():
        return True
    return after.kind is separator and not after.gap and cursor.look(1).kind is Kind.NUMBER


def _three(cursor: Cursor, era: Token | None, numbers: list[Token], separator: Kind) -> Day | None:
    first, second, third = (number.value for number in numbers)
    if era is not None:
        return _era_day(cursor, era, (first, second, third))
    if len(numbers[0].text) == 4:
        valid = is_year(first) and is_day_of(second, third)
        return _with_weekday(cursor, Day(first, second, third)) if valid else None
    if len(numbers[2].text) == 4 and is_year(third):
        day = _pair(first, second, ordered=False)
        return _with_weekday(cursor, replace(day, year=third)) if day else None
    if [len(number.text) for number in numbers].count(1) == 3 or len(numbers[2].text) != 2:
        return None
    return _short_year(cursor, (first, second, third), separator)


def _era_day(cursor: Cursor, era: Token, numbers: tuple[int, int, int]) -> Day | None:
    year, flags = era_year(era.value, numbers[0])
    letter = era.kind is Kind.ERA_LETTER
    if not is_day_of(numbers[1], numbers[2]) or (letter and flags):
        return None
    return _with_weekday(cursor, Day(year, numbers[1], numbers[2], by="era", flags=flags))


def _short_year(cursor: Cursor, numbers: tuple[int, int, int], separator: Kind) -> Day | None:
    first, second, third = numbers
    year_first = cursor.japanese and is_day_of(second, third)
    witness = cursor.look().kind is Kind.WEEKDAY
    if separator is Kind.DASH and cursor.japanese and not witness:
        return None  # a block address
    if separator is Kind.DOT and not witness and (not year_first or first < 20):
        return None  # a version
    if year_first:
        short = Day(month=second, day=third, short_year=first, flags=("YEAR_ASSUMED",))
        return _with_weekday(cursor, short)
    day = _pair(first, second, ordered=False)
    if day is None:
        return None
    return _with_weekday(cursor, replace(day, year=full_year(third), confidence=0.8))


def _two(
    cursor: Cursor, begin: int, numbers: list[Token], separator: Kind
) -> Day | MonthPart | None:
    if max(len(number.text) for number in numbers) > 2:
        return _month_of_year(numbers, separator)
    first, second = numbers[0].value, numbers[1].value
    day = _pair(first, second, ordered=cursor.japanese)
    witness = _witness(cursor, begin)
    if day is None or (separator is not Kind.SLASH and not witness):
        return None
    if (first, second) in _FRACTIONS and not witness and not _stands_first(cursor, begin):
        return None
    day = replace(day, confidence=1.0 if witness else 0.8 if cursor.japanese else 0.7)
    return _with_weekday(cursor, day)


def _month_of_year(numbers: list[Token], separator: Kind) -> MonthPart | None:
    """2026/5, 2026.5, 5/2026."""
    first, second = numbers
    if len(first.text) == 4 and is_year(first.value) and is_month(second.value):
        return MonthPart(first.value, second.value) if separator is not Kind.DASH else None
    if len(second.text) == 4 and is_year(second.value) and is_month(first.value):
        return MonthPart(second.value, first.value) if separator is Kind.SLASH else None
    return None


def _witness(cursor: Cursor, begin: int) -> bool:
    before, after = cursor.look(begin - cursor.at - 1), cursor.look()
    if begin and before.kind in _WITNESSES_BEFORE and before.text != "at":
        return True
    if after.kind in (Kind.WEEKDAY, Kind.MARK, *_WITNESSES_AFTER):
        return True
    bracketed = after.kind is Kind.OPEN and cursor.look(1).kind is Kind.WEEKDAY
    return bracketed or (
        after.kind is Kind.NUMBER and cursor.look(1).kind in (Kind.COLON, Kind.HOUR)
    )


def _stands_first(cursor: Cursor, begin: int) -> bool:
    """In Japanese 3/4 at the head of a line that goes on is a day in a list of days."""
    before, after = cursor.look(begin - cursor.at - 1), cursor.look()
    heads = begin == 0 or before.kind is Kind.NEWLINE
    return cursor.japanese and heads and after.kind not in (Kind.NEWLINE, Kind.END)


def _pair(first: int, second: int, *, ordered: bool) -> Day | None:
    """Month and day from two numbers, the month first wherever that can be."""
    if is_day_of(first, second):
        swapped = is_day_of(second, first) and first != second
        return Day(month=first, day=second, pair=swapped and not ordered)
    return Day(month=second, day=first) if is_day_of(second, first) else None


def _with_weekday(cursor: Cursor, day: Day) -> Day:
    return replace(day, weekday=weekday_after(cursor))
