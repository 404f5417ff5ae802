"""How sure a value is, from what agrees about it, corrected by what documents taught."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from functools import cache
from importlib.resources import files

from kioku_vlm.rules.naming import Name
from kioku_vlm.rules.passage import Passage
from kioku_vlm.rules.placing import Spot
from kioku_vlm.schedule_facts import Entry, Value

# Nothing on the page says so.
UNSEEN = 0.3
_FLAGS = {"AMBIGUOUS_DATE": 0.5, "WEEKDAY_MISMATCH": 0.6, "YEAR_ASSUMED": 0.85}


def read(sure: float, passage: Passage) -> float:
    """What a rule is sure of, less what the reader doubts of the letters."""
    return sure * (0.5 + 0.5 * passage.confidence())


def of_name(name: Name) -> float:
    """Of a title: a label or a row says so, a heading by how much it stands out."""
    base = {"label": 0.9, "row": 0.85, "sentence": 0.7, "quoted": 0.75, "words": 0.4}.get(name.by)
    heading = 0.45 + 0.5 / (1 + math.exp(-1.2 * (name.score - 0.8)))
    return read(base if base is not None else heading, name.passage)


def of_spot(spot: Spot) -> float:
    """Of a place."""
    return read(spot.score, spot.passage)


def of_day(confidence: float, flags: tuple[str, ...]) -> float:
    """Of a start: a flag is a witness against it."""
    for flag in flags:
        confidence *= _FLAGS.get(flag, 1.0)
    return confidence


def witnessed(confidence: float, *, witnesses: int, guessed: bool) -> float:
    """Of a start that nothing but its own words makes a day of an event, or that was reckoned.

    Args:
        confidence: so far.
        witnesses: label, time, name as things that happen have: how many say so.
        guessed: the first day of a recurrence that does not say from when on.
    """
    doubt = (1.0 if witnesses else 0.8) * (0.85 if guessed else 1.0)
    return confidence * doubt


def of_entry(entry: Entry) -> float:
    """Of a whole entry: its weakest of title and start, and a little of the rest."""
    title = entry.title.confidence if entry.title else 0.2
    start = entry.start.confidence if entry.start else 0.2
    place = entry.place.confidence if entry.place else 0.5
    return round(min(title, start) * 0.85 + 0.15 * place, 3)


def calibrated(field: str, value: Value) -> Value:
    """The value with the share of right ones among those that were as sure.

    `calibration.json` holds it, fitted by `python -m bench.schedule_calibration`; a value without
    evidence stays at 0.3 or less.
    """
    points = _table().get(field, ())
    confidence = _between(points, value.confidence) if points else value.confidence
    limit = 1.0 if value.evidence else UNSEEN
    return Value(
        value.value, value.raw, round(min(confidence, limit), 3), value.resolved_by,
        value.evidence, value.alternatives, value.flags,
    )  # fmt: skip


@cache
def _table() -> dict[str, list[list[float]]]:
    source = files("kioku_vlm.rules").joinpath("calibration.json")
    if not source.is_file():
        return {}
    table: dict[str, list[list[float]]] = json.loads(source.read_text("utf-8"))["fields"]
    return table


def _between(points: list[list[float]], raw: float) -> float:
    """Linear between the fitted points."""
    at = bisect_right([point[0] for point in points], raw)
    if at == 0:
        return points[0][1]
    if at == len(points):
        return points[-1][1]
    (left, low), (right, high) = points[at - 1], points[at]
    return low + (high - low) * (raw - left) / (right - left)
