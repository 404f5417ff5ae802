"""What a reading may say, so that rows and messages can hold it, whatever an engine gives."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from kioku_vlm.schedule_facts import Entry, Evidence, Schedule, Suspicion, Value

MOST_ENTRIES = 500
MOST_TEXT = 2_000
MOST_PARTS = 50
UNGROUNDED = 0.3
"""The most that something is worth which was read nowhere."""
# PostgreSQL stores no NUL, and UTF-8 has no half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def sound(schedule: Schedule) -> Schedule:
    """The schedule within its limits: texts and lists cut, confidences 0 to 1."""
    return replace(
        schedule,
        entries=tuple(_entry(entry) for entry in schedule.entries[:MOST_ENTRIES]),
        suspicions=tuple(
            Suspicion(_text(one.reason), _evidence(one.evidence))
            for one in schedule.suspicions[:MOST_PARTS]
        ),
    )


def _entry(entry: Entry) -> Entry:
    singles: dict[str, Any] = {
        name: _value(value)
        for name in ("title", "start", "end", "rrule", "place", "address")
        if (value := getattr(entry, name)) is not None
    }
    return replace(
        entry,
        **singles,
        clocks={role: _value(value) for role, value in entry.clocks.items()},
        exdates=tuple(_value(value) for value in entry.exdates[:MOST_PARTS]),
        notes=tuple(_value(value) for value in entry.notes[:MOST_PARTS]),
        confidence=_share(entry.confidence),
    )


def _value(value: Value) -> Value:
    most = 1.0 if value.evidence else UNGROUNDED
    return replace(
        value,
        value=_text(value.value),
        raw=_text(value.raw),
        confidence=min(most, _share(value.confidence)),
        evidence=tuple(_evidence(one) for one in value.evidence[:MOST_PARTS]),
        alternatives=tuple(_text(one) for one in value.alternatives[:MOST_PARTS]),
    )


def _evidence(evidence: Evidence) -> Evidence:
    return replace(evidence, quote=_text(evidence.quote))


def _text(text: str) -> str:
    return _UNSTORABLE.sub("", text)[:MOST_TEXT]


def _share(confidence: float) -> float:
    """0 for what is no number."""
    return min(1.0, max(0.0, confidence)) if confidence == confidence else 0.0  # noqa: PLR0124
