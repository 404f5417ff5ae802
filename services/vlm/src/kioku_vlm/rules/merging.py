"""One thing that is told twice is one entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from kioku_vlm.rules.passage import fold
from kioku_vlm.schedule_facts import Entry, Value

_ALIKE = 0.6


def merged(entries: Sequence[Entry]) -> list[Entry]:
    """Entries of the same kind, day, compatible time, title and place are one."""
    kept: list[Entry] = []
    for entry in entries:
        at = next((at for at, other in enumerate(kept) if _same(other, entry)), None)
        if at is None:
            kept.append(entry)
        else:
            kept[at] = _united(kept[at], entry)
    return kept


def _same(one: Entry, other: Entry) -> bool:
    if one.kind is not other.kind or one.start is None or other.start is None:
        return False
    first, second = one.start.value, other.start.value
    day = first[:10] == second[:10]
    time = first == second or "T" not in first or "T" not in second
    return (
        day and time and _compatible(one.title, other.title) and _compatible(one.place, other.place)
    )


def _compatible(one: Value | None, other: Value | None) -> bool:
    """Whether two words may be the same: one is not told, doubtful, or alike."""
    if one is None or other is None or min(one.confidence, other.confidence) < 0.35:
        return True
    return alike(one.value, other.value)


def alike(one: str, other: str) -> bool:
    """Whether one name holds the other, or most letters of both agree."""
    first, second = (fold(text).casefold().replace(" ", "") for text in (one, other))
    if not first or not second:
        return False
    return (
        first in second
        or second in first
        or (SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE)
    )


def _united(one: Entry, other: Entry) -> Entry:
    """Both, the surer value of each field; a start with a time is worth more than a day."""
    first, second = (one, other) if _worth(one) >= _worth(other) else (other, one)
    place = _surer(first.place, second.place)
    return replace(
        first,
        title=_surer(one.title, other.title),
        end=first.end or (second.end if _equal_start(one, other) else None),
        place=place,
        address=first.address or second.address,
        clocks={**second.clocks, **first.clocks},
        notes=tuple({note.value: note for note in (*first.notes, *second.notes)}.values()),
        rrule=first.rrule or second.rrule,
    )


def _worth(entry: Entry) -> tuple[bool, float]:
    return ("T" in entry.start.value if entry.start else False, entry.confidence)


def _equal_start(one: Entry, other: Entry) -> bool:
    return bool(one.start and other.start and one.start.value == other.start.value)


def _surer(one: Value | None, other: Value | None) -> Value | None:
    if one is None or other is None:
        return one or other
    return one if one.confidence >= other.confidence else other
