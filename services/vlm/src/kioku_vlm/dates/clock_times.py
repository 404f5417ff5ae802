"""Minutes after midnight from hours, minutes and words such as 午後."""

from __future__ import annotations

from dataclasses import dataclass

from kioku_vlm.dates.lexicon import Meridiem
from kioku_vlm.dates.tokens import Cursor, Kind, Token

HALF_DAY, DAY = 720, 1440


@dataclass(frozen=True)
class ClockTime:
    """A time of day by itself."""

    minutes: int
    meridiem: Meridiem | None = None
    approximate: bool = False
    weak: bool = False
    """A bare hour that only its neighbour makes a time (from 9 to 5pm)."""


def minutes_of(cursor: Cursor, hour: Token) -> int | None:
    """Minutes after midnight where the mark of an hour follows (:30, 時半, h30)."""
    if cursor.look().kind is Kind.COLON:
        return _after_colon(cursor, hour)
    mark = cursor.take(Kind.HOUR)
    if mark is None:
        return _dotted(cursor, hour)
    if cursor.take(Kind.HALF):
        return hour.value * 60 + 30
    start = cursor.at
    minute = (
        cursor.take(Kind.NUMBER) if mark.text in ("時", "点") or not cursor.look().gap else None
    )
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


def with_meridiem(
    minutes: int, prefix: Token | None, cursor: Cursor, *, weak: bool = False
) -> ClockTime | None:
    suffix = cursor.look()
    named = prefix
    if suffix.kind is Kind.MERIDIEM and suffix.text[0] <= "z":
        cursor.at += 1
        named = suffix
    if named is None:
        return ClockTime(minutes, weak=weak)
    return ClockTime(_shifted(minutes, Meridiem(named.value)), Meridiem(named.value))


def _shifted(minutes: int, meridiem: Meridiem) -> int:
    """Minutes after midnight of a time on a clock with twelve hours."""
    if minutes >= HALF_DAY + 60:
        return minutes
    match meridiem:
        case Meridiem.AM:
            return minutes - HALF_DAY if minutes >= HALF_DAY else minutes
        case Meridiem.PM:
            return minutes if minutes >= HALF_DAY else minutes + HALF_DAY
        case Meridiem.MORNING:
            return minutes
        case Meridiem.NIGHT:
            return _at_night(minutes)


def _at_night(minutes: int) -> int:
    """夜7時 is 19:00, 夜12時 the end of the day, 深夜1時 after it."""
    if minutes >= HALF_DAY:
        return minutes + HALF_DAY
    return minutes + (HALF_DAY if minutes >= 5 * 60 else DAY)
