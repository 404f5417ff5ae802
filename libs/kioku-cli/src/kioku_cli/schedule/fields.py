"""The fields of an entry by the names that people are shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from kioku.vlm.v1 import observation_pb2 as pb

_Single = Literal["title", "start", "end", "rrule", "place", "address"]
_SINGLE: Final[tuple[_Single, ...]] = ("title", "start", "end", "rrule", "place", "address")


def fields_of(entry: pb.Entry) -> Iterator[tuple[str, pb.FieldValue]]:
    """Those that were read or corrected."""
    yield from ((name, getattr(entry, name)) for name in _SINGLE if entry.HasField(name))
    for clock in entry.clocks:
        role = pb.ClockRole.Name(clock.role).removeprefix("CLOCK_ROLE_").lower()
        yield role.replace("_", " "), clock.time
    yield from (("except", day) for day in entry.exdates)
    yield from (("note", note) for note in entry.notes)


def kind_of(entry: pb.Entry) -> str:
    """Event, deadline, closed or notice."""
    return pb.EntryKind.Name(entry.kind).removeprefix("ENTRY_KIND_").lower()


def when_of(entry: pb.Entry) -> str:
    """Its first and last day or moment with the zone; a time that is not told is said so."""
    if not entry.start.value:
        return "no day"
    end = f" – {entry.end.value}" if entry.end.value else ""
    timed = "T" in entry.start.value
    zone = f" {entry.zone}" if entry.zone else " (no zone)" if timed else ""
    return f"{entry.start.value}{end}{zone}"


def doubts_of(entry: pb.Entry) -> list[str]:
    """Why a person should look: flags of the entry and of its fields, each once."""
    flags = [*entry.flags, *(flag for _, value in fields_of(entry) for flag in value.flags)]
    return list(dict.fromkeys(flags))
