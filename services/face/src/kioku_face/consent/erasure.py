"""What an erasure is: what went, for whom, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from kioku_face.consent.consent import Consent


@unique
class Cause(StrEnum):
    """Why something is erased."""

    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    RETENTION = "RETENTION"
    RESTORED = "RESTORED"


@unique
class ErasureState(StrEnum):
    """How far it is; `face` itself holds nothing any more from PENDING on."""

    PENDING = "PENDING"
    ERASED = "ERASED"
    SCRUBBED = "SCRUBBED"


@dataclass(frozen=True)
class Erasure:
    """One erasure; `person_id` None: faces of nobody known."""

    owner: str
    erasure_id: UUID
    person_id: UUID | None
    merged_ids: tuple[UUID, ...]
    cause: Cause
    state: ErasureState
    actor: str
    faces: int
    vectors: int
    scrub_ticket: int | None
    created_at: datetime
    erased_at: datetime | None
    scrubbed_at: datetime | None

    @property
    def people(self) -> tuple[UUID, ...]:
        """Everybody whose faces `search` is to remove, whichever it links to them."""
        return () if self.person_id is None else (self.person_id, *self.merged_ids)


@dataclass(frozen=True)
class Withdrawn:
    """A consent that was taken back, and the erasure that goes with it.

    Args:
        begun: whether this call began it, and so is the one to carry it out.
    """

    consent: Consent
    erasure: Erasure
    begun: bool
