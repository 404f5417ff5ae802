"""The vectors of faces in memory; `tests/contract/face_vectors` keeps it true to `search`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from kioku_face.vectors import (
    Access,
    Erased,
    FaceHit,
    Link,
    Matchable,
    PersonHit,
    VectorOf,
)
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.reasons import Reason

ROUNDING = 1e-6


@dataclass(frozen=True)
class _Stored:
    face_id: UUID
    asset_id: UUID | None
    frame_no: int | None
    vector: np.ndarray


@dataclass
class _Owner:
    faces: dict[UUID, _Stored] = field(default_factory=dict)
    links: dict[UUID, Link] = field(default_factory=dict)
    people: dict[UUID, Matchable] = field(default_factory=dict)
    tombstones: set[UUID] = field(default_factory=set)
    sequence: int = 0
    ahead: set[int] = field(default_factory=set)


class FakeFaceVectors:
    """Implements `FaceVectors` for one space of faces, comparing everything.

    Attributes:
        down: set it to have every call raise DependencyDown.
        accesses: who asked what for, in order: the name of the method and its `Access`.
    """

    def __init__(self, space_id: str = "faces@000000000000", dimension: int = 32) -> None:
        self.space_id = space_id
        self.dimension = dimension
        self.down = False
        self.accesses: list[tuple[str, Access]] = []
        self._owners: dict[str, _Owner] = {}
        self._ticket = 0
        self._scrubbed: dict[int, datetime] = {}

    def put(
        self,
        owner: str,
        face_id: UUID,
        vector: np.ndarray,
        *,
        asset_id: UUID | None = None,
        frame_no: int | None = None,
    ) -> bool:
        """What an `embedding.ready` does; False where a tombstone forbids it."""
        of = self._of(owner)
        if face_id in of.tombstones:
            return False
        of.faces[face_id] = _Stored(face_id, asset_id, frame_no, _half(_unit(vector)))
        return True

    def scrub(self) -> None:
        """What the job does: nothing of what was erased is left."""
        for ticket in range(1, self._ticket + 1):
            self._scrubbed.setdefault(ticket, datetime.now(UTC))

    async def match(
        self,
        access: Access,
        queries: Sequence[VectorOf],
        *,
        most: int,
        min_score: float,
        people: Sequence[UUID] = (),
    ) -> list[list[PersonHit] | None]:
        """People for each query, the most similar first; None: its vector is not stored."""
        of = self._asked("match", access)
        return [self._people(of, one, most, min_score, set(people)) for one in queries]

    async def nearest(
        self, access: Access, queries: Sequence[VectorOf], *, most: int, min_score: float
    ) -> list[list[FaceHit] | None]:
        """Faces of the owner for each query, the most similar first; None: it is not stored."""
        of = self._asked("nearest", access)
        return [self._faces(of, one, most, min_score) for one in queries]

    async def link(self, access: Access, links: Sequence[Link]) -> int:
        """Say whose faces these are; how many were news."""
        of = self._noted("link", access)
        changed = 0
        for one in links:
            known = of.links.get(one.face_id)
            if one.face_id in of.tombstones or (known and known.version >= one.version):
                continue
            of.links[one.face_id] = one
            changed += 1
        return changed

    async def set_people(self, access: Access, people: Sequence[Matchable]) -> int:
        """Say who may be matched; how many were news."""
        of = self._noted("set_people", access)
        changed = 0
        for one in people:
            known = of.people.get(one.person_id)
            if known is None or known.version < one.version:
                of.people[one.person_id] = one
                changed += 1
        if access.consent_sequence > of.sequence:
            of.ahead.add(access.consent_sequence)
        while of.sequence + 1 in of.ahead:
            of.sequence += 1
            of.ahead.discard(of.sequence)
        return changed

    async def erase(
        self, access: Access, *, person_id: UUID | None, face_ids: Sequence[UUID]
    ) -> Erased:
        """Remove vectors for good."""
        of = self._noted("erase", access)
        theirs = {
            one.face_id for one in of.links.values() if person_id and one.person_id == person_id
        }
        gone = theirs | set(face_ids)
        vectors = sum(of.faces.pop(face_id, None) is not None for face_id in gone)
        for face_id in gone:
            of.links.pop(face_id, None)
        of.tombstones |= gone
        self._ticket += 1
        return Erased(vectors, self._ticket)

    async def scrubbed(self, scrub_ticket: int) -> datetime | None:
        """When the files were rewritten after that erasure; None: not yet."""
        if self.down:
            raise DependencyDown("search")
        return self._scrubbed.get(scrub_ticket)

    def _of(self, owner: str) -> _Owner:
        return self._owners.setdefault(owner, _Owner())

    def _noted(self, method: str, access: Access) -> _Owner:
        if self.down:
            raise DependencyDown("search")
        for name in ("owner", "actor", "purpose"):
            if not getattr(access, name):
                raise InvalidInput(Reason.FIELD_MISSING, field=f"access.{name}")
        self.accesses.append((method, access))
        return self._of(access.owner)

    def _asked(self, method: str, access: Access) -> _Owner:
        of = self._noted(method, access)
        if access.consent_sequence > of.sequence:
            raise KiokuError(Reason.CONSENT_BEHIND, retry_after=1.0)
        return of

    def _vector(self, of: _Owner, query: VectorOf) -> np.ndarray | None:
        if query.vector is None:
            stored = of.faces.get(query.face_id) if query.face_id else None
            return None if stored is None else stored.vector
        if query.space_id != self.space_id:
            raise KiokuError(Reason.SPACE_UNKNOWN)
        if query.vector.shape != (self.dimension,):
            raise InvalidInput(Reason.VECTOR_WRONG_DIMENSION)
        return _half(_unit(query.vector))

    def _near(
        self, of: _Owner, query: VectorOf, min_score: float
    ) -> list[tuple[float, _Stored]] | None:
        vector = self._vector(of, query)
        if vector is None:
            return None
        near = [(float(_unit(one.vector) @ _unit(vector)), one) for one in of.faces.values()]
        return sorted(
            ((score, one) for score, one in near if score >= min_score - ROUNDING),
            key=lambda pair: (-pair[0], pair[1].face_id),
        )

    def _people(
        self, of: _Owner, query: VectorOf, most: int, min_score: float, among: set[UUID]
    ) -> list[PersonHit] | None:
        near = self._near(of, query, min_score)
        if near is None:
            return None
        best: dict[UUID, PersonHit] = {}
        for score, one in near:
            link = of.links.get(one.face_id)
            person = of.people.get(link.person_id) if link and link.person_id else None
            if link is None or person is None or not link.reference or not _agrees(person):
                continue
            if among and person.person_id not in among:
                continue
            hit = PersonHit(person.person_id, person.user_id, one.face_id, score)
            best.setdefault(person.person_id, hit)
        return list(best.values())[:most]

    def _faces(
        self, of: _Owner, query: VectorOf, most: int, min_score: float
    ) -> list[FaceHit] | None:
        near = self._near(of, query, min_score)
        if near is None:
            return None
        others = [(score, one) for score, one in near if one.face_id != query.face_id]
        return [
            FaceHit(
                one.face_id,
                one.asset_id,
                one.frame_no,
                of.links[one.face_id].person_id if one.face_id in of.links else None,
                score,
            )
            for score, one in others[:most]
        ]


def _agrees(person: Matchable) -> bool:
    return person.consented and (person.expires_at is None or person.expires_at > datetime.now(UTC))


def _unit(vector: np.ndarray) -> np.ndarray:
    single = np.asarray(vector, np.float64)
    return single / np.linalg.norm(single)


def _half(vector: np.ndarray) -> np.ndarray:
    return vector.astype(np.float16).astype(np.float32)
