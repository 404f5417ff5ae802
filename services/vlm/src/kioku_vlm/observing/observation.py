"""An observation: what one picture or file announces, and how far the reading of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum, unique
from uuid import UUID

from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.schedule_facts import Entry, Suspicion


@unique
class State(StrEnum):
    """How far an observation, or one reading of it, is."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"
    """Of readings only: a later one took its place."""


FINAL_STATES = frozenset({State.READY, State.FAILED})


@dataclass(frozen=True)
class Original:
    """An asset whose bytes are stored; `sha256` is theirs, in hex."""

    owner: str
    asset_id: UUID
    generation: int
    object_key: str
    sha256: str


@dataclass(frozen=True)
class Wish:
    """What a caller says beside the picture; empty: nothing.

    Attributes:
        zone: IANA name.
        locale: decides 03/04.
    """

    zone: str = ""
    locale: str = ""


@dataclass(frozen=True)
class Heard:
    """Bytes that came with a request, and under what they are to be read.

    Attributes:
        sha256: of `data`, in hex.
        today: the day of the request.
        kept: how long their observation lives, unless they become an asset.
    """

    data: bytes = field(repr=False)
    sha256: str
    today: date
    wish: Wish
    kept: timedelta


@dataclass(frozen=True)
class Failure:
    """Why it could not be read: a reason of the catalogue and one sentence."""

    reason: str
    message: str


@dataclass(frozen=True)
class Engine:
    """What read it."""

    model_version: str
    prompt_version: str
    schema_version: str
    reader_version: str


@dataclass(frozen=True)
class Timing:
    """Milliseconds of the steps of one reading."""

    fetch_ms: float = 0.0
    read_ms: float = 0.0
    extract_ms: float = 0.0


@dataclass(frozen=True)
class Reading:
    """One finished reading."""

    version: int
    state: State
    engine: Engine
    timing: Timing
    failure: Failure | None
    read_at: datetime


@dataclass(frozen=True)
class Correction:
    """What a person made of a field: its values (one, of notes any number), who, and when."""

    values: tuple[str, ...]
    actor: str
    at: datetime


@dataclass(frozen=True)
class KnownEntry:
    """An entry as it is stored.

    Attributes:
        read: what the last reading says.
        corrections: what people say, by field.
        merged_into: the entry of the same event that stands for both; None: this one.
        group_id: of all readings of the event; the same for as long as one of them is there.
        outdated: the last reading of the picture did not find it any more.
        zone: what a caller named for the local times of the observation; empty: nothing.
        sequence: counts up with every change of any entry of the group.
    """

    entry_id: UUID
    observation_id: UUID
    read: Entry
    corrections: Mapping[str, Correction]
    merged_into: UUID | None
    group_id: UUID
    dismissed: bool
    outdated: bool
    version: int
    updated_at: datetime
    zone: str = ""
    sequence: int = 0


@dataclass(frozen=True)
class Observation:
    """As its owner sees it.

    Attributes:
        zone: what a caller named for its local times.
        people: whom readings saw; only of an observation that is looked at by itself.
    """

    observation_id: UUID
    state: State
    asset_ids: tuple[UUID, ...]
    observation_hash: str
    version: int
    zone: str
    locale: str
    language: str
    abstained: str
    suspicions: tuple[Suspicion, ...]
    near_of: UUID | None
    failure: Failure | None
    attempts: int
    created_at: datetime
    updated_at: datetime
    entries: tuple[KnownEntry, ...] = ()
    readings: tuple[Reading, ...] = ()
    people: tuple[SeenPerson, ...] = ()


@dataclass(frozen=True)
class Claim:
    """A reading that this process has taken on, under the circumstances of the observation.

    Attributes:
        token: whose it is; nobody else's result is stored while it stands.
        keys: where the bytes may be fetched, each an object and its SHA-256; empty: `sent`.
        sent: bytes that came with a request.
        urgent: somebody waits for it.
        attempts: this one included.
    """

    owner: str
    observation_id: UUID
    token: UUID
    sha256: str
    keys: tuple[str, ...]
    sent: bytes | None = field(repr=False)
    today: date
    zone: str
    locale: str
    urgent: bool
    attempts: int


@unique
class Effect(StrEnum):
    """What came of an event or of one attempt."""

    DONE = "done"
    KNOWN = "known"  # the same bytes were read before
    HELD = "held"  # another process reads it, or its turn is later
    REPEATED = "repeated"  # the event had its effect before
    STALE = "stale"  # another process took it over
    GONE = "gone"  # the asset is deleted
    SKIPPED = "skipped"  # videos are not read
