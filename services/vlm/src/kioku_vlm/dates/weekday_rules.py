"""A weekday beside a day, in brackets or not, read or unreadable."""

from __future__ import annotations

from kioku_vlm.dates.lexicon_ja import WEEKDAY_CHARACTERS
from kioku_vlm.dates.tokens import Cursor, Kind


def weekday_after(cursor: Cursor) -> int | None:
    """The weekday that stands behind a day; steps over it, or over a mark in its place."""
    start = cursor.at
    cursor.take(Kind.DAY_OF_MANY)
    cursor.take(Kind.COMMA, Kind.OF)
    opened = cursor.take(Kind.OPEN)
    token = cursor.take(Kind.WEEKDAY)
    if token is not None:
        cursor.take(Kind.DOT) if opened else None
        cursor.take(Kind.CLOSE) if opened else None
        while cursor.take(Kind.MARK):
            pass
        return token.value
    cursor.at = start
    return _unbracketed(cursor)


def _unbracketed(cursor: Cursor) -> int | None:
    if cursor.take(Kind.MARK):
        return None
    token = cursor.look()
    value = WEEKDAY_CHARACTERS.get(token.text)
    if value is None or token.kind is Kind.NUMBER or not _stands_alone(cursor):
        return None
    cursor.at += 1
    cursor.take(Kind.CLOSE)
    return value


def _stands_alone(cursor: Cursor) -> bool:
    """5月30日土 10時, not 5月30日月例会."""
    after = cursor.look(1)
    ends = (Kind.NEWLINE, Kind.END, Kind.CLOSE, Kind.WAVE, Kind.NUMBER, Kind.MERIDIEM)
    return after.kind in ends or after.gap


def weekday_before(cursor: Cursor) -> int | None:
    """The weekday that stands before a day in English (Sat, 30 May); steps over it."""
    token = cursor.look()
    if token.kind is not Kind.WEEKDAY or token.text[0] > "z":
        return None
    cursor.at += 1
    cursor.take(Kind.DOT)
    cursor.take(Kind.COMMA)
    cursor.take(Kind.THE)
    return token.value
