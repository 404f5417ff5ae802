"""What is asked of a match, and what is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from uuid import UUID

from kioku_face.face import Face, FoundFace
from kioku_face.matching.calibration import Calibration


@unique
class NoMatch(StrEnum):
    """Why a good face has no candidate."""

    UNKNOWN = "FACE_UNKNOWN"  # nobody who agreed to be matched looks like it
    NOT_READY = "FACE_NOT_READY"  # its vector is not stored (yet), or is of another pack


@dataclass(frozen=True)
class MatchRules:
    """How scores are judged where nothing else is known.

    Args:
        threshold: least score in a space that nobody calibrated. 0.35 suits 512-d ArcFace vectors
            under cosine; it is a guess for anything else.
    """

    threshold: float = 0.35


@dataclass(frozen=True)
class Question:
    """Asks whose faces these may be; exactly one of the first three is set.

    Args:
        image: a picture's file, not stored.
        asset_id: all faces of an asset.
        face_id: one face of an asset.
        most: candidates for each face, 1 to 20.
        min_score: -1 to 1; None: the threshold of the space.
        collection_id: only people of this collection; empty: of all.
        purpose: why, in the caller's words.
        request_id: of this call; the same in the audit here and in `search`.
    """

    image: bytes | None
    asset_id: UUID | None
    face_id: UUID | None
    most: int
    min_score: float | None
    collection_id: str
    purpose: str
    request_id: str

    @property
    def subject(self) -> str:
        """What the audit calls it."""
        return str(self.asset_id or self.face_id or "picture")


@dataclass(frozen=True)
class Asked:
    """What is known when `search` is asked; read and audited in one transaction.

    Args:
        sequence: the owner's last change of consent.
        faces: of the asset, or the one face; the largest first; empty for a picture.
        people: those of the collection who agreed, if one was asked for.
        rejected: of these faces: faces and people of whom somebody said that they do not belong
            together.
        anybody: whether any person of the owner agreed to be matched.
        calibration: of the space; None: it has none.
    """

    sequence: int
    faces: Sequence[Face]
    people: Sequence[UUID]
    rejected: frozenset[tuple[UUID, UUID]]
    anybody: bool
    calibration: Calibration | None


@dataclass(frozen=True)
class Somebody:
    """Whose face one is at this moment: somebody who agreed to it."""

    person_id: UUID
    user_id: str
    name: str


@dataclass(frozen=True)
class Candidate:
    """Somebody a face may be, by their most similar face."""

    somebody: Somebody
    face_id: UUID
    score: float
    confidence: float | None


@dataclass(frozen=True)
class Matched:
    """One face and whose it may be; `reason` is set exactly where there is no candidate."""

    face: Face | FoundFace
    candidates: tuple[Candidate, ...]
    reason: str


@dataclass(frozen=True)
class Answer:
    """One for each face, from the largest to the smallest."""

    faces: tuple[Matched, ...]
    space_id: str
    threshold: float
