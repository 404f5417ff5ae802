"""The port to the vectors of faces, which `search` keeps; see `FaceVectorService`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_face.face import Floats


@dataclass(frozen=True)
class Access:
    """Who asks and why; `search` audits it.

    Args:
        consent_sequence: the owner's last change of consent; `search` refuses to answer while it
            has not heard of it.
    """

    owner: str
    actor: str
    purpose: str
    request_id: str
    consent_sequence: int = 0


@dataclass(frozen=True)
class VectorOf:
    """A face that is asked about: by its vector in a space, or by the id of a stored one."""

    face_id: UUID | None = None
    vector: Floats | None = None
    space_id: str = ""


@dataclass(frozen=True)
class PersonHit:
    """A person who may be matched, and their most similar face; score is 1 - cosine distance."""

    person_id: UUID
    user_id: str
    face_id: UUID
    score: float


@dataclass(frozen=True)
class FaceHit:
    """A face of the same owner; `person_id` is what `search` knows of it."""

    face_id: UUID
    asset_id: UUID | None
    frame_no: int | None
    person_id: UUID | None
    score: float


@dataclass(frozen=True)
class Link:
    """Whose face one is, by version; `reference`: the person is matched with it."""

    face_id: UUID
    asset_id: UUID | None
    person_id: UUID | None
    reference: bool
    version: int


@dataclass(frozen=True)
class Matchable:
    """Whether a person may be matched, by version of their consent."""

    person_id: UUID
    user_id: str
    consented: bool
    expires_at: datetime | None
    version: int


@dataclass(frozen=True)
class Erased:
    """What was removed, and what to ask `scrubbed` for."""

    vectors: int
    scrub_ticket: int


class FaceVectors(Protocol):
    """Every method raises DependencyDown when `search` does not answer."""

    async def match(
        self,
        access: Access,
        queries: Sequence[VectorOf],
        *,
        most: int,
        min_score: float,
        people: Sequence[UUID] = (),
    ) -> list[list[PersonHit] | None]:
        """People for each query, the most similar first; None: its vector is not stored.

        Raises:
            KiokuError: CONSENT_BEHIND, SPACE_UNKNOWN.
            InvalidInput: VECTOR_WRONG_DIMENSION.
        """

    async def nearest(
        self, access: Access, queries: Sequence[VectorOf], *, most: int, min_score: float
    ) -> list[list[FaceHit] | None]:
        """Faces of the owner for each query, the most similar first; None: it is not stored."""

    async def link(self, access: Access, links: Sequence[Link]) -> int:
        """Say whose faces these are; how many were news."""

    async def set_people(self, access: Access, people: Sequence[Matchable]) -> int:
        """Say who may be matched; how many were news."""

    async def erase(
        self, access: Access, *, person_id: UUID | None, face_ids: Sequence[UUID]
    ) -> Erased:
        """Remove vectors for good."""

    async def scrubbed(self, scrub_ticket: int) -> datetime | None:
        """When the files were rewritten after that erasure; None: not yet."""
