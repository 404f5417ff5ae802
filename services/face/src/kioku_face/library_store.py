"""What owners read, in PostgreSQL, each in their name and audited in the transaction that reads.

Implements `LibraryStore`, `Spots` and `GlanceAudit`; `pool` is of the role `face_api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_face.crop import Spot
from kioku_face.database import owned, record
from kioku_face.face_row import FACE_COLUMNS, box_of, face_of
from kioku_face.library import Anonymous, Of
from kioku_face.picture import Picture

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth import Acting
    from kioku_rt.db.pool import Connection

    from kioku_face.face import Face
    from kioku_face.library import Place, Wanted

_EXISTS = {
    Of.ASSET: "SELECT EXISTS (SELECT FROM face.assets WHERE owner = $1 AND asset_id = $2)",
    Of.PERSON: "SELECT EXISTS (SELECT FROM face.people WHERE owner = $1 AND person_id = $2"
    " AND merged_into IS NULL)",
    Of.ANONYMOUS: "SELECT $1::text IS NOT NULL AND $2::uuid IS NOT NULL",
}
_FACES = """
SELECT {columns} FROM face.faces
WHERE owner = $1 AND {of} = $2
    AND ($4::real IS NULL OR quality < $4 OR (quality = $4 AND face_id > $5))
ORDER BY quality DESC, face_id LIMIT $3
"""
_ANONYMOUS = """
SELECT anonymous_id, count(*) AS face_count, min(created_at) AS created_at,
    max(created_at) AS newest_at, (array_agg(face_id ORDER BY quality DESC, face_id))[1] AS cover
FROM face.faces WHERE owner = $1 AND anonymous_id IS NOT NULL
GROUP BY anonymous_id HAVING count(*) >= $2
    AND ($4::bigint IS NULL OR count(*) < $4 OR (count(*) = $4 AND anonymous_id > $5))
ORDER BY count(*) DESC, anonymous_id LIMIT $3
"""
_SPOT = """
SELECT f.owner, f.asset_id, f.frame_no, f.time_ms, f.box, a.generation,
    coalesce(v.object_key, a.object_key) AS object_key, coalesce(v.sha256, a.sha256) AS sha256
FROM face.faces f LEFT JOIN face.assets a USING (owner, asset_id)
LEFT JOIN face.frames v ON v.owner = f.owner AND v.asset_id = f.asset_id
    AND v.frame_no = f.frame_no
WHERE f.owner = $1 AND f.face_id = $2
"""


class FaceLibraryStore:
    """Reads of faces."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def faces(
        self, acting: Acting, wanted: Wanted, limit: int, after: Place | None
    ) -> list[Face] | None:
        """At most `limit` faces; None if there is no such asset or person."""
        async with owned(self._pool, acting) as connection:
            if not await connection.fetchval(_EXISTS[wanted.of], acting.owner, wanted.id):
                await _listed(connection, acting, wanted, None)
                return None
            rows = await connection.fetch(
                _FACES.format(columns=FACE_COLUMNS, of=wanted.of.value),
                acting.owner,
                wanted.id,
                limit,
                after.quality if after else None,
                after.face_id if after else None,
            )
            await _listed(connection, acting, wanted, len(rows))
        return [face_of(row) for row in rows]

    async def anonymous(
        self, acting: Acting, min_faces: int, limit: int, after: tuple[int, UUID] | None
    ) -> list[Anonymous]:
        """At most `limit` unknown people with at least so many faces."""
        count, last = after or (None, None)
        async with owned(self._pool, acting) as connection:
            rows = await connection.fetch(_ANONYMOUS, acting.owner, min_faces, limit, count, last)
            await record(connection, acting, "anonymous.list", "", people=len(rows))
        return [
            Anonymous(
                row["anonymous_id"],
                row["face_count"],
                row["cover"],
                row["created_at"],
                row["newest_at"],
            )
            for row in rows
        ]

    async def spot(self, acting: Acting, face_id: UUID) -> Spot | None:
        """Where the face is; None if there is no such face of this owner."""
        async with owned(self._pool, acting) as connection:
            row = await connection.fetchrow(_SPOT, acting.owner, face_id)
            outcome = "ok" if row else "refused"
            await record(connection, acting, "face.crop", str(face_id), outcome=outcome)
        if row is None:
            return None
        return Spot(_picture_of(row) if row["asset_id"] else None, box_of(row["box"]))

    async def glanced(self, acting: Acting, faces: int) -> None:
        """Record that somebody looked at a picture that is not kept."""
        async with owned(self._pool, acting) as connection:
            await record(connection, acting, "face.detect", "", faces=faces)


async def _listed(
    connection: Connection, acting: Acting, wanted: Wanted, faces: int | None
) -> None:
    """Audit a list; None: there is no such asset or person."""
    await record(
        connection,
        acting,
        "face.list",
        str(wanted.id),
        outcome="refused" if faces is None else "ok",
        of=wanted.of.value,
        faces=faces or 0,
    )


def _picture_of(row: asyncpg.Record) -> Picture | None:
    if row["object_key"] is None:
        return None
    fields = ("owner", "asset_id", "generation", "frame_no", "time_ms", "object_key", "sha256")
    return Picture(**{name: row[name] for name in fields})
