"""A week as a table: weekdays above, times of day at the side, what happens then in the cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kioku_vlm.page import around
from kioku_vlm.rules.grid import WEEKDAY
from kioku_vlm.rules.passage import joined
from kioku_vlm.rules.segment import Segment
from kioku_vlm.rules.strip import rows_of

_TIME = re.compile(
    r"^(?:午前|午後|AM|PM)?\s?\d{1,2}(?:[:.]\d\d|時)?\s?(?:[ap]\.?m\.?)?\s?(?:[-~].*)?$", re.I
)
_END = re.compile(r"^[~-]\s?\d")
_WEEKDAYS, _TIMES = 3, 2
_LETTERS = "月火水木金土日"
_ENGLISH = ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")


def timetable_rows(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Weekday, time and words of each cell that says something; empty: there is no timetable."""
    head = next((row for row in rows_of(segments) if _is_head(row)), None)
    if head is None:
        return []
    days = [one for one in head if WEEKDAY.match(one.text)]
    below = [one for one in segments if one.place.top > days[0].place.bottom]
    edge = min(day.place.left for day in days)
    times = [one for one in below if _TIME.match(one.text) and one.place.left < edge]
    if len(times) < _TIMES or not all(":" in one.text or "時" in one.text for one in times):
        return []
    ends = [one for one in below if _END.match(one.text) and one.place.left < edge]
    texts = [one for one in below if one not in times and one not in ends]
    return _filled(days, [_until(one, ends) for one in times], texts, edge)


def _until(time: Segment, ends: Sequence[Segment]) -> Segment:
    """A time with the end that stands below it: 10:00 above ~11:15."""
    below = [one for one in ends if 0 < one.place.top - time.place.top < 3 * time.size]
    if not below:
        return time
    end = min(below, key=lambda one: one.place.top)
    passage = joined([time.passage, end.passage])
    return Segment(passage, around([time.place, end.place]), time.size, time.tall)


def recurrence_words(weekday: str) -> str:
    """A heading's weekday as words of a recurrence."""
    letter = weekday.strip("()")[:1]
    if letter in _LETTERS:
        return f"毎週{letter}曜日"
    name = next((one for one in _ENGLISH if weekday.lower()[:3] == one.lower()[:3]), "")
    return f"every {name}day" if name else ""


def _is_head(row: Sequence[Segment]) -> bool:
    return sum(bool(WEEKDAY.match(one.text)) for one in row) >= _WEEKDAYS


def _filled(
    days: Sequence[Segment], times: Sequence[Segment], texts: Sequence[Segment], edge: float
) -> list[list[Segment]]:
    """Texts of one cell, the first of which names it, behind their day and time."""
    last, pitch = max(one.place.bottom for one in times), _pitch(times)
    cells: dict[tuple[int, int], list[Segment]] = {}
    for one in texts:
        inside = one.place.right > edge and one.place.top < last + 0.5 * pitch
        if inside and any(letter.isalpha() for letter in one.text):
            cells.setdefault((_nearest(one, times, down=True), _nearest(one, days)), []).append(one)
    return [[days[day], times[time], *words] for (time, day), words in sorted(cells.items())]


def _nearest(one: Segment, heads: Sequence[Segment], *, down: bool = False) -> int:
    """Index of the heading whose middle is nearest, across or down."""

    def away(head: Segment) -> float:
        if down:
            return abs(_middle(one) - _middle(head))
        across = one.place.left + one.place.width / 2
        return abs(across - head.place.left - head.place.width / 2)

    return min(range(len(heads)), key=lambda at: away(heads[at]))


def _middle(one: Segment) -> float:
    return one.place.top + one.place.height / 2


def _pitch(times: Sequence[Segment]) -> float:
    tops = sorted(one.place.top for one in times)
    return (tops[-1] - tops[0]) / max(1, len(tops) - 1)
