"""Days told from another day: 明後日, 来週の金曜, 3日後, next Friday, in two weeks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kioku_vlm.dates.clock_rules import times
from kioku_vlm.dates.lexicon import Unit
from kioku_vlm.dates.shape import Lasting, Shape, Shift, Stretch
from kioku_vlm.dates.tokens import Cursor, Kind, Token

_COUNTS = (Kind.NUMBER, Kind.NUMBER_WORD)
_UNITS = {Kind.DAY: Unit.DAYS, Kind.YEAR: Unit.YEARS}
_SATURDAY, _SUNDAY = 5, 6
_LONGEST = 9999


@dataclass(frozen=True)
class _Duration:
    shift: Shift
    spans: bool
    """It was written as a stretch (3日間)."""


def relative_day(cursor: Cursor) -> Shape | None:
    """The first reading that fits, of the shapes below."""
    begin = cursor.at
    for rule in (_told_distance, _named_day, _week, _weekend, _weekday):
        cursor.at = begin
        shape = rule(cursor)
        if shape is not None:
            return shape
    return None


def _told_distance(cursor: Cursor) -> Shape | None:
    """So many days after now, or after a day that is named by its distance."""
    now = cursor.take(Kind.NOW)
    inside = cursor.take(Kind.WITHIN) if now is None else None
    if inside is None:
        nth = _nth_weekday_ahead(cursor)
        if nth is not None:
            return nth
    duration = _duration(cursor)
    if duration is None:
        return None
    if inside is not None:
        return duration.shift
    sign = _direction(cursor)
    if sign == 0:
        return _from_now(cursor, duration, now)
    shift = _times(duration.shift, sign)
    base = _base(cursor)
    if base is not None:
        return _added(shift, base)
    return _on_weekday(cursor, shift)


def _from_now(cursor: Cursor, duration: _Duration, now: Token | None) -> Shape | None:
    if now is None:
        return None
    if duration.spans:
        return Lasting(Shift(), max(1, duration.shift.days + 7 * duration.shift.weeks))
    return _on_weekday(cursor, duration.shift)


def _direction(cursor: Cursor) -> int:
    token = cursor.take(Kind.AFTER, Kind.AGO, Kind.AHEAD)
    if token is not None:
        return -1 if token.kind is Kind.AGO else 1
    if cursor.look().text == "before":
        cursor.at += 1
        return -1
    if cursor.look().text in ("from", "after"):
        cursor.at += 1
        return 1
    return 0


def _base(cursor: Cursor) -> Shift | None:
    """Now, or a day such as yesterday, behind "from" or "before"."""
    if cursor.take(Kind.NOW):
        return Shift()
    day = cursor.take(Kind.RELATIVE_DAY)
    return Shift(days=day.value) if day else None


def _on_weekday(cursor: Cursor, shift: Shift) -> Shift:
    """2週後の月曜: that weekday of the week reached."""
    start = cursor.at
    cursor.take(Kind.OF)
    weekday = cursor.take(Kind.WEEKDAY)
    if weekday is None or not shift.weeks:
        cursor.at = start
        return shift
    return replace(shift, weekday=weekday.value)


def _nth_weekday_ahead(cursor: Cursor) -> Shift | None:
    """今から2個先の日曜, two Sundays from now."""
    start = cursor.at
    number = cursor.take(*_COUNTS)
    if number is not None:
        cursor.take(Kind.UNIT)
        ahead = cursor.take(Kind.AHEAD)
        cursor.take(Kind.OF)
        weekday = cursor.take(Kind.WEEKDAY, Kind.WEEKDAYS)
        told = ahead or (weekday and cursor.take(Kind.AFTER))
        if weekday is not None and told:
            cursor.take(Kind.NOW)
            return Shift(days=1, weekday=weekday.value, count=min(number.value, 99))
    cursor.at = start
    return None


def _duration(cursor: Cursor) -> _Duration | None:
    """1か月と21日, two years 21 days: one or more counted units, none of them twice."""
    shift, spans, taken = Shift(), False, 0
    while taken < 4:
        start = cursor.at
        if taken:
            cursor.take(Kind.AND, Kind.COMMA)
        number = cursor.take(*_COUNTS)
        unit = _unit(cursor) if number else None
        if number is None or unit is None or not 0 < number.value <= _LONGEST:
            cursor.at = start
            break
        shift, taken = _extended(shift, unit, number.value), taken + 1
        spans = cursor.look(-1).text.endswith("間") and cursor.look(-1).text != "週間"
    return _Duration(shift, spans) if taken else None


def _unit(cursor: Cursor) -> Unit | None:
    some = cursor.look(-1).text == "数"
    token = cursor.take(Kind.UNIT, Kind.SPACE_OF_TIME, Kind.DAY, Kind.YEAR)
    if token is None and some and cursor.take(Kind.MONTH):
        return Unit.MONTHS
    if token is None or token.text in ("時間", "分間"):
        return None
    if token.text == "年間":
        return Unit.YEARS
    return _UNITS.get(token.kind) or Unit(token.value)


def _extended(shift: Shift, unit: Unit, count: int) -> Shift:
    match unit:
        case Unit.DAYS:
            return replace(shift, days=shift.days + count)
        case Unit.WEEKS:
            return replace(shift, weeks=shift.weeks + count)
        case Unit.MONTHS:
            return replace(shift, months=shift.months + count)
        case Unit.YEARS:
            return replace(shift, years=shift.years + count)
        case Unit.WORKDAYS:
            return replace(shift, workdays=shift.workdays + count)


def _times(shift: Shift, sign: int) -> Shift:
    return Shift(
        sign * shift.days, sign * shift.weeks, sign * shift.months, sign * shift.years,
        sign * shift.workdays,
    )  # fmt: skip


def _added(shift: Shift, base: Shift) -> Shift:
    return replace(shift, days=shift.days + base.days)


def _named_day(cursor: Cursor) -> Shape | None:
    """明日, 翌日; 昨日の2日前; 明日から3日間."""
    token = cursor.take(Kind.RELATIVE_DAY, Kind.FOLLOWING_DAY)
    if token is None or token.text == "翌" or _moved_by_holiday(cursor, token):
        return None
    base = Shift(days=token.value, from_previous=token.kind is Kind.FOLLOWING_DAY)
    start = cursor.at
    joint = cursor.take(Kind.OF, Kind.FROM)
    duration = _duration(cursor) if joint else None
    if joint is not None and duration is not None:
        if joint.kind is Kind.FROM and (duration.spans or cursor.look(-1).text.endswith("間")):
            return Lasting(base, max(1, duration.shift.days + 7 * duration.shift.weeks))
        sign = _direction(cursor) or (1 if joint.kind is Kind.FROM else 0)
        if sign:
            return _added(_times(duration.shift, sign), base)
    cursor.at = start
    return base


def _moved_by_holiday(cursor: Cursor, token: Token) -> bool:
    """祝日の場合は翌日 names no day."""
    if token.kind is not Kind.FOLLOWING_DAY:
        return False
    return any(cursor.look(-back).kind is Kind.HOLIDAY for back in range(2, 8))


def _week(cursor: Cursor) -> Shape | None:
    """来週の金曜, Friday next week, next week on Friday."""
    before = cursor.take(Kind.WEEKDAY)
    cursor.take(Kind.OF, Kind.COMMA) if before else None
    week = cursor.take(Kind.WEEK)
    if week is None:
        return None
    if before is not None:
        return Shift(weeks=week.value, weekday=before.value)
    cursor.take(Kind.OF, Kind.ON)
    if cursor.take(Kind.WEEKEND):
        return _saturday_and_sunday(week.value)
    weekday = cursor.take(Kind.WEEKDAY)
    return Shift(weeks=week.value, weekday=weekday.value) if weekday else None


def _weekend(cursor: Cursor) -> Stretch | None:
    weekend = cursor.take(Kind.WEEKEND)
    return _saturday_and_sunday(weekend.value) if weekend else None


def _saturday_and_sunday(weeks: int) -> Stretch:
    return Stretch(Shift(weeks=weeks, weekday=_SATURDAY), Shift(weeks=weeks, weekday=_SUNDAY))


def _weekday(cursor: Cursor) -> Shift | None:
    """Next Friday, this Saturday, 金曜日."""
    relation = cursor.take(Kind.NEXT, Kind.THIS, Kind.LAST, Kind.AGO)
    if relation is not None and relation.kind is Kind.AGO and cursor.take(Kind.OF) is None:
        return None
    weekday = cursor.take(Kind.WEEKDAY)
    if weekday is None:
        return None
    if relation is None:
        alone = Shift(weekday=weekday.value, count=1, confidence=0.5)
        return alone if _says_a_day(cursor, weekday) else None
    japanese = weekday.text[0] > "z"
    if relation.kind is Kind.NEXT and not japanese:
        return Shift(weeks=1, weekday=weekday.value, either=True, confidence=0.6)
    if relation.kind in (Kind.LAST, Kind.AGO):
        return Shift(weeks=-1, weekday=weekday.value)
    days = 1 if relation.kind is Kind.NEXT else 0
    return Shift(days=days, weekday=weekday.value, count=1)


def _says_a_day(cursor: Cursor, weekday: Token) -> bool:
    """A weekday by itself: no brackets, and no short word (sun, wed) without a time behind it."""
    if weekday.text[0] > "z" or len(weekday.text) > 5:
        return True
    if weekday.text[0] in "([【":
        return False
    start = cursor.at
    cursor.take(Kind.COMMA, Kind.ON)
    timed = times(cursor) is not None
    cursor.at = start
    return timed
