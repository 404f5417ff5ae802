"""Whether two entries are the same event: on the same day, at no other time and place, named alike.

The title alone decides nothing: a weekly class has the same one every week, and two photographs of
one poster rarely give the same letters.
"""

from __future__ import annotations

import hashlib
import unicodedata
from difflib import SequenceMatcher

from kioku_vlm.schedule_facts import Entry, Value

TITLE_ALIKE = 0.8
"""Ratio of matching characters (Ratcliff and Obershelp) from which two titles are one."""
PLACE_ALIKE = 0.6
"""A place is left out or shortened more often than a title."""
_DAY = len("2026-05-30")
_KEPT = ("L", "N")  # letters and numbers; marks and spaces differ from reading to reading


def day_of(value: Value | None) -> str:
    """The day of a date or moment (ISO 8601), empty where there is none."""
    return value.value[:_DAY] if value else ""


def time_of(value: Value | None) -> str:
    """The time of day of a moment, empty for a whole day."""
    return value.value[_DAY + 1 :] if value else ""


def folded(text: str) -> str:
    """Letters and numbers of a text, compatible forms made one (NFKC), case folded."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in plain if unicodedata.category(one)[0] in _KEPT)


def fingerprint(entry: Entry) -> str:
    """Of day, kind, place and title as they read, lower-case hex; the same words give the same."""
    parts = (day_of(entry.start), entry.kind, _text(entry.place), _text(entry.title))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def same_entry(one: Entry, other: Entry) -> bool:
    """Whether both are the same event."""
    if one.kind is not other.kind or not day_of(one.start):
        return False
    return (
        day_of(one.start) == day_of(other.start)
        and _compatible(time_of(one.start), time_of(other.start))
        and _alike(_text(one.title), _text(other.title), TITLE_ALIKE, missing=False)
        and _alike(_text(one.place), _text(other.place), PLACE_ALIKE, missing=True)
    )


def likeness(one: Entry, other: Entry) -> float:
    """How much two readings of one picture speak of the same entry, 0 to 1.

    Of day, kind, title, time and place, in this order of weight; what neither has counts as equal.
    """
    return (
        0.4 * (day_of(one.start) == day_of(other.start))
        + 0.3 * _ratio(_text(one.title), _text(other.title))
        + 0.1 * (one.kind is other.kind)
        + 0.1 * (time_of(one.start) == time_of(other.start))
        + 0.1 * _ratio(_text(one.place), _text(other.place))
    )


def _text(value: Value | None) -> str:
    return folded(value.value) if value else ""


def _compatible(one: str, other: str) -> bool:
    return not one or not other or one == other


def _alike(one: str, other: str, least: float, *, missing: bool) -> bool:
    if not one or not other:
        return missing
    return one in other or other in one or _ratio(one, other) >= least


def _ratio(one: str, other: str) -> float:
    if one == other:
        return 1.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
