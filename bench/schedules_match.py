"""Which found entry is which expected one, and whether their fields say the same.

Pairs are the assignment of greatest total likeness (Kuhn 1955, by SciPy); a pair that shares
next to nothing is no pair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np
from dateutil.rrule import rrulestr
from kioku_vlm.schedule_facts import Entry, Value
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from bench.schedules_truth import Truth, clock_of, day_of

SAME_TEXT = 0.85
_LEAST = 0.3
_HORIZON = timedelta(days=400)
_WEIGHTS = {"day": 0.45, "clock": 0.1, "title": 0.3, "place": 0.15}
Pair = tuple[Truth, Entry]


def pairs_of(truths: Sequence[Truth], found: Sequence[Entry]) -> list[tuple[int, int]]:
    """Numbers of the expected and the found entries that belong together."""
    if not truths or not found:
        return []
    scores = np.array([[likeness(truth.entry, entry) for entry in found] for truth in truths])
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if scores[row, column] >= _LEAST
    ]


def likeness(one: Entry, other: Entry) -> float:
    """How alike two entries are, 0 to 1: by day, hour, title and place."""
    same_day = day_of(one.start) is not None and day_of(one.start) == day_of(other.start)
    same_clock = clock_of(one.start) == clock_of(other.start)
    return (
        _WEIGHTS["day"] * same_day
        + _WEIGHTS["clock"] * (same_clock and same_day)
        + _WEIGHTS["title"] * similarity(one.title, other.title)
        + _WEIGHTS["place"] * similarity(one.place, other.place)
    )


def similarity(one: Value | None, other: Value | None) -> float:
    """Of two texts, 0 to 1: normalised edit similarity of folded text; 0 where one is missing."""
    if one is None or other is None:
        return 0.0
    return fuzz.ratio(fold(one.value), fold(other.value)) / 100


def fold(text: str) -> str:
    """NFKC, case folded, without spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()


def same_text(one: Value | None, other: Value | None) -> bool:
    """Whether two texts are as alike as a title must be."""
    return similarity(one, other) >= SAME_TEXT


def same_note(one: Value, other: Value) -> bool:
    """Whether a note holds another, or most of it; where a note ends is a matter of taste."""
    mine, theirs = fold(one.value), fold(other.value)
    if not mine or not theirs or min(len(mine), len(theirs)) < 0.4 * max(len(mine), len(theirs)):
        return False
    return fuzz.partial_ratio(mine, theirs) / 100 >= SAME_TEXT


def days_of(entry: Entry) -> tuple[date, date] | None:
    """First and last day; None: no day."""
    start = day_of(entry.start)
    return None if start is None else (start, day_of(entry.end) or start)


def hours_of(entry: Entry) -> tuple[str, str]:
    """Clock of the start and of the end, empty where there is none."""
    return clock_of(entry.start), clock_of(entry.end)


def same_days(truth: Truth, found: Entry) -> bool:
    """Whether the days are exactly right; see `Truth.implied` for a recurrence's."""
    expected, given = days_of(truth.entry), days_of(found)
    if "start" in truth.implied and given:
        return given[0] in occurrences(truth.entry)
    return expected == given


def occurrences(entry: Entry, start: date | None = None) -> frozenset[date]:
    """Days of a recurrence within 400 days; the start alone where there is no good rule."""
    first = start or day_of(entry.start)
    if first is None:
        return frozenset()
    if entry.rrule is None:
        return frozenset((first,))
    begin = datetime.combine(first, time())
    try:
        rule = rrulestr(_until_day(entry.rrule.value), dtstart=begin)
        days = {moment.date() for moment in rule.between(begin, begin + _HORIZON, inc=True)}
    except (ValueError, TypeError):
        return frozenset((first,))
    left_out = {day for one in entry.exdates if (day := day_of(one))}
    return frozenset(days - left_out)


def same_recurrence(truth: Truth, found: Entry) -> bool:
    """Whether both rules give the same days."""
    if found.rrule is None or truth.entry.rrule is None:
        return False
    first = day_of(truth.entry.start) if "start" in truth.implied else None
    return occurrences(truth.entry) == occurrences(found, first)


def _until_day(rule: str) -> str:
    """An UNTIL as the end of its day without a zone, so that a date and a moment compare."""
    return re.sub(r"UNTIL=(\d{8})(T\d{6}Z?)?", r"UNTIL=\1T235959", rule.removeprefix("RRULE:"))
