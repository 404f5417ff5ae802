"""Times of day: 10時半, 午後7時〜9時, 25:30, 7-9pm, half past eight, noon; 18時〜 stays open."""

from __future__ import annotations

from dataclasses import dataclass

from kioku_vlm.dates.lexicon import Meridiem
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.shape import Times
from kioku_vlm.dates.tokens import Cursor, Kind, Token

_HALF_DAY, _DAY = 720, 1440
_LAST_HOUR = 30
_TIES = (Kind.WAVE, Kind.DASH, Kind.TILL, Kind.FROM, Kind.AND)
_ENDS = (Kind.NEWLINE, Kind.END, Kind.COMMA, Kind.DOT, Kind.CLOSE)


@dataclass(frozen=True)
class _Time:
    minutes: int
    meridiem: Meridiem | None = None
    approximate: bool = False
    weak: bool = False
    """A bare hour that only its neighbour makes a time (from 9 to 5pm)."""


def times(cursor: Cursor) -> Times | None:
    """A time of day or a range of times; steps over what belongs to it."""
    opened = cursor.take(Kind.FROM)
    till = cursor.take(Kind.WAVE) if opened is None else None
    first = _time(cursor)
    if first is None:
        return None
    if till is not None:
        return None if first.weak else Times(first.minutes, approximate=first.approximate, cue=Cue.END)
    last = _last(cursor)
    if last is None:
        return _single(cursor, first)
    return _ranged(first, last)


def _single(cursor: Cursor, first: _Time) -> Times | None:
    if first.weak:
        return None
    end = cursor.look()
    japanese_till = end.kind is Kind.TILL and end.text[0] > "z"
    cursor.take(Kind.WAVE)
    if japanese_till:
        cursor.at += 1
    return Times(
        first.minutes, approximate=first.approximate, cue=Cue.END if japanese_till else Cue.NONE
    )


def _last(cursor: Cursor) -> _Time | None:
    """The end of a range, or None with the cursor where it was."""
    start = cursor.at
    tie = cursor.take(*_TIES)
    if tie is None or (tie.kind is Kind.AND and not _between(cursor, start)):
        cursor.at = start
        return None
    last = _time(cursor)
    if last is None:
        cursor.at = start
        return None
    if cursor.look().kind is Kind.TILL and cursor.look().text[0] > "z":
        cursor.at += 1
    return last


def _between(cursor: Cursor, at: int) -> bool:
    return any(token.text == "between" for token in cursor.tokens[max(0, at - 6) : at])


def _ranged(first: _Time, last: _Time) -> Times | None:
    if first.weak and last.weak:
        return None
    start, end = first.minutes, last.minutes
    if last.meridiem is Meridiem.PM and first.meridiem is None and start + _HALF_DAY <= end:
        start += _HALF_DAY if first.weak or start < 8 * 60 else 0
    if first.meridiem is not None and last.meridiem is None:
        if end <= start and end < _HALF_DAY < end + _HALF_DAY and end + _HALF_DAY > start:
            end += _HALF_DAY
        elif first.meridiem is Meridiem.PM and end < start:
            end += _DAY
    if end <= start:
        later = end + _HALF_DAY
        end = later if later > start and end < _HALF_DAY and last.meridiem is None else end + _DAY
    return Times(start, end, first.approximate or last.approximate)


def _time(cursor: Cursor) -> _Time | None:
    about = cursor.take(Kind.ABOUT)
    next_day = _DAY if cursor.look().text == "翌" and cursor.take(Kind.FOLLOWING_DAY) else 0
    found = _worded(cursor) or _counted(cursor)
    if found is None:
        return None
    late = cursor.take(Kind.ABOUT)
    approximate = about is not None or late is not None
    return _Time(found.minutes + next_day, found.meridiem, approximate, found.weak)


def _worded(cursor: Cursor) -> _Time | None:
    """Noon, midnight, half past eight, quarter to nine."""
    noon = cursor.take(Kind.NOON)
    if noon is not None:
        return _Time(noon.value, Meridiem.PM if noon.value else None)
    start = cursor.at
    offset = _past(cursor)
    hour = cursor.take(Kind.NUMBER, Kind.NUMBER_WORD) if offset is not None else None
    if offset is not None and hour is not None and 1 <= hour.value <= 12:
        cursor.take(Kind.O_CLOCK)
        return _with_meridiem(hour.value * 60 + offset, None, cursor)
    cursor.at = start
    return None


def _past(cursor: Cursor) -> int | None:
    """Minutes that "half past", "ten past" or "quarter to" add to the hour that follows."""
    half = cursor.look()
    if half.kind is Kind.HALF and half.value:
        cursor.at += 1
        return half.value
    number = cursor.take(Kind.NUMBER, Kind.NUMBER_WORD)
    token = cursor.take(Kind.PAST, Kind.TO_HOUR)
    if token is None and number is not None and cursor.look().text == "past":
        cursor.at += 1
        return number.value if number.value < 60 else None
    if token is None or (number is None) != bool(token.value):
        return None
    minutes = number.value if number is not None else token.value
    if not 0 < minutes < 60:
        return None
    return minutes if token.kind is Kind.PAST else -minutes


def _counted(cursor: Cursor) -> _Time | None:
    prefix = cursor.take(Kind.MERIDIEM)
    cursor.take(Kind.OF) if prefix else None
    hour = cursor.take(Kind.NUMBER)
    if hour is None:
        return _in_words(cursor, prefix)
    if not 0 <= hour.value <= _LAST_HOUR or len(hour.text) > 2:
        return _run_together(cursor, hour) if prefix is None else None
    minutes = _minutes(cursor, hour)
    if minutes is None:
        return _bare(cursor, hour, prefix)
    return _with_meridiem(minutes, prefix, cursor)


def _in_words(cursor: Cursor, prefix: Token | None) -> _Time | None:
    """Seven thirty pm, eight o'clock."""
    hour = cursor.take(Kind.NUMBER_WORD)
    if hour is None or not 1 <= hour.value <= 24:
        return None
    minute = cursor.take(Kind.NUMBER_WORD)
    told = cursor.take(Kind.O_CLOCK) or prefix or cursor.look().kind is Kind.MERIDIEM
    if not told or (minute is not None and minute.value > 59):
        return None
    return _with_meridiem(hour.value * 60 + (minute.value if minute else 0), prefix, cursor)


def _run_together(cursor: Cursor, number: Token) -> _Time | None:
    """340pm."""
    if len(number.text) not in (3, 4) or cursor.look().kind is not Kind.MERIDIEM:
        return None
    hour, minute = divmod(number.value, 100)
    if cursor.look().gap or not 1 <= hour <= 12 or minute > 59:
        return None
    return _with_meridiem(hour * 60 + minute, None, cursor)


def _minutes(cursor: Cursor, hour: Token) -> int | None:
    """Minutes after midnight where the mark of an hour follows (:30, 時半, h30)."""
    if cursor.look().kind is Kind.COLON:
        return _after_colon(cursor, hour)
    mark = cursor.take(Kind.HOUR)
    if mark is None:
        return _dotted(cursor, hour)
    if cursor.take(Kind.HALF):
        return hour.value * 60 + 30
    start = cursor.at
    minute = cursor.take(Kind.NUMBER) if mark.text in ("時", "点") or not cursor.look().gap else None
    if minute is not None and minute.value < 60 and cursor.take(Kind.MINUTE):
        _skip_seconds(cursor)
        sign = -1 if cursor.take(Kind.AGO) else 1
        return hour.value * 60 + sign * minute.value
    if minute is None or len(minute.text) != 2 or minute.value > 59 or mark.text in ("時", "点"):
        cursor.at = start
    else:
        return hour.value * 60 + minute.value
    return hour.value * 60


def _skip_seconds(cursor: Cursor) -> None:
    if cursor.sees(Kind.NUMBER, Kind.SECOND):
        cursor.at += 2


def _after_colon(cursor: Cursor, hour: Token) -> int | None:
    minute = cursor.look(1)
    tight = not cursor.look().gap or not minute.gap
    if minute.kind is not Kind.NUMBER or len(minute.text) != 2 or minute.value > 59 or not tight:
        return None
    cursor.at += 2
    if cursor.sees(Kind.COLON, Kind.NUMBER) and len(cursor.look(1).text) == 2:
        cursor.at += 2
    return None if cursor.look().kind is Kind.COLON else hour.value * 60 + minute.value


def _dotted(cursor: Cursor, hour: Token) -> int | None:
    """10.30am."""
    if cursor.sees(Kind.DOT, Kind.NUMBER, Kind.MERIDIEM) and len(cursor.look(1).text) == 2:
        minute = cursor.look(1).value
        cursor.at += 2
        return hour.value * 60 + minute if minute < 60 else None
    return None


def _bare(cursor: Cursor, hour: Token, prefix: Token | None) -> _Time | None:
    """7pm, 9 o'clock; a naked hour counts only beside another time."""
    if cursor.take(Kind.O_CLOCK):
        return _with_meridiem(hour.value * 60, prefix, cursor)
    after = cursor.look()
    if after.kind is Kind.MERIDIEM and after.text[0] <= "z" and hour.value <= 12:
        return _with_meridiem(hour.value * 60, prefix, cursor)
    if prefix is not None and prefix.text[0] > "z":
        return None
    at = cursor.look(-2).text == "at" and after.kind in _ENDS
    weak = not at
    if hour.value > 24 or (after.kind in (Kind.SLASH, Kind.MONTH, Kind.DAY) and not after.gap):
        return None
    return _with_meridiem(hour.value * 60, prefix, cursor, weak=weak)


def _with_meridiem(
    minutes: int, prefix: Token | None, cursor: Cursor, *, weak: bool = False
) -> _Time | None:
    suffix = cursor.look()
    named = prefix
    if suffix.kind is Kind.MERIDIEM and suffix.text[0] <= "z":
        cursor.at += 1
        named = suffix
    if named is None:
        return _Time(minutes, weak=weak)
    return _Time(_shifted(minutes, Meridiem(named.value)), Meridiem(named.value))


def _shifted(minutes: int, meridiem: Meridiem) -> int:
    """Minutes after midnight of a time on a clock with twelve hours."""
    if minutes >= _HALF_DAY + 60:
        return minutes
    match meridiem:
        case Meridiem.AM:
            return minutes - _HALF_DAY if minutes >= _HALF_DAY else minutes
        case Meridiem.PM:
            return minutes if minutes >= _HALF_DAY else minutes + _HALF_DAY
        case Meridiem.MORNING:
            return minutes
        case Meridiem.NIGHT:
            return _at_night(minutes)


def _at_night(minutes: int) -> int:
    """夜7時 is 19:00, 夜12時 the end of the day, 深夜1時 after it."""
    if minutes >= _HALF_DAY:
        return minutes + _HALF_DAY
    return minutes + (_HALF_DAY if minutes >= 5 * 60 else _DAY)
