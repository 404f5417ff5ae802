"""How much two readings of one picture speak of the same entry.

Another question than `calendar.fingerprint` answers: there are few entries on a picture, so a day
or most of a title is enough, whatever else a new engine reads another way.
"""

from __future__ import annotations

from rapidfuzz import fuzz, utils

from kioku_vlm.schedule_facts import Entry, Value

_DAY = len("2026-05-30")
_WEIGHTS = {"day": 0.4, "title": 0.3, "kind": 0.1, "time": 0.1, "place": 0.1}


def likeness(one: Entry, other: Entry) -> float:
    """How much both speak of the same entry, 0 to 1; what neither has counts as equal."""
    alike = {
        "day": float(_day(one.start) == _day(other.start)),
        "title": _ratio(one.title, other.title),
        "kind": float(one.kind is other.kind),
        "time": float(_time(one.start) == _time(other.start)),
        "place": _ratio(one.place, other.place),
    }
    return sum(weight * alike[name] for name, weight in _WEIGHTS.items())


def _day(value: Value | None) -> str:
    return value.value[:_DAY] if value else ""


def _time(value: Value | None) -> str:
    return value.value[_DAY + 1 :] if value else ""


def _ratio(one: Value | None, other: Value | None) -> float:
    texts = (one.value if one else "", other.value if other else "")
    if not any(texts):
        return 1.0
    return fuzz.ratio(*texts, processor=utils.default_process) / 100
