"""A schedule as JSON: the names of `kioku.vlm.v1`, so that an app reads both with one decoder.

    {"language": "ja", "abstained": "", "events": [Entry, …], "suspicions": [Suspicion, …]}

`Entry`, `FieldValue`, `Evidence`, `Box`, `Clock` and `Suspicion` are the messages of
`proto/kioku/vlm/v1/observation.proto` as REST shows them; fields that only a stored observation
has (ids, versions, corrections) are left out, and fields that were not read are null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import Entry, Evidence, Schedule, Suspicion, Value

Json = dict[str, Any]
_PLACES = 4


def schedule_document(schedule: Schedule) -> Json:
    """The whole schedule."""
    return {
        "language": schedule.language,
        "abstained": schedule.abstained,
        "events": [entry_document(entry) for entry in schedule.entries],
        "suspicions": [_suspicion(one) for one in schedule.suspicions],
    }


def entry_document(entry: Entry) -> Json:
    """One entry."""
    return {
        "kind": f"ENTRY_KIND_{entry.kind.value}",
        "title": _value(entry.title),
        "start": _value(entry.start),
        "end": _value(entry.end),
        "zone": entry.zone,
        "zone_by": entry.zone_by,
        "clocks": [
            {"role": f"CLOCK_ROLE_{role.value}", "time": _value(value)}
            for role, value in entry.clocks.items()
        ],
        "rrule": _value(entry.rrule),
        "exdates": _values(entry.exdates),
        "place": _value(entry.place),
        "address": _value(entry.address),
        "notes": _values(entry.notes),
        "confidence": round(entry.confidence, _PLACES),
        "flags": list(entry.flags),
    }


def json_text(document: Any) -> str:
    """The document as text that any parser takes, ended by a line break.

    Half of a surrogate pair, which JSON can write and UTF-8 cannot, becomes U+FFFD.
    """
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "\n"


def _values(values: Sequence[Value]) -> list[Json | None]:
    return [_value(value) for value in values]


def _value(value: Value | None) -> Json | None:
    if value is None:
        return None
    return {
        "value": value.value,
        "raw": value.raw,
        "confidence": round(value.confidence, _PLACES),
        "resolved_by": value.resolved_by,
        "evidence": [_evidence(one) for one in value.evidence],
        "alternatives": list(value.alternatives),
        "flags": list(value.flags),
    }


def _evidence(evidence: Evidence) -> Json:
    return {"page": evidence.page, "box": _box(evidence.box), "quote": evidence.quote}


def _box(box: Box) -> Json:
    sides = ("left", "top", "width", "height")
    return {side: round(getattr(box, side), _PLACES) for side in sides}


def _suspicion(suspicion: Suspicion) -> Json:
    return {"reason": suspicion.reason, "evidence": _evidence(suspicion.evidence)}
