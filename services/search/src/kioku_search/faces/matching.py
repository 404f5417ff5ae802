"""Promise: nobody is matched who did not agree, and vectors of two spaces never meet.

Who agreed is decided by the query itself, which joins those people; here it is decided in which
space is compared, and whether the question can be asked at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.vectors import unit_vector

from kioku_search.faces.face import Access, Asked, FacesFound, Floats, PeopleFound
from kioku_search.spaces.space import FACE, Space, Spaces


@dataclass(frozen=True)
class Probe:
    """Faces to compare in one space: each a vector of length one, or the id of a stored one.

    `space_id` is empty while there is no space of faces; then nothing is stored.
    """

    space_id: str
    faces: Sequence[tuple[UUID | None, Floats | None]]


@dataclass(frozen=True)
class Bounds:
    """How many are wanted, and how similar they must be: 1 - cosine distance, -1 to 1."""

    most: int
    min_score: float


class NearStore(Protocol):
    """The two questions, each one transaction with its audit.

    Both raise KiokuError CONSENT_BEHIND while the owner's changes of consent did not all come.
    """

    async def people(
        self, access: Access, probe: Probe, bounds: Bounds, among: Sequence[UUID]
    ) -> PeopleFound:
        """People for each face, the most similar first; None: its vector is not stored."""

    async def faces(self, access: Access, probe: Probe, bounds: Bounds) -> FacesFound:
        """Faces of the owner for each face, likewise; a face is not its own neighbour."""


class FaceMatching:
    """What faces look like."""

    def __init__(self, store: NearStore, spaces: Spaces) -> None:
        self._store = store
        self._spaces = spaces

    async def match(
        self, access: Access, asked: Sequence[Asked], bounds: Bounds, among: Sequence[UUID]
    ) -> tuple[PeopleFound, str]:
        """Whose faces these may be, among people who agreed; and the space that was compared in.

        Raises:
            InvalidInput: FIELD_INVALID, VECTOR_WRONG_DIMENSION, VECTOR_NOT_FINITE,
                VECTOR_ZERO_NORM.
            KiokuError: SPACE_UNKNOWN, CONSENT_BEHIND.
        """
        probe = await self._probe(asked)
        return await self._store.people(access, probe, bounds, among), probe.space_id

    async def nearest(
        self, access: Access, asked: Sequence[Asked], bounds: Bounds
    ) -> tuple[FacesFound, str]:
        """What looks like the faces, whoever they are; and the space.  Raises as `match` does."""
        probe = await self._probe(asked)
        return await self._store.faces(access, probe, bounds), probe.space_id

    async def _probe(self, asked: Sequence[Asked]) -> Probe:
        space = await self._space(asked)
        if space is None:
            return Probe("", [(one.face_id, None) for one in asked])
        return Probe(space.space_id, [(one.face_id, _unit(one, space)) for one in asked])

    async def _space(self, asked: Sequence[Asked]) -> Space | None:
        """The one space that all vectors name; without any, the active one, if there is one."""
        active = await self._spaces.find_active(FACE)
        named = {one.space_id for one in asked if one.vector is not None}
        if not named:
            return active
        if any(one.vector is None for one in asked) and active is not None:
            named.add(active.space_id)
        if len(named) > 1:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                "The faces are of more than one space; they cannot be compared in one.",
                field="queries",
            )
        return await self._spaces.of_faces(next(iter(named)))


def _unit(one: Asked, space: Space) -> Floats | None:
    if one.vector is None:
        return None
    return unit_vector(one.vector, space.dimension, field="queries.vector")
