"""Days that go on: ranges (June 4-6, 12/28〜1/3), lists with one month for all (5/1, 8, 15日)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kioku_vlm.dates.calendar_limits import is_day, is_day_of
from kioku_vlm.dates.english_days import english_day, take_year
from kioku_vlm.dates.japanese_days import japanese_day
from kioku_vlm.dates.numeric_days import numeric_day
from kioku_vlm.dates.relative_days import relative_day
from kioku_vlm.dates.shape import Day, Found, MonthPart, Nth, Shape, Shift, Stretch
from kioku_vlm.dates.tokens import Cursor, Kind, Token
from kioku_vlm.dates.weekday_rules import weekday_after

_RANGE = (Kind.WAVE, Kind.DASH, Kind.FROM, Kind.TILL)
_LIST = (Kind.MIDDOT, Kind.COMMA, Kind.AND, Kind.SLASH)
_AFTER_PLAIN = frozenset(_LIST) | {
    *(Kind.NEWLINE, Kind.END, Kind.DAY, Kind.WEEKDAY, Kind.CLOSE, Kind.WAVE, Kind.MARK),
    *(Kind.OPEN, Kind.DOT, Kind.WORD, Kind.TILL),
}
_NUMBERS = (Kind.NUMBER, Kind.ORDINAL, Kind.ORDINAL_WORD)
_DAYS = (Day, Shift, Nth, MonthPart)
_READERS: tuple[Callable[[Cursor], Shape | None], ...] = (
    japanese_day, numeric_day, english_day, relative_day,
)  # fmt: skip


def continued(cursor: Cursor, first: Found) -> list[Found]:
    """A day and what its range or list adds, the cursor behind all of it."""
    if not isinstance(first.shape, _DAYS):
        return [first]
    found = [first]
    while True:
        cursor.at = found[-1].end
        following = _following(cursor, found[-1])
        if following is None:
            cursor.at = found[-1].end
            return found
        if isinstance(following.shape, Stretch):
            found[-1] = following
            continue
        found.append(following)
        _backfill(found)


def _backfill(found: list[Found]) -> None:
    """July 3rd & 4th, 2026: the year behind the last day is that of all."""
    last = found[-1].shape
    if not isinstance(last, Day) or last.year is None:
        return
    for at, one in enumerate(found):
        if isinstance(one.shape, Day) and one.shape.year is None and one.shape.month is not None:
            found[at] = replace(one, shape=replace(one.shape, year=last.year))


def _following(cursor: Cursor, last: Found) -> Found | None:
    if isinstance(last.shape, Stretch):
        return _listed(cursor, last.shape.last)
    ranged = _ranged(cursor, last)
    if ranged is not None:
        return ranged
    cursor.at = last.end
    return _listed(cursor, last.shape)


def _ranged(cursor: Cursor, first: Found) -> Found | None:
    shape = first.shape
    if not isinstance(shape, _DAYS) or cursor.take(*_RANGE) is None:
        return None
    cursor.take(Kind.FOLLOWING_DAY) if cursor.look().text == "翌" else None
    last = _next_day(cursor, shape)
    if last is None or (isinstance(last, MonthPart) != isinstance(shape, MonthPart)):
        return None
    if isinstance(last, Day) and last.listed and isinstance(shape, Day) and shape.year is None:
        year = take_year(cursor) if not cursor.japanese else None
        shape = replace(shape, year=year)
    if cursor.look().kind is Kind.TILL and cursor.look().text[0] > "z":
        cursor.at += cursor.look().text in ("まで", "迄")
    return Found(first.begin, cursor.at, Stretch(shape, last))


def _listed(cursor: Cursor, last: Shape) -> Found | None:
    """Another day of the same month; a day that names its month is found by itself."""
    if not isinstance(last, Day) or cursor.take(*_LIST) is None:
        return None
    cursor.take(Kind.AND) if cursor.look(-1).kind is Kind.COMMA else None
    begin = cursor.at
    following = _next_day(cursor, last)
    if isinstance(following, Day) and following.listed:
        if not cursor.japanese:
            following = replace(following, year=take_year(cursor))
        return Found(begin, cursor.at, following)
    return None


def _next_day(cursor: Cursor, before: Shape) -> Day | Shift | Nth | MonthPart | None:
    start = cursor.at
    plain = _plain_day(cursor, before)
    if plain is not None:
        return plain
    for reader in _READERS:
        cursor.at = start
        shape = reader(cursor)
        if isinstance(shape, Day) and shape.month is None and shape.month_shift is None:
            return replace(shape, listed=True)
        if isinstance(shape, _DAYS):
            return shape
    return None


def _plain_day(cursor: Cursor, before: Shape) -> Day | None:
    """A number that only its place in the list makes a day."""
    start = cursor.at
    cursor.take(Kind.THE)
    number = cursor.take(*_NUMBERS)
    if number is None or not isinstance(before, Day) or not _is_plain(cursor, number, before):
        cursor.at = start
        return None
    cursor.take(Kind.DAY)
    return Day(day=number.value, weekday=weekday_after(cursor), listed=True, by="list")


def _is_plain(cursor: Cursor, number: Token, before: Day) -> bool:
    after = cursor.look()
    if not is_day(number.value) or len(number.text) > 4 or after.kind not in _AFTER_PLAIN:
        return False
    if after.kind is Kind.DAY:
        return cursor.look(1).kind not in (Kind.SPACE_OF_TIME, Kind.AFTER, Kind.AGO, Kind.DAY)
    if number.kind is not Kind.NUMBER:
        return True
    if after.kind is Kind.WEEKDAY:
        return after.text[0] in "([【" or after.text[0] <= "z" or after.text[-1] in ")]】"
    ascends = number.value > before.day and (before.month is not None or before.listed)
    return ascends and not _counts(cursor, after)


def _counts(cursor: Cursor, after: Token) -> bool:
    """May 3, 4 people; 5/1, 2.5: the number is none of a list."""
    if after.kind in (Kind.SLASH, Kind.DOT):
        return cursor.look(1).kind is Kind.NUMBER
    listed = cursor.look(-2).kind in (Kind.COMMA, Kind.AND)
    return after.kind is Kind.WORD and (listed or not after.gap or cursor.japanese)


def leading_days(cursor: Cursor) -> Shape | None:
    """4-6 June, 3 until 12 of Sept, 4 to 22 this month: the month stands behind the last day."""
    first = cursor.take(*_NUMBERS)
    tie = cursor.take(*_RANGE, Kind.AND, Kind.SLASH)
    start = cursor.at
    if first is None or tie is None or not is_day(first.value):
        return None
    last = english_day(cursor)
    if last is None:
        cursor.at = start
        last = _with_month(cursor)
    if not isinstance(last, Day) or (last.month is None and last.month_shift is None):
        return None
    if last.month is not None and not is_day_of(last.month, first.value):
        return None
    if first.value >= last.day or cursor.look(start - cursor.at).kind not in _NUMBERS:
        return None
    return Stretch(replace(last, day=first.value, weekday=None), last)


def _with_month(cursor: Cursor) -> Day | None:
    """22 this month."""
    number = cursor.take(*_NUMBERS)
    cursor.take(Kind.OF)
    month = cursor.take(Kind.RELATIVE_MONTH)
    if number is None or month is None or not is_day(number.value):
        return None
    return Day(day=number.value, month_shift=month.value)
