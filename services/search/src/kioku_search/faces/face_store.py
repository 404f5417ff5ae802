"""Vectors of faces in PostgreSQL.  Implements `FaceStore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import audit, first_time
from kioku_rt.db.vectors import encode_halfvec

from kioku_search.assets.stage_rows import hold_space, live
from kioku_search.database import SCHEMA, unbound
from kioku_search.spaces.space import FACE
from kioku_search.vectors.indexing import Effect, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_search.faces.face import FaceVector
    from kioku_search.faces.storing import FaceOrigin

CONSUMER = "search-embeddings"
ACTOR = "face"
PUT = """
INSERT INTO search.face_embeddings AS k
    (space_id, owner, face_id, asset_id, frame_no, generation, person_id, reference, link_version,
     embedding)
SELECT $1, $2, v.face_id, $3, v.frame_no, $4, l.person_id, coalesce(l.reference, false),
    coalesce(l.version, 0), v.embedding
FROM unnest($5::uuid[], $6::integer[], $7::public.halfvec[]) AS v(face_id, frame_no, embedding)
LEFT JOIN search.face_links l ON l.owner = $2 AND l.face_id = v.face_id
WHERE NOT EXISTS (SELECT FROM search.face_tombstones t
    WHERE t.owner = $2 AND t.face_id = v.face_id)
ON CONFLICT (owner, face_id, space_id) DO UPDATE SET
    asset_id = EXCLUDED.asset_id, frame_no = EXCLUDED.frame_no, generation = EXCLUDED.generation,
    embedding = EXCLUDED.embedding, updated_at = now()
WHERE k.generation <= EXCLUDED.generation
RETURNING k.face_id
"""


class FaceStore:
    """Where vectors of faces lie.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(self, origin: FaceOrigin, space_id: str, faces: Sequence[FaceVector]) -> Effect:
        """Store them, all but erased ones and those of an older generation than is there."""
        async with unbound(self._pool) as connection:
            target = await hold_space(connection, space_id, origin.owner)
            if target.retired or target.kind != FACE:
                return Effect.RETIRED
            await connection.execute("SELECT search.hold_faces($1, false)", origin.owner)
            if not await first_time(
                connection, schema=SCHEMA, consumer=CONSUMER, event_id=origin.event_id
            ):
                return Effect.AGAIN
            gone = await _gone(connection, origin)
            if gone is not None:
                return gone
            stored = await _insert(connection, origin, space_id, faces)
            await _record(connection, origin, space_id, len(faces), stored)
        return Effect.DONE if stored else Effect.OVERTAKEN


async def _gone(connection: Connection, origin: FaceOrigin) -> Effect | None:
    """What became of the faces' asset if it is not alive; it is locked if it is."""
    if origin.asset_id is None:
        return None
    asked = Origin(origin.event_id, origin.owner, origin.asset_id, origin.generation, 1)
    asset = await live(connection, asked)
    return asset if isinstance(asset, Effect) else None


async def _insert(
    connection: Connection, origin: FaceOrigin, space_id: str, faces: Sequence[FaceVector]
) -> int:
    rows = await connection.fetch(
        PUT,
        space_id,
        origin.owner,
        origin.asset_id,
        origin.generation,
        [one.face_id for one in faces],
        [one.frame_no for one in faces],
        [encode_halfvec(one.vector) for one in faces],
    )
    return len(rows)


async def _record(
    connection: Connection, origin: FaceOrigin, space_id: str, came: int, stored: int
) -> None:
    await audit(
        connection,
        schema=SCHEMA,
        actor=ACTOR,
        action="face.store",
        subject=str(origin.asset_id or ""),
        outcome="ok",
        details={
            "owner": origin.owner,
            "event_id": origin.event_id,
            "generation": origin.generation,
            "space_id": space_id,
            "faces": came,
            "stored": stored,
        },
    )
