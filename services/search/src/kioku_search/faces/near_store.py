"""Nearest people and faces in PostgreSQL: one SQL function (`search.near_faces`).

Implements `NearStore`.  The question, the check of consent and the audit are one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from kioku_rt.db.vectors import encode_halfvec

from kioku_search.faces.face import WHOLE, FaceHit, PersonHit
from kioku_search.faces.ledger import faced, record, require_heard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_search.faces.face import Access, FacesFound, PeopleFound
    from kioku_search.faces.matching import Bounds, Probe

NEAR = (
    "SELECT n.*, e.asset_id, e.frame_no, e.person_id AS linked"
    " FROM search.near_faces($1, $2, $3, $4::public.halfvec[], $5, $6, $7, $8, p_ef => $9) n"
    " LEFT JOIN search.face_embeddings e ON NOT $1 AND e.space_id = $3 AND e.owner = $2"
    " AND e.face_id = n.face_id"
    " ORDER BY n.query, n.distance, coalesce(n.person_id, n.face_id)"
)
_ROUNDING = 1e-6
_T = TypeVar("_T")


class FaceNearStore:
    """What looks like faces of one owner.

    Args:
        pool: of the role `search_api`.
        ef_search: how many candidates a graph keeps while its space says nothing else.
    """

    def __init__(self, pool: asyncpg.Pool, *, ef_search: int) -> None:
        self._pool = pool
        self._ef_search = ef_search

    async def people(
        self, access: Access, probe: Probe, bounds: Bounds, among: Sequence[UUID]
    ) -> PeopleFound:
        """People for each face, the most similar first; None: its vector is not stored."""
        found: PeopleFound = [None] * len(probe.faces)
        async with faced(self._pool, access) as connection:
            await require_heard(connection, access)
            for row in await self._rows(connection, access, probe, bounds, match=True, among=among):
                hits = _hits_of(found, row)
                if row["person_id"] is not None:
                    hits.append(_person(row))
            await _tell(connection, access, "face.match", probe, found)
        return found

    async def faces(self, access: Access, probe: Probe, bounds: Bounds) -> FacesFound:
        """Faces of the owner for each face, likewise; a face is not its own neighbour."""
        found: FacesFound = [None] * len(probe.faces)
        async with faced(self._pool, access) as connection:
            await require_heard(connection, access)
            for row in await self._rows(connection, access, probe, bounds, match=False, among=()):
                hits = _hits_of(found, row)
                if row["face_id"] is not None:
                    hits.append(_face(row))
            await _tell(connection, access, "face.nearest", probe, found)
        return found

    async def _rows(
        self,
        connection: Connection,
        access: Access,
        probe: Probe,
        bounds: Bounds,
        *,
        match: bool,
        among: Sequence[UUID],
    ) -> list[asyncpg.Record]:
        vectors = [None if v is None else encode_halfvec(v) for _, v in probe.faces]
        rows: list[asyncpg.Record] = await connection.fetch(
            NEAR,
            match,
            access.owner,
            probe.space_id,
            vectors,
            [face_id for face_id, _ in probe.faces],
            bounds.most,
            1.0 - bounds.min_score + _ROUNDING,
            list(among) or None,
            self._ef_search,
        )
        return rows


def _hits_of(found: list[list[_T] | None], row: asyncpg.Record) -> list[_T]:
    """The list of the query that a row belongs to; made with its first row, if it is known."""
    place: int = row["query"] - 1
    hits = found[place] or []
    if row["known"]:
        found[place] = hits
    return hits


async def _tell(
    connection: Connection,
    access: Access,
    action: str,
    probe: Probe,
    found: Sequence[Sequence[object] | None],
) -> None:
    hits = sum(len(one) for one in found if one)
    await record(connection, access, action, probe.space_id, queries=len(probe.faces), hits=hits)


def _person(row: asyncpg.Record) -> PersonHit:
    return PersonHit(row["person_id"], row["user_id"], row["face_id"], 1.0 - row["distance"])


def _face(row: asyncpg.Record) -> FaceHit:
    frame = row["frame_no"]
    return FaceHit(
        face_id=row["face_id"],
        asset_id=row["asset_id"],
        frame_no=None if frame is None or frame == WHOLE else frame,
        person_id=row["linked"],
        score=1.0 - row["distance"],
    )
