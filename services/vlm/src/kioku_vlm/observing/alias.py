"""What a person's corrections teach: the same words, read again, mean what they said; pure.

Nothing is learned beside the corrections themselves: a correction that is taken back, or whose
observation is deleted, teaches no more. An owner's corrections teach for that owner alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from kioku_vlm.schedule_facts import Entry, Schedule, Value

TAUGHT = ("title", "place", "address")
BY = "alias"
_NEAR = 92.0
"""Rapidfuzz's ratio of two misreadings of the same words."""
_LEAST, _LEAST_NEAR = 2, 5


@dataclass(frozen=True)
class Alias:
    """Words of a field, as they were read, and what a person said they mean."""

    field: str
    words: str
    meaning: str


def taught(schedule: Schedule, aliases: Sequence[Alias]) -> Schedule:
    """The schedule with every value whose words are known put as its owner puts it.

    Args:
        aliases: the newest first; of two for the same words the first counts.
    """
    if not aliases:
        return schedule
    entries = tuple(_entry(entry, aliases) for entry in schedule.entries)
    return replace(schedule, entries=entries)


def teaches(words: str) -> bool:
    """Whether words are particular enough: a number, or a single sign, means something else next
    time."""
    folded = _folded(words)
    return len(folded) >= _LEAST and any(sign.isalpha() for sign in folded)


def _entry(entry: Entry, aliases: Sequence[Alias]) -> Entry:
    return replace(
        entry,
        title=_meant(entry.title, "title", aliases),
        place=_meant(entry.place, "place", aliases),
        address=_meant(entry.address, "address", aliases),
    )


def _meant(read: Value | None, field: str, aliases: Sequence[Alias]) -> Value | None:
    """The value itself, or as the owner puts it, with what was read beside it."""
    if read is None:
        return None
    words = _folded(read.value)
    for alias in aliases:
        if alias.field != field or not teaches(alias.words):
            continue
        if not _same(words, _folded(alias.words)):
            continue
        if alias.meaning == read.value:
            return read
        others = (read.value, *(one for one in read.alternatives if one != alias.meaning))
        return replace(read, value=alias.meaning, resolved_by=BY, alternatives=others)
    return read


def _same(words: str, known: str) -> bool:
    if words == known:
        return True
    numbers = [[sign for sign in text if sign.isdigit()] for text in (words, known)]
    long = min(len(words), len(known)) >= _LEAST_NEAR
    return long and numbers[0] == numbers[1] and fuzz.ratio(words, known) >= _NEAR


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
