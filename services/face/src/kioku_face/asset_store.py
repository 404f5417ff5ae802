"""Assets and frames that were heard of, and how they end, in PostgreSQL; as the role `face_worker`.

Implements `Assets` and `Frames`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import first_time

from kioku_face.database import SCHEMA, record, unbound
from kioku_face.face_events import announce_purged
from kioku_face.picture import Effect, Original, Picture
from kioku_face.sighting_store import lock_asset, worker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_face.film import Cut

DELETIONS = "face-deletions"
_EXPECT = """
INSERT INTO face.assets AS a (owner, asset_id, generation, kind, object_key, sha256)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (owner, asset_id) DO UPDATE SET generation = excluded.generation,
    object_key = excluded.object_key, sha256 = excluded.sha256, state = 'PENDING', reason = '',
    updated_at = now() WHERE a.generation < excluded.generation
RETURNING 1
"""
_KNOWN = "SELECT generation FROM face.assets WHERE owner = $1 AND asset_id = $2"
_DEAD = "SELECT EXISTS (SELECT FROM face.asset_tombstones WHERE owner = $1 AND asset_id = $2)"
_EXPECT_FRAME = """
INSERT INTO face.frames AS f (owner, asset_id, frame_no, time_ms, generation, object_key, sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (owner, asset_id, frame_no) DO UPDATE SET time_ms = excluded.time_ms,
    generation = excluded.generation, object_key = excluded.object_key, sha256 = excluded.sha256,
    state = 'PENDING', reason = '', updated_at = now() WHERE f.generation < excluded.generation
"""
# A video that is tried again is not uploaded again: its frames tell of the new generation.
_CUT_ANEW = (
    "UPDATE face.assets SET generation = greatest(generation, $3)"
    " WHERE owner = $1 AND asset_id = $2"
)
PICTURE_OF_FRAME = """
SELECT owner, asset_id, generation, frame_no, time_ms, object_key, sha256 FROM face.frames
"""
_WHOLE = """
WITH gone AS (
    DELETE FROM face.faces WHERE owner = $1 AND asset_id = $2 AND frame_no >= $3
    RETURNING face_id, space_id
), queued AS (
    INSERT INTO face.vanished (owner, face_id) SELECT $1, face_id FROM gone WHERE space_id <> ''
    ON CONFLICT DO NOTHING
), frames AS (
    DELETE FROM face.frames WHERE owner = $1 AND asset_id = $2 AND frame_no >= $3
) UPDATE face.assets SET state = 'DONE', updated_at = now()
WHERE owner = $1 AND asset_id = $2 AND kind = 'VIDEO'
"""


class AssetStore:
    """Assets of this service; `pool` is of the role `face_worker`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def expect_asset(self, original: Original) -> Effect:
        """Note an asset that is to be looked at, unless it is deleted or known as it is newer."""
        async with unbound(self._pool) as connection:
            key = (original.owner, original.asset_id)
            await lock_asset(connection, *key)
            if await connection.fetchval(_DEAD, *key):
                return Effect.GONE
            await connection.fetchval(
                _EXPECT,
                *key,
                original.generation,
                original.kind,
                original.object_key,
                original.sha256,
            )
            known: int = await connection.fetchval(_KNOWN, *key)
        return Effect.STALE if known > original.generation else Effect.DONE

    async def expect(self, cut: Cut, pictures: Sequence[Picture]) -> Effect:
        """Note frames to be looked at, unless the video is unknown, deleted, or cut anew since."""
        async with unbound(self._pool) as connection:
            key = (cut.owner, cut.asset_id)
            await lock_asset(connection, *key)
            if await connection.fetchval(_DEAD, *key):
                return Effect.GONE
            known = await connection.fetchval(_KNOWN, *key)
            if known is None:
                return Effect.UNKNOWN
            if known > cut.generation:
                return Effect.STALE
            await connection.execute(_CUT_ANEW, *key, cut.generation)
            await connection.executemany(_EXPECT_FRAME, [_frame_columns(one) for one in pictures])
        return Effect.DONE

    async def waiting(self, cut: Cut) -> list[Picture]:
        """Frames of the range that are still to be looked at."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                f"{PICTURE_OF_FRAME} WHERE owner = $1 AND asset_id = $2 AND frame_no >= $3"
                " AND frame_no < $4 AND state = 'PENDING' ORDER BY frame_no",
                cut.owner,
                cut.asset_id,
                cut.first,
                cut.first + cut.count,
            )
        return [picture_of(row) for row in rows]

    async def whole(self, cut: Cut) -> None:
        """The video has `cut.total` frames: forget those after them, faces and all."""
        async with unbound(self._pool) as connection:
            await lock_asset(connection, cut.owner, cut.asset_id)
            await connection.execute(_WHOLE, cut.owner, cut.asset_id, cut.total)

    async def purge(self, event_id: str, owner: str, asset_id: UUID) -> Effect:
        """Remove all that is held of an asset, leave its tombstone, confirm: once for the event."""
        async with unbound(self._pool) as connection:
            await lock_asset(connection, owner, asset_id)
            fresh = await first_time(
                connection, schema=SCHEMA, consumer=DELETIONS, event_id=event_id
            )
            if not fresh:
                return Effect.REPEATED
            removed = await _remove(connection, owner, asset_id)
            await record(
                connection,
                worker(owner, event_id),
                "asset.purge",
                str(asset_id),
                removed=removed,
            )
            await announce_purged(connection, owner, asset_id, removed)
        return Effect.DONE


async def _remove(connection: Connection, owner: str, asset_id: UUID) -> dict[str, int]:
    await connection.execute(
        "INSERT INTO face.asset_tombstones (owner, asset_id) VALUES ($1, $2)"
        " ON CONFLICT DO NOTHING",
        owner,
        asset_id,
    )
    removed = {}
    for table in ("faces", "frames", "assets"):
        status = await connection.execute(
            f"DELETE FROM face.{table} WHERE owner = $1 AND asset_id = $2",  # noqa: S608
            owner,
            asset_id,
        )
        removed[f"face_{table}" if table != "faces" else "faces"] = int(status.split()[-1])
    return removed


def picture_of(row: asyncpg.Record) -> Picture:
    """The picture that a row holds."""
    return Picture(**dict(row))


def _frame_columns(picture: Picture) -> tuple[object, ...]:
    return (
        picture.owner,
        picture.asset_id,
        picture.frame_no,
        picture.time_ms,
        picture.generation,
        picture.object_key,
        picture.sha256,
    )
