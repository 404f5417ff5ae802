"""What a person said of an entry, laid over what was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from kioku_vlm.observing.observation import Correction, KnownEntry
from kioku_vlm.schedule_facts import Entry, Kind, Value

BY = "person"
BY_REQUEST = "request"
NO_ZONE = "NO_ZONE"
VALUES = ("title", "start", "end", "rrule", "place", "address")
"""Fields of one value."""
FIELDS = ("kind", *VALUES, "zone", "notes", "dismissed")
YES = "true"
_DAY = len("2026-05-30")


def corrected(read: Entry, corrections: Mapping[str, Correction]) -> Entry:
    """The entry as it holds: what people said, and what was read where nobody said anything."""
    changes: dict[str, Any] = {}
    for field, correction in corrections.items():
        if field != "dismissed":
            changes |= _APPLIED.get(field, _single)(field, correction)
    return replace(read, **changes)


def holding(known: KnownEntry) -> Entry:
    """A stored entry as it holds, in the zone that a caller named unless a person corrected it.

    Whoever names a zone answers the doubt that there is none.
    """
    entry = corrected(known.read, known.corrections)
    if known.zone and "zone" not in known.corrections:
        entry = replace(entry, zone=known.zone, zone_by=BY_REQUEST)
    if not entry.zone:
        return entry
    return replace(entry, flags=tuple(flag for flag in entry.flags if flag != NO_ZONE))


def said(value: str) -> Value | None:
    """The value that a person gave; None: there is no such thing."""
    return Value(value, raw="", confidence=1.0, resolved_by=BY) if value else None


def first_day(entry: Entry) -> date | None:
    """The day on which it begins, None where nothing tells."""
    return _date(entry.start)


def last_day(entry: Entry) -> date | None:
    """The day on which it ends the first time: that of its beginning where no end is told."""
    return _date(entry.end) or first_day(entry)


def _single(field: str, correction: Correction) -> dict[str, Any]:
    return {field: said(correction.values[0])}


def _kind(_field: str, correction: Correction) -> dict[str, Any]:
    return {"kind": Kind(correction.values[0])}


def _zone(_field: str, correction: Correction) -> dict[str, Any]:
    return {"zone": correction.values[0], "zone_by": BY if correction.values[0] else ""}


def _notes(_field: str, correction: Correction) -> dict[str, Any]:
    return {"notes": tuple(note for text in correction.values if (note := said(text)))}


_APPLIED: dict[str, Callable[[str, Correction], dict[str, Any]]] = {
    "kind": _kind,
    "zone": _zone,
    "notes": _notes,
}


def _date(value: Value | None) -> date | None:
    """An engine's or a person's day, if it is one."""
    try:
        return date.fromisoformat(value.value[:_DAY]) if value else None
    except ValueError:
        return None
