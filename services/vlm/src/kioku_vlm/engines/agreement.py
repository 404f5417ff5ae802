"""How sure a value is: what agrees about it, never what a model says of itself.

Witnesses are the page's letters (grounding, and how sure their reader is), the calendar (a weekday
that fits), and the rules' own reading of the same page.
"""

from __future__ import annotations

from collections.abc import Sequence

from kioku_vlm.dates.moment import Moment
from kioku_vlm.engines.grounding import Found
from kioku_vlm.engines.text_index import TextIndex, fold
from kioku_vlm.schedule_facts import Entry, Schedule, Value

UNGROUNDED = "UNGROUNDED"
RULES_DISAGREE = "RULES_DISAGREE"
SUSPECT_TEXT = "SUSPECT_TEXT"
UNSEEN = 0.3
"""The most that a value without evidence, or with suspect evidence, is believed."""
_EXACT, _ALIKE = 0.9, 0.65
_FLAGS = {"AMBIGUOUS_DATE": 0.5, "WEEKDAY_MISMATCH": 0.6, "YEAR_ASSUMED": 0.85, RULES_DISAGREE: 0.6}
_DOUBT_LEFT = 0.5
"""The part of the doubt that one more witness leaves."""


def of_words(found: Found | None, index: TextIndex) -> float:
    """Of words by where they stand."""
    if found is None:
        return UNSEEN
    base = _EXACT if found.exact else _ALIKE * found.likeness
    return base * (0.5 + 0.5 * index.confidence(found.start, found.end))


def of_day(words: float, moment: Moment) -> float:
    """Of a day: its words, the calendar's own doubt, and whether a weekday was a witness."""
    sure = words * moment.confidence
    if moment.resolved_by == "weekday" and "WEEKDAY_MISMATCH" not in moment.flags:
        sure = supported(sure)
    return sure


def weighed(confidence: float, flags: Sequence[str], *, grounded: bool) -> float:
    """After everything that speaks against it."""
    for flag in flags:
        confidence *= _FLAGS.get(flag, 1.0)
    if not grounded or UNGROUNDED in flags or SUSPECT_TEXT in flags:
        confidence = min(confidence, UNSEEN)
    return round(max(0.0, min(1.0, confidence)), 3)


def supported(confidence: float) -> float:
    """With one more witness."""
    return 1.0 - (1.0 - confidence) * _DOUBT_LEFT


def of_entry(title: Value | None, start: Value | None, place: Value | None) -> float:
    """Of a whole entry: its weakest of title and start, and a little of the place."""
    weakest = min(title.confidence if title else 0.2, start.confidence if start else 0.2)
    return round(0.85 * weakest + 0.15 * (place.confidence if place else 0.5), 3)


def same_words(left: Value | None, right: Value | None) -> bool:
    """Whether two values say the same."""
    return left is not None and right is not None and fold(left.value) == fold(right.value)


def counterpart(start: Value | None, title: Value | None, rules: Schedule) -> Entry | None:
    """The rules' entry about the same: by the place of its date on the page, else by its title."""
    for entry in rules.entries:
        if start is not None and entry.start is not None and _overlap(start, entry.start):
            return entry
    return next((one for one in rules.entries if same_words(title, one.title)), None)


def _overlap(left: Value, right: Value) -> bool:
    return any(
        one.page == other.page and one.box.overlap(other.box) > 0
        for one in left.evidence
        for other in right.evidence
    )
