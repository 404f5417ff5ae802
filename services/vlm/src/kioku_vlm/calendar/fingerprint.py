"""Which entries of different pictures are the same event.

A digest alone cannot tell: two photographs of one poster are read with different mistakes. The
fingerprint finds the same words again; `same_entry` compares what was read twice.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import date, datetime

from rapidfuzz import fuzz

from kioku_vlm.calendar.span import Span, instant_of, span_of
from kioku_vlm.schedule_facts import Entry, Value

TITLE_ALIKE = 0.80
"""Titles this similar are one title, where nothing else speaks against it."""
TITLE_AKIN = 0.60
"""Titles this similar are one title, where time of day and place are the same as well."""
PLACE_ALIKE = 0.70
"""Places this similar are one place."""
_PART_OF = 0.75
"""How much a title counts that is part of the other: between the two limits, so that time and place
have to speak for it (運動会, 春の運動会; but 料理教室, 親子料理教室)."""
_LEAST_PART = 3
_MARKS = re.compile(r"[\W_]+")
_NUMBERS = re.compile(r"[0-9]+")


def fingerprint(entry: Entry) -> str:
    """16 hex digits over kind, first day, time of day, place and title, without case, width, marks.

    Equal for the same words; entries read with other mistakes differ, see `same_entry`.
    """
    span = span_of(entry)
    start = span.start.isoformat() if span else ""
    words = (_folded(entry.title), _folded(entry.place))
    text = "\x1f".join((entry.kind.value, start, *words))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def same_entry(one: Entry, other: Entry) -> bool:
    """Whether two entries are the same event: kind, day, time, place and title agree.

    - Kind, first day and recurrence are equal; a zone, where both have one.
    - Times of day are equal, or one of them is not told, or it is a further time (doors) of the
      other. Two showings on one day are two events.
    - Numbers in the titles are the same (第1回 and 第2回 are two events).
    - Titles are at least `TITLE_ALIKE`, or `TITLE_AKIN` where time and place are told and agree;
      places at least `PLACE_ALIKE` where both are told.
    """
    spans = span_of(one), span_of(other)
    if spans[0] is None or spans[1] is None or one.kind is not other.kind:
        return False
    if spans[0].day != spans[1].day or _differ(one.zone, other.zone):
        return False
    if _rule(one) != _rule(other) or not _times_agree(one, other, spans[0], spans[1]):
        return False
    return _names_agree(one, other, timed=not spans[0].all_day and not spans[1].all_day)


def title_similarity(one: str, other: str) -> float:
    """How alike two titles are, 0 to 1; 0 where their numbers differ."""
    first, second = _fold(one), _fold(other)
    if not first or not second or _NUMBERS.findall(first) != _NUMBERS.findall(second):
        return 0.0
    whole = max(fuzz.ratio(first, second) / 100, _by_words(one, other))
    shorter, longer = sorted((first, second), key=len)
    # One letter more may have been lost in reading; more of them are a word of its own.
    if len(longer) - len(shorter) < 2 or len(shorter) < _LEAST_PART or shorter not in longer:
        return whole
    return _PART_OF


def _by_words(one: str, other: str) -> float:
    """Words in another order; of languages that part them."""
    texts = [
        _MARKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()) for text in (one, other)
    ]
    return fuzz.token_sort_ratio(*texts) / 100


def _names_agree(one: Entry, other: Entry, *, timed: bool) -> bool:
    places = _folded(one.place), _folded(other.place)
    told = bool(places[0] and places[1])
    if told and not _places_agree(*places):
        return False
    if one.title is None or other.title is None:
        return told and timed
    least = TITLE_AKIN if told and timed else TITLE_ALIKE
    return title_similarity(one.title.value, other.title.value) >= least


def _places_agree(one: str, other: str) -> bool:
    if min(len(one), len(other)) >= _LEAST_PART and (one in other or other in one):
        return True
    return fuzz.ratio(one, other) / 100 >= PLACE_ALIKE


def _times_agree(one: Entry, other: Entry, first: Span, second: Span) -> bool:
    if first.all_day or second.all_day or first.start == second.start:
        return True
    return first.start in _further(other, second.day) or second.start in _further(one, first.day)


def _further(entry: Entry, day: date) -> set[datetime]:
    """The further times of an entry as local moments."""
    texts = (value.value for value in entry.clocks.values())
    found = (
        instant_of(t if "-" in t else f"{day.isoformat()}T{t.removeprefix('T')}") for t in texts
    )
    return {one.at for one in found if one is not None and isinstance(one.at, datetime)}


def _rule(entry: Entry) -> tuple[str, ...]:
    """The parts of a recurrence, but its end, which one of two pictures may not show."""
    parts = entry.rrule.value.upper().removeprefix("RRULE:").split(";") if entry.rrule else []
    return tuple(sorted(p for p in parts if not p.startswith(("UNTIL=", "COUNT=", "WKST="))))


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _folded(value: Value | None) -> str:
    return _fold(value.value) if value else ""


def _fold(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())
