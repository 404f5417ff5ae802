"""What is not as it should be, in PostgreSQL.  Implements `Gaps`.

Whoever takes a picture to look at it again sets its time, so that nobody else takes it before some
time is over; `pool` is of the role `face_worker`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kioku_face.database import unbound
from kioku_face.face import WHOLE
from kioku_face.picture import Picture
from kioku_face.untold_store import last_sequence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from uuid import UUID

    import asyncpg

    from kioku_face.looking_again import AgainRules

_CHECKS = 512
# One statement for both tables: a picture is an asset with the frame number of a whole one.
_TAKE = """
UPDATE face.{table} SET updated_at = now() WHERE ({key}) IN (
    SELECT {key} FROM face.{table} WHERE {which} AND updated_at < now() - $1::interval
    ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING owner, asset_id, generation, {frame_no} AS frame_no, {time_ms} AS time_ms, object_key,
    sha256
"""
_ASSETS = {
    "table": "assets",
    "key": "owner, asset_id",
    "frame_no": f"{WHOLE}",
    "time_ms": "NULL::bigint",
}
_FRAMES = {
    "table": "frames",
    "key": "owner, asset_id, frame_no",
    "frame_no": "frame_no",
    "time_ms": "time_ms",
}
_PENDING = "state = 'PENDING'"
_OUTDATED = "state <> 'PENDING' AND pack <> $3"
_OF_FACES = """(owner, asset_id, {frame_no}) IN (
    SELECT owner, asset_id, frame_no FROM face.faces
    WHERE owner = $3 AND face_id = ANY($4::uuid[]))"""
_UNCHECKED = """
SELECT owner, face_id FROM face.faces
WHERE space_id = $1 AND space_id <> '' AND asset_id IS NOT NULL
    AND checked_at < now() - CASE WHEN grouped THEN $2::interval ELSE $3::interval END
ORDER BY checked_at LIMIT $4
"""
_OUTSTANDING = """
WITH pictures AS (
    SELECT state, pack FROM face.assets WHERE kind = 'IMAGE'
    UNION ALL SELECT state, pack FROM face.frames
) SELECT count(*) FILTER (WHERE state = 'PENDING') AS pending,
    count(*) FILTER (WHERE state = 'FAILED') AS failed,
    count(*) FILTER (WHERE state <> 'PENDING' AND pack <> $1) AS outdated,
    (SELECT count(*) FROM face.faces WHERE link_version > linked_version) AS unlinked,
    (SELECT count(*) FROM face.faces WHERE NOT grouped AND space_id <> '') AS ungrouped,
    (SELECT count(*) FROM face.vanished) AS vanished
FROM pictures
"""


class GapStore:
    """Pictures and faces that something is missing of."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def pending(self, rules: AgainRules) -> list[Picture]:
        """Pictures that should have been looked at long ago; they are this caller's now."""
        return await self._take(_PENDING, rules.grace, rules.batch)

    async def outdated(self, pack: str, rules: AgainRules) -> list[Picture]:
        """Pictures that another pack looked at last; they are this caller's now."""
        return await self._take(_OUTDATED, rules.grace, rules.batch, pack)

    async def of_faces(
        self, owner: str, face_ids: Sequence[UUID], rules: AgainRules
    ) -> list[Picture]:
        """The pictures that these faces are in, but for those that were taken of late."""
        return await self._take(
            _OF_FACES, rules.patience, max(1, len(face_ids)), owner, list(face_ids)
        )

    async def unchecked(self, space_id: str, rules: AgainRules) -> Mapping[str, Sequence[UUID]]:
        """Faces whose vectors were not asked for in a while, by owner."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_UNCHECKED, space_id, rules.check, rules.grace, _CHECKS)
        faces: dict[str, list[UUID]] = defaultdict(list)
        for row in rows:
            faces[row["owner"]].append(row["face_id"])
        return faces

    async def checked(self, owner: str, face_ids: Sequence[UUID]) -> None:
        """The vectors of these were asked for."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                "UPDATE face.faces SET checked_at = now()"
                " WHERE owner = $1 AND face_id = ANY($2::uuid[])",
                owner,
                list(face_ids),
            )

    async def sequence(self, owner: str) -> int:
        """The owner's last change of consent."""
        async with unbound(self._pool) as connection:
            return await last_sequence(connection, owner)

    async def outstanding(self, pack: str) -> dict[str, int]:
        """How much there is to do, by kind."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(_OUTSTANDING, pack)
        return dict(row) if row else {}

    async def _take(
        self, which: str, age: timedelta, limit: int, *arguments: object
    ) -> list[Picture]:
        """At most `limit` pictures and as many frames that were not touched for so long."""
        async with unbound(self._pool) as connection:
            taken = [
                await connection.fetch(_taking(table, which), age, limit, *arguments)
                for table in (_ASSETS, _FRAMES)
            ]
        return [Picture(**dict(row)) for rows in taken for row in rows]


def _taking(table: dict[str, str], which: str) -> str:
    chosen = which.format(**table)
    if table is _ASSETS:
        chosen += " AND kind = 'IMAGE'"
    return _TAKE.format(which=chosen, **table)
