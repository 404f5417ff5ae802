"""A month as a grid of days: each cell's number and what is written in it become a row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from kioku_vlm.rules.segment import Segment
from kioku_vlm.rules.strip import rows_of

WEEKDAY = re.compile(
    r"^\(?(?:[日月火水木金土](?:曜日?)?|(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|"
    r"sat(?:ur)?)(?:day)?)\)?\.?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^(?:[12]\d|3[01]|0?[1-9])日?$")
# What is written under a name in its cell is when it begins.
_TIME = re.compile(r"^\(?(?:午前|午後)?\d{1,2}(?:[:時]|\s?[ap]\.?m)", re.IGNORECASE)
_DAYS = 5


def grid_rows(segments: Sequence[Segment]) -> list[list[Segment]]:
    """A row of number and words for each thing that is written in a cell of a month's grid.

    Returns:
        the rows in the order of the days; empty where there is no grid.
    """
    head = next((row for row in rows_of(segments) if _is_head(row)), None)
    if head is None:
        return []
    below = [one for one in segments if one.place.top > head[0].place.bottom - 0.2 * head[0].size]
    numbers = [one for one in below if _NUMBER.match(one.text)]
    if len(numbers) < 2 * _DAYS:
        return []
    texts = sorted((one for one in below if one not in numbers), key=lambda one: one.place.top)
    pairs = [(cell, one) for one in texts if (cell := _cell(one, numbers, head)) is not None]
    pairs.sort(key=lambda pair: (int(re.sub(r"\D", "", pair[0].text)), pair[1].place.top))
    rows: list[list[Segment]] = []
    for cell, one in pairs:
        if rows and rows[-1][0] is cell and _TIME.match(one.text):
            rows[-1].append(one)
        else:
            rows.append([cell, one])
    return rows


def within_grid(segments: Sequence[Segment]) -> set[int]:
    """Indexes of the segments that a grid holds, its head among them."""
    head = next((row for row in rows_of(segments) if _is_head(row)), None)
    rows = grid_rows(segments)
    if head is None or not rows:
        return set()
    held = {id(one) for row in (*rows, head) for one in row}
    return {
        at
        for at, one in enumerate(segments)
        if id(one) in held or (_NUMBER.match(one.text) and one.place.top > head[0].place.top)
    }


def _is_head(row: Sequence[Segment]) -> bool:
    return sum(bool(WEEKDAY.match(one.text)) for one in row) >= _DAYS


def _cell(one: Segment, numbers: Sequence[Segment], head: Sequence[Segment]) -> Segment | None:
    """The number above or to the left of a text, in the same column of the grid."""
    wide = _pitch(head)
    near = [
        number
        for number in numbers
        if -0.3 * wide < one.place.left - number.place.left < 0.8 * wide
        and one.place.top - number.place.top > -0.5 * number.size
    ]
    if not near:
        return None
    shift = min(abs(one.place.left - number.place.left) for number in near)
    column = [
        number for number in near if abs(one.place.left - number.place.left) < shift + 0.25 * wide
    ]
    nearest = max(column, key=lambda number: number.place.top)
    return nearest if one.place.top - nearest.place.top < 1.1 * _step(numbers, wide) else None


def _step(numbers: Sequence[Segment], wide: float) -> float:
    """The usual distance of a week's row from the next, measured down the columns."""
    ordered = sorted(numbers, key=lambda number: number.place.top)
    steps = []
    for at, number in enumerate(ordered):
        below = [low for low in ordered[at + 1 :] if _same(low, number, wide)]
        steps += [below[0].place.top - number.place.top] if below else []
    return median(steps) if steps else 1.0


def _same(one: Segment, other: Segment, wide: float) -> bool:
    """Whether two numbers stand in one column, one below the other."""
    apart = one.place.top - other.place.top > one.size
    return apart and abs(one.place.left - other.place.left) < 0.45 * wide


def _pitch(head: Sequence[Segment]) -> float:
    return (head[-1].place.left - head[0].place.left) / max(1, len(head) - 1)
