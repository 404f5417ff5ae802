"""Times of day: 10時半, 午後7時〜9時, 25:30, 7-9pm, half past eight, noon; 18時〜 stays open."""

from __future__ import annotations

from kioku_vlm.dates.clock_times import DAY, HALF_DAY, ClockTime, minutes_of, with_meridiem
from kioku_vlm.dates.lexicon import Meridiem
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.shape import Times
from kioku_vlm.dates.tokens import Cursor, Kind, Token

_LAST_HOUR = 30
_TIES = (Kind.WAVE, Kind.DASH, Kind.TILL, Kind.FROM, Kind.AND)
_ENDS = (Kind.NEWLINE, Kind.END, Kind.COMMA, Kind.DOT, Kind.CLOSE)


def times(cursor: Cursor) -> Times | None:
    """A time of day or a range of times; steps over what belongs to it."""
    opened = cursor.take(Kind.FROM)
    till = cursor.take(Kind.WAVE) if opened is None else None
    first = _time(cursor)
    if first is None:
        return None
    if till is not None:
        return (
            None if first.weak else Times(first.minutes, approximate=first.approximate, cue=Cue.END)
        )
    last = _last(cursor)
    if last is None:
        return _single(cursor, first)
    return _ranged(first, last)


def _single(cursor: Cursor, first: ClockTime) -> Times | None:
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


def _last(cursor: Cursor) -> ClockTime | None:
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


def _ranged(first: ClockTime, last: ClockTime) -> Times | None:
    if first.weak and last.weak:
        return None
    start, end = first.minutes, last.minutes
    if last.meridiem is Meridiem.PM and first.meridiem is None and start + HALF_DAY <= end:
        start += HALF_DAY if first.weak or start < 8 * 60 else 0
    if first.meridiem is not None and last.meridiem is None:
        if end <= start and end < HALF_DAY < end + HALF_DAY and end + HALF_DAY > start:
            end += HALF_DAY
        elif first.meridiem is Meridiem.PM and end < start:
            end += DAY
    if end <= start:
        later = end + HALF_DAY
        end = later if later > start and end < HALF_DAY and last.meridiem is None else end + DAY
    return Times(start, end, first.approximate or last.approximate)


def _time(cursor: Cursor) -> ClockTime | None:
    about = cursor.take(Kind.ABOUT)
    next_day = DAY if cursor.look().text == "翌" and cursor.take(Kind.FOLLOWING_DAY) else 0
    found = _worded(cursor) or _counted(cursor)
    if found is None:
        return None
    late = cursor.take(Kind.ABOUT)
    approximate = about is not None or late is not None
    return ClockTime(found.minutes + next_day, found.meridiem, approximate, found.weak)


def _worded(cursor: Cursor) -> ClockTime | None:
    """Noon, midnight, half past eight, quarter to nine."""
    noon = cursor.take(Kind.NOON)
    if noon is not None:
        return ClockTime(noon.value, Meridiem.PM if noon.value else None)
    start = cursor.at
    offset = _past(cursor)
    hour = cursor.take(Kind.NUMBER, Kind.NUMBER_WORD) if offset is not None else None
    if offset is not None and hour is not None and 1 <= hour.value <= 12:
        cursor.take(Kind.O_CLOCK)
        return with_meridiem(hour.value * 60 + offset, None, cursor)
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


def _counted(cursor: Cursor) -> ClockTime | None:
    prefix = cursor.take(Kind.MERIDIEM)
    cursor.take(Kind.OF) if prefix else None
    hour = cursor.take(Kind.NUMBER)
    if hour is None:
        return _in_words(cursor, prefix)
    if not 0 <= hour.value <= _LAST_HOUR or len(hour.text) > 2:
        return _run_together(cursor, hour) if prefix is None else None
    minutes = minutes_of(cursor, hour)
    if minutes is None:
        return _bare(cursor, hour, prefix)
    return with_meridiem(minutes, prefix, cursor)


def _in_words(cursor: Cursor, prefix: Token | None) -> ClockTime | None:
    """Seven thirty pm, eight o'clock."""
    hour = cursor.take(Kind.NUMBER_WORD)
    if hour is None or not 1 <= hour.value <= 24:
        return None
    minute = cursor.take(Kind.NUMBER_WORD)
    told = cursor.take(Kind.O_CLOCK) or prefix or cursor.look().kind is Kind.MERIDIEM
    if not told or (minute is not None and minute.value > 59):
        return None
    return with_meridiem(hour.value * 60 + (minute.value if minute else 0), prefix, cursor)


def _run_together(cursor: Cursor, number: Token) -> ClockTime | None:
    """340pm."""
    if len(number.text) not in (3, 4) or cursor.look().kind is not Kind.MERIDIEM:
        return None
    hour, minute = divmod(number.value, 100)
    if cursor.look().gap or not 1 <= hour <= 12 or minute > 59:
        return None
    return with_meridiem(hour * 60 + minute, None, cursor)


def _bare(cursor: Cursor, hour: Token, prefix: Token | None) -> ClockTime | None:
    """7pm, 9 o'clock; a naked hour counts only beside another time."""
    if cursor.take(Kind.O_CLOCK):
        return with_meridiem(hour.value * 60, prefix, cursor)
    after = cursor.look()
    if after.kind is Kind.MERIDIEM and after.text[0] <= "z" and hour.value <= 12:
        return with_meridiem(hour.value * 60, prefix, cursor)
    if prefix is not None and prefix.text[0] > "z":
        return None
    at = cursor.look(-2).text == "at" and after.kind in _ENDS
    weak = not at
    if hour.value > 24 or (after.kind in (Kind.SLASH, Kind.MONTH, Kind.DAY) and not after.gap):
        return None
    return with_meridiem(hour.value * 60, prefix, cursor, weak=weak)
