"""Entries as the messages of `kioku.vlm.v1`: what holds, and beside it what was read."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.vlm.v1 import observation_pb2 as messages

from kioku_vlm.correcting.correction import holding
from kioku_vlm.observing.observation import Correction, KnownEntry
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import ClockRole, Entry, Evidence, Kind, Value

NOT_READ_AGAIN = "NOT_READ_AGAIN"
_KINDS = {kind: messages.EntryKind.Value(f"ENTRY_KIND_{kind.value}") for kind in Kind}
_ROLES = {role: messages.ClockRole.Value(f"CLOCK_ROLE_{role.value}") for role in ClockRole}


def timestamp(moment: datetime | None) -> Timestamp | None:
    """A moment for a message field; None leaves the field unset."""
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def entry_message(known: KnownEntry) -> messages.Entry:
    """An entry as its owner sees it."""
    read, said = known.read, known.corrections
    holds = holding(known)
    message = messages.Entry(
        entry_id=str(known.entry_id),
        observation_id=str(known.observation_id),
        kind=_KINDS[holds.kind],
        zone=holds.zone,
        zone_by=holds.zone_by,
        clocks=[_clock(role, value) for role, value in holds.clocks.items()],
        exdates=[value_message(value) for value in holds.exdates],
        notes=_notes(holds, read, said.get("notes")),
        confidence=holds.confidence,
        flags=[*holds.flags, *((NOT_READ_AGAIN,) if known.outdated else ())],
        merged_into=str(known.merged_into or ""),
        dismissed=known.dismissed,
        version=known.version,
        update_time=timestamp(known.updated_at),
    )
    for field in ("title", "start", "end", "rrule", "place", "address"):
        value = _field(getattr(holds, field), getattr(read, field), said.get(field))
        if value is not None:
            getattr(message, field).CopyFrom(value)
    return message


def value_message(value: Value) -> messages.FieldValue:
    """One field as it was read."""
    return messages.FieldValue(
        value=value.value,
        raw=value.raw,
        confidence=value.confidence,
        resolved_by=value.resolved_by,
        evidence=[evidence_message(one) for one in value.evidence],
        alternatives=value.alternatives,
        flags=value.flags,
    )


def evidence_message(evidence: Evidence) -> messages.Evidence:
    """The words that something was read from."""
    return messages.Evidence(
        page=evidence.page, box=box_message(evidence.box), quote=evidence.quote
    )


def box_message(box: Box) -> messages.Box:
    """A rectangle."""
    return messages.Box(left=box.left, top=box.top, width=box.width, height=box.height)


def _field(
    holds: Value | None, read: Value | None, said: Correction | None
) -> messages.FieldValue | None:
    """A field as it holds, with what was read where a person changed it."""
    if said is None:
        return value_message(read) if read is not None else None
    message = value_message(holds) if holds is not None else messages.FieldValue()
    message.correction.CopyFrom(_correction(said, said.values[0], read))
    return message


def _notes(holds: Entry, read: Entry, said: Correction | None) -> list[messages.FieldValue]:
    found = [value_message(note) for note in holds.notes]
    if said is not None:
        for number, note in enumerate(found):
            before = read.notes[number] if number < len(read.notes) else None
            note.correction.CopyFrom(_correction(said, note.value, before))
    return found


def _correction(said: Correction, value: str, read: Value | None) -> messages.Correction:
    return messages.Correction(
        value=value,
        actor=said.actor,
        correct_time=timestamp(said.at),
        reading=value_message(read) if read is not None else None,
    )


def _clock(role: ClockRole, value: Value) -> messages.Clock:
    return messages.Clock(role=_ROLES[role], time=value_message(value))
