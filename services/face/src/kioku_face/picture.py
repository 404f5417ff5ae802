"""What is looked at for faces: a picture, or one frame of a video."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from uuid import UUID


@unique
class Kind(StrEnum):
    """What an asset is."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"


@dataclass(frozen=True)
class Original:
    """An asset whose bytes are stored; `sha256` is theirs, in hex."""

    owner: str
    asset_id: UUID
    generation: int
    kind: Kind
    object_key: str
    sha256: str


@dataclass(frozen=True)
class Picture:
    """One picture to find faces in.

    Args:
        frame_no: `face.WHOLE` for a picture that is an asset of its own.
        time_ms: when a frame is shown; None for a whole picture.
        object_key, sha256: where its bytes lie, and what they are.
    """

    owner: str
    asset_id: UUID
    generation: int
    frame_no: int
    time_ms: int | None
    object_key: str
    sha256: str


@dataclass(frozen=True)
class Cause:
    """The event that asked for something; its id is recorded with the effect."""

    consumer: str
    event_id: str
    attempts: int = 1


@unique
class Effect(StrEnum):
    """What came of an event or a job's step."""

    DONE = "done"
    REPEATED = "repeated"  # the event had its effect before
    STALE = "stale"  # of an older generation than is known
    GONE = "gone"  # the asset is deleted
    UNKNOWN = "unknown"  # the asset was never heard of
