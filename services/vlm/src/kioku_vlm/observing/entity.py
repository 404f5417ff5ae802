"""An entry as rows: itself, and each of its date-times, places and notes below it.

The fields are JSON of a stable shape, so that SQL and other services' exports can read them:
`{"value", "raw", "confidence", "resolved_by", "evidence": [{"page", "box": [l, t, w, h],
"quote"}], "alternatives", "flags"}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import ClockRole, Entry, Evidence, Kind, Suspicion, Value

Json = dict[str, Any]
DATETIME, PLACE, NOTE = "DATETIME", "PLACE", "NOTE"
_SINGLE = {"start": DATETIME, "end": DATETIME, "place": PLACE, "address": PLACE}


@dataclass(frozen=True)
class Part:
    """A row below an entry: its type, which field it is, its place among equals, and its fields."""

    type: str
    name: str
    ordinal: int
    fields: Json


def head_of(entry: Entry) -> Json:
    """The fields of the entry's own row."""
    return {
        "title": value_json(entry.title),
        "rrule": value_json(entry.rrule),
        "zone": entry.zone,
        "zone_by": entry.zone_by,
        "confidence": entry.confidence,
        "flags": list(entry.flags),
    }


def parts_of(entry: Entry) -> list[Part]:
    """The rows below it."""
    parts = [
        Part(type_, name, 0, _json(value))
        for name, type_ in _SINGLE.items()
        if (value := getattr(entry, name)) is not None
    ]
    parts += [Part(DATETIME, role.value, 0, _json(value)) for role, value in entry.clocks.items()]
    parts += _numbered(DATETIME, "exdate", entry.exdates)
    parts += _numbered(NOTE, "note", entry.notes)
    return parts


def entry_of(kind: str, head: Json, parts: Iterable[Mapping[str, Any]]) -> Entry:
    """The entry that its rows hold.

    Args:
        parts: each with `name` and `fields`, in the order of their numbers.
    """
    named: dict[str, list[Value]] = {}
    for part in parts:
        named.setdefault(part["name"], []).append(_value(part["fields"]))
    single = {name: named[name][0] for name in _SINGLE if name in named}
    return Entry(
        kind=Kind(kind),
        title=value_of(head["title"]),
        rrule=value_of(head["rrule"]),
        zone=head["zone"],
        zone_by=head["zone_by"],
        confidence=head["confidence"],
        flags=tuple(head["flags"]),
        clocks={role: named[role.value][0] for role in ClockRole if role.value in named},
        exdates=tuple(named.get("exdate", ())),
        notes=tuple(named.get("note", ())),
        **single,
    )


def suspicions_json(suspicions: Sequence[Suspicion]) -> list[Json]:
    """Suspicions as they are stored."""
    return [{"reason": one.reason, "evidence": _evidence_json(one.evidence)} for one in suspicions]


def suspicions_of(stored: Sequence[Json]) -> tuple[Suspicion, ...]:
    """Suspicions from where they are stored."""
    return tuple(Suspicion(one["reason"], _evidence(one["evidence"])) for one in stored)


def value_json(value: Value | None) -> Json | None:
    """A value as it is stored; None stays None."""
    return None if value is None else _json(value)


def value_of(stored: Json | None) -> Value | None:
    """A value from where it is stored; None stays None."""
    return None if stored is None else _value(stored)


def _json(value: Value) -> Json:
    return {
        "value": value.value,
        "raw": value.raw,
        "confidence": value.confidence,
        "resolved_by": value.resolved_by,
        "evidence": [_evidence_json(one) for one in value.evidence],
        "alternatives": list(value.alternatives),
        "flags": list(value.flags),
    }


def _value(stored: Json) -> Value:
    return Value(
        value=stored["value"],
        raw=stored["raw"],
        confidence=stored["confidence"],
        resolved_by=stored["resolved_by"],
        evidence=tuple(_evidence(one) for one in stored["evidence"]),
        alternatives=tuple(stored["alternatives"]),
        flags=tuple(stored["flags"]),
    )


def _numbered(type_: str, name: str, values: Sequence[Value]) -> list[Part]:
    return [Part(type_, name, number, _json(value)) for number, value in enumerate(values)]


def _evidence_json(evidence: Evidence) -> Json:
    box = evidence.box
    return {
        "page": evidence.page,
        "box": [box.left, box.top, box.width, box.height],
        "quote": evidence.quote,
    }


def _evidence(stored: Json) -> Evidence:
    return Evidence(stored["page"], Box(*stored["box"]), stored["quote"])
