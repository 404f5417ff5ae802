"""What a document announces: entries whose every field says where it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from kioku_vlm.page import Box


@dataclass(frozen=True)
class Evidence:
    """The words on a page that a value comes from."""

    page: int
    box: Box
    quote: str


@dataclass(frozen=True)
class Value:
    """One field of an entry.

    Attributes:
        value: the normalised value: text, or an ISO 8601 date (`2026-05-30`), local date-time
            (`2026-05-30T10:00`), or RRULE.
        raw: the words as they stand.
        confidence: 0 to 1.
        resolved_by: the rule or witness that decided (`weekday`, `document-year`, …).
        evidence: where it was read; empty: nowhere, and then the confidence is at most 0.3.
        alternatives: other values that the words allow, the likeliest first.
        flags: why a person should look (`AMBIGUOUS_DATE`, `UNGROUNDED`, `WEEKDAY_MISMATCH`, …).
    """

    value: str
    raw: str
    confidence: float
    resolved_by: str = ""
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class Kind(StrEnum):
    """What an entry is."""

    EVENT = "EVENT"
    DEADLINE = "DEADLINE"
    """Something is due by then (締切, 必着, までに)."""
    CLOSED = "CLOSED"
    """Somewhere is closed then (休館, 休診)."""
    NOTICE = "NOTICE"
    """A dated fact that nobody attends (発売, 公開)."""


class ClockRole(StrEnum):
    """What happens at a time of day."""

    START = "START"
    END = "END"
    DOORS = "DOORS"
    RECEPTION = "RECEPTION"
    GATHERING = "GATHERING"
    LAST_ENTRY = "LAST_ENTRY"


@dataclass(frozen=True)
class Entry:
    """Something that belongs in a calendar.

    Attributes:
        kind: what it is.
        start: first day or moment: a date means all day.
        end: last day (a date, itself included) or the end's moment; None: not told.
        zone: IANA name of the zone of its local times; empty: a caller must say, it is never UTC
            by default.
        zone_by: what named it: `request`, `place`, `tenant`.
        clocks: further times of day by their role (`T18:00` as local date-times).
        rrule: RFC 5545 RRULE, anchored at `start`.
        exdates: days on which it does not happen (ISO dates).
        title, place, address: text.
        notes: what to bring, price, contact, and the like.
        flags: why a person should look at the whole entry.
    """

    kind: Kind
    title: Value | None = None
    start: Value | None = None
    end: Value | None = None
    zone: str = ""
    zone_by: str = ""
    clocks: Mapping[ClockRole, Value] = field(default_factory=dict)
    rrule: Value | None = None
    exdates: tuple[Value, ...] = ()
    place: Value | None = None
    address: Value | None = None
    notes: tuple[Value, ...] = ()
    confidence: float = 0.0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suspicion:
    """Words that look meant for a machine rather than a reader."""

    reason: str
    evidence: Evidence


@dataclass(frozen=True)
class Provenance:
    """Who read a document, and what it took.

    Attributes:
        model_version: name and version of the engine that answered.
        prompt_version, schema_version: of what it was told; empty: nothing.
        seconds: of the model or the rules.
        tokens: of the answer; 0: there are none, or they are not told.
    """

    model_version: str
    prompt_version: str = ""
    schema_version: str = ""
    seconds: float = 0.0
    tokens: int = 0


@dataclass(frozen=True)
class Schedule:
    """All that a document announces.

    Attributes:
        entries: the earliest evidence first.
        language: `ja`, `en` or empty.
        abstained: why nothing was said (a page flag, `NO_EVENT`); empty where there are entries.
        suspicions: words that look like instructions.
        provenance: who read it; None: the extractor that was asked.
    """

    entries: tuple[Entry, ...]
    language: str = ""
    abstained: str = ""
    suspicions: tuple[Suspicion, ...] = ()
    provenance: Provenance | None = None


@dataclass(frozen=True)
class Circumstances:
    """What is known beside the picture.

    Attributes:
        today: the day of the request or the upload; relative words are anchored on it last.
        taken: the day the picture was taken (EXIF), or None.
        zone: IANA zone that the caller or the tenant names, or empty.
        locale: `ja`, `en`, `en-GB`, … or empty; decides 03/04 only where it is named.
        aliases: words of this owner and what they mean (a corrected place or abbreviation).
    """

    today: date
    taken: date | None = None
    zone: str = ""
    locale: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
