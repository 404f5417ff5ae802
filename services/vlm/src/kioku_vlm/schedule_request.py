"""Requests of ScheduleService as values of the use cases; what is out of its range is refused."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from kioku.vlm.v1 import observation_pb2
from kioku.vlm.v1 import schedule_service_pb2 as messages
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import Reason
from kioku_rt.rpc.deadline import remaining_time

from kioku_vlm.correcting.correcting import Changes, is_zone
from kioku_vlm.correcting.correction import FIELDS, VALUES, YES
from kioku_vlm.library.library import Days, Wanted
from kioku_vlm.linking.linking import Of
from kioku_vlm.observing.observation import State, Wish
from kioku_vlm.schedule_facts import Kind

DEFAULT_WAIT, LONGEST_WAIT = 10, 60
_ANSWER_SECONDS = 1.0
"""What is left for the answer: `observation-pending` says more than a call whose time ran out."""
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)


def wish_of(request: Any) -> Wish:
    """What the caller says beside the picture."""
    if request.zone and not is_zone(request.zone):
        raise InvalidInput(
            Reason.FIELD_INVALID, "The zone is no IANA zone, like `Asia/Tokyo`.", field="zone"
        )
    if request.locale and not _LOCALE.fullmatch(request.locale):
        raise InvalidInput(
            Reason.FIELD_INVALID, "The locale is no language tag, like `en-GB`.", field="locale"
        )
    return Wish(request.zone, request.locale.replace("_", "-"))


def zone_of(request: messages.ExportCalendarRequest) -> str:
    """The zone for entries that have none."""
    if request.zone and not is_zone(request.zone):
        raise InvalidInput(
            Reason.FIELD_INVALID, "The zone is no IANA zone, like `Asia/Tokyo`.", field="zone"
        )
    return request.zone


def wait_of(request: messages.ExtractScheduleRequest) -> float:
    """Seconds to wait: as many as are asked for, and fewer than the call has left."""
    seconds = request.wait_seconds if request.HasField("wait_seconds") else DEFAULT_WAIT
    if not 0 <= seconds <= LONGEST_WAIT:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"The call can wait for 0 to {LONGEST_WAIT} seconds.",
            field="wait_seconds",
            metadata={"limit": str(LONGEST_WAIT)},
        )
    left = remaining_time()
    return float(seconds) if left is None else max(0.0, min(seconds, left - _ANSWER_SECONDS))


def wanted_of(request: messages.ListObservationsRequest) -> Wanted:
    """Which observations."""
    asset_id = canonical_uuid(request.asset_id, "asset_id") if request.asset_id else None
    name = observation_pb2.ObservationState.Name(request.state).removeprefix("OBSERVATION_STATE_")
    if request.state == observation_pb2.OBSERVATION_STATE_SUPERSEDED:
        raise InvalidInput(Reason.FIELD_INVALID, "Only readings are superseded.", field="state")
    return Wanted(asset_id, State(name) if request.state else None)


def days_of(request: messages.ListEntriesRequest) -> Days:
    """Which entries."""
    names = (observation_pb2.EntryKind.Name(kind) for kind in request.kinds if kind)
    first, last = _day(request.first_day, "first_day"), _day(request.last_day, "last_day")
    if first and last and last < first:
        raise InvalidInput(
            Reason.TIME_OUT_OF_RANGE, "The last day is before the first.", field="last_day"
        )
    kinds = tuple(sorted({Kind(name.removeprefix("ENTRY_KIND_")) for name in names}))
    return Days(first, last, kinds)


def changes_of(request: messages.UpdateEntryRequest) -> Changes:
    """What a person says: the fields that the mask names, or those that are set without a mask."""
    entry = request.entry
    fields = list(dict.fromkeys(map(_plain, request.update_mask.paths))) or _set_fields(entry)
    for field in fields:
        if field not in FIELDS:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"{field!r} is none of: {', '.join(FIELDS)}.",
                field="update_mask",
            )
    return {field: _values(entry, field) for field in fields}


def restored_of(request: messages.RestoreEntryRequest) -> list[str]:
    """Which corrections are taken back."""
    return list(dict.fromkeys(map(_plain, request.restore_mask.paths)))


def links_of(request: messages.ListLinksRequest) -> Of:
    """Whose links."""
    if bool(request.observation_id) == bool(request.document_path):
        raise InvalidInput(
            Reason.ONEOF_NOT_EXACTLY_ONE, "Set exactly one of observation_id and document_path."
        )
    observation_id = request.observation_id
    return Of(
        canonical_uuid(observation_id, "observation_id") if observation_id else None,
        request.document_path,
    )


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise InvalidInput(
            Reason.FIELD_INVALID, "The day is no ISO 8601 date, like 2026-05-30.", field=field
        )
    return day


def _plain(path: str) -> str:
    """`title.value` is `title`: a caller may name what exactly they set."""
    return path.removesuffix(".value")


def _set_fields(entry: observation_pb2.Entry) -> list[str]:
    singles = [field for field in VALUES if entry.HasField(field)]  # type: ignore[arg-type]
    others = [field for field in ("kind", "zone", "notes", "dismissed") if getattr(entry, field)]
    return singles + others


def _values(entry: observation_pb2.Entry, field: str) -> tuple[str, ...]:
    match field:
        case "kind":
            name = observation_pb2.EntryKind.Name(entry.kind)
            return (name.removeprefix("ENTRY_KIND_"),)
        case "zone":
            return (entry.zone,)
        case "notes":
            return tuple(note.value for note in entry.notes)
        case "dismissed":
            return (YES if entry.dismissed else "",)
    return (getattr(entry, field).value,)
