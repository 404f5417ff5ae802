"""Nearest people and faces in PostgreSQL: one SQL function (`search.ask_faces`).

Implements `NearStore`.  The check of consent, the question and the audit are one statement.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from kioku_rt.db import acquire
from kioku_rt.db.vectors import encode_halfvec

from kioku_search.faces.face import WHOLE, FaceHit, PersonHit
from kioku_search.faces.ledger import behind, facts_of
from kioku_search.searching.lately import Lately

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import asyncpg

    from kioku_search.faces.face import Access, FacesFound, PeopleFound
    from kioku_search.faces.matching import Bounds, Probe

ASK = (
    "SELECT * FROM search.ask_faces($1, $2, $3, $4::public.halfvec[], $5, $6, $7, $8, $9, $10, $11,"
    " $12, $13, $14::jsonb)"
)
_ROUNDING = 1e-6
_FRESH_SECONDS = 60.0
_NO_COUNT = 1  # "few" ends here, so that counting ends with the second face
_GRAPHS = frozenset({"hnsw", "ivfflat"})
_T = TypeVar("_T")


class FaceNearStore:
    """What looks like faces of one owner.

    Whether an owner has few faces to be matched with, all of which are compared, or many, is
    counted in the database; of an owner who had many a moment ago it is not counted again. A wrong
    guess never makes an answer short: where the index ends short, all are compared. For that moment
    it may be an index's answer where few faces would have been compared in full.

    Args:
        pool: of the role `search_api`.
        ef_search: how many candidates a graph keeps while its space says nothing else.
    """

    def __init__(self, pool: asyncpg.Pool, *, ef_search: int) -> None:
        self._pool = pool
        self._ef_search = ef_search
        self._many: Lately[tuple[str, str], bool] = Lately(_FRESH_SECONDS)

    async def people(
        self, access: Access, probe: Probe, bounds: Bounds, among: Sequence[UUID]
    ) -> PeopleFound:
        """People for each face, the most similar first; None: its vector is not stored."""
        found: PeopleFound = [None] * len(probe.faces)
        key = (access.owner, probe.space_id)
        many = not among and bool(self._many.get(key))
        rows = await self._rows(access, probe, bounds, among=among, many=many)
        for row in rows:
            hits = _hits_of(found, row)
            if row["person_id"] is not None:
                hits.append(_person(row))
        if not among:
            self._learn(key, rows, many=many)
        return found

    async def faces(self, access: Access, probe: Probe, bounds: Bounds) -> FacesFound:
        """Faces of the owner for each face, likewise; a face is not its own neighbour."""
        found: FacesFound = [None] * len(probe.faces)
        for row in await self._rows(access, probe, bounds, among=None):
            hits = _hits_of(found, row)
            if row["face_id"] is not None:
                hits.append(_face(row))
        return found

    def _learn(self, key: tuple[str, str], rows: Sequence[asyncpg.Record], *, many: bool) -> None:
        """Remember an owner whose matches came out of an index, until one did not."""
        by_index = came_by_index((row["known"], row["strategy"]) for row in rows)
        if by_index is False:
            self._many.forget(key)
        elif by_index and not many:  # what is remembered runs out, so that it is counted again
            self._many.note(key, True)

    async def _rows(
        self,
        access: Access,
        probe: Probe,
        bounds: Bounds,
        *,
        among: Sequence[UUID] | None,
        many: bool = False,
    ) -> list[asyncpg.Record]:
        """The answer, recorded; `among`: whose faces may match, None: this is no match."""
        match = among is not None
        async with acquire(self._pool) as connection:
            rows: list[asyncpg.Record] = await connection.fetch(
                ASK,
                match,
                access.owner,
                probe.space_id,
                [None if v is None else encode_halfvec(v) for _, v in probe.faces],
                [face_id for face_id, _ in probe.faces],
                bounds.most,
                1.0 - bounds.min_score + _ROUNDING,
                list(among or ()) or None,
                self._ef_search,
                _NO_COUNT if many else None,
                access.consent_sequence,
                access.actor,
                "face.match" if match else "face.nearest",
                json.dumps(facts_of(access)),
            )
        if rows and rows[0]["heard"] is not None:
            raise behind(access, rows[0]["heard"])
        return rows


def came_by_index(answers: Iterable[tuple[bool, str]]) -> bool | None:
    """Whether an index answered every face; None: no face that was asked about is stored.

    Args:
        answers: of each row whether its face is stored, and the strategy.
    """
    ways = {strategy for known, strategy in answers if known}
    return ways <= _GRAPHS if ways else None


def _hits_of(found: list[list[_T] | None], row: asyncpg.Record) -> list[_T]:
    """The list of the query that a row belongs to; made with its first row, if it is known."""
    place: int = row["query"] - 1
    hits = found[place] or []
    if row["known"]:
        found[place] = hits
    return hits


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
