"""Promise: an asset's state follows the space that its owner is served from.

READY means found. After a change of who is served from where, an asset that was waiting for its
vector in the space before may have it in the new one already, and one that failed there may be
found now; one whose failure was accepted is not found any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.assets.asset import EMBEDDING_STAGE, Kind
from kioku_search.assets.asset_row import lock_asset
from kioku_search.assets.stage_rows import finish_stage, is_found
from kioku_search.database import unbound
from kioku_search.vectors.indexing import Origin
from kioku_search.videos.video_rows import settle

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

_BATCH = 500
_UNSETTLED = "SELECT EXISTS (SELECT FROM search.spaces WHERE NOT settled)"
# As long as `search.is_found` asks for both spaces, and a moment more.
_SETTLED = "SELECT search.note_settled($1::timestamptz - interval '20 s')"
_FOUND = """
SELECT a.owner, a.asset_id FROM search.assets a
WHERE a.state IN ('PROCESSING', 'FAILED') AND a.object_key <> '' AND CASE a.kind
    WHEN 'IMAGE' THEN search.is_found(a.owner, a.asset_id)
    ELSE a.state = 'PROCESSING' AND (search.is_found(a.owner, a.asset_id) AND EXISTS (
            SELECT FROM search.videos v WHERE v.owner = a.owner AND v.asset_id = a.asset_id
                AND v.frames_embedded + v.frames_failed = v.total_frames)
        OR EXISTS (SELECT FROM search.frames f
            WHERE f.owner = a.owner AND f.asset_id = a.asset_id AND f.state <> 'FAILED'
                AND (f.state = 'DONE') <> EXISTS (SELECT FROM search.image_embeddings e
                    WHERE e.space_id = search.serving_space('IMAGE', a.owner)
                        AND e.owner = a.owner AND e.asset_id = a.asset_id
                        AND e.frame_no = f.frame_no))) END
LIMIT $1
"""
_FRAMES = """
UPDATE search.frames f SET updated_at = now(), state = CASE WHEN EXISTS (
    SELECT FROM search.image_embeddings e
    WHERE e.space_id = search.serving_space('IMAGE', $1) AND e.owner = $1 AND e.asset_id = $2
        AND e.frame_no = f.frame_no) THEN 'DONE' ELSE 'PENDING' END
WHERE f.owner = $1 AND f.asset_id = $2 AND f.state <> 'FAILED'
"""
_LOST = """
WITH lost AS (
    SELECT a.owner, a.asset_id, i.reason, i.message
    FROM search.backfill_items i JOIN search.assets a USING (owner, asset_id)
    WHERE i.state = 'FAILED' AND i.frame_no = -1 AND a.state = 'READY'
        AND i.space_id = search.serving_space('IMAGE', i.owner)
        AND NOT EXISTS (SELECT FROM search.image_embeddings e WHERE e.space_id = i.space_id
            AND e.owner = i.owner AND e.asset_id = i.asset_id)
    LIMIT $1 FOR UPDATE OF a SKIP LOCKED
), stages AS (
    UPDATE search.asset_stages s SET state = 'FAILED', reason = lost.reason,
        message = lost.message, updated_at = now()
    FROM lost WHERE s.owner = lost.owner AND s.asset_id = lost.asset_id AND s.stage = $2
)
UPDATE search.assets a SET state = 'FAILED', reason = lost.reason, message = lost.message,
    updated_at = now() FROM lost WHERE a.owner = lost.owner AND a.asset_id = lost.asset_id
"""


class SettlingStore:
    """Has the assets' states follow the spaces.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def settle(self) -> int:
        """One round; how many assets it changed, 0 when no change is young enough to matter."""
        async with unbound(self._pool) as connection:
            if not await connection.fetchval(_UNSETTLED):
                return 0
            began = await connection.fetchval("SELECT now()")
        lost = await self._lose()
        found = await self._find()
        if found < _BATCH and lost < _BATCH:
            async with unbound(self._pool) as connection:
                await connection.execute(_SETTLED, began)
        return found + lost

    async def _lose(self) -> int:
        async with unbound(self._pool) as connection:
            status = await connection.execute(_LOST, _BATCH, EMBEDDING_STAGE)
        return int(status.split()[-1])

    async def _find(self) -> int:
        async with unbound(self._pool) as connection:
            due = await connection.fetch(_FOUND, _BATCH)
        for row in due:
            async with unbound(self._pool) as connection:
                await _follow(connection, row["owner"], row["asset_id"])
        return len(due)


async def _follow(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Look again at one asset, under its lock."""
    asset = await lock_asset(connection, owner, asset_id)
    if asset is None:
        return
    if asset.kind is Kind.IMAGE:
        if await is_found(connection, asset):
            await finish_stage(connection, asset, EMBEDDING_STAGE, 1)
        return
    generation = await connection.fetchval(
        "SELECT generation FROM search.videos WHERE owner = $1 AND asset_id = $2", owner, asset_id
    )
    await connection.execute(_FRAMES, owner, asset_id)
    await settle(connection, asset, Origin("", owner, asset_id, generation, 1))
