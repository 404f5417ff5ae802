"""Promise: a video's counts are those of its frames, and its stages end when the last one does.

Shared by the two transactions that change frames, in either order: whichever brings the last one
ends the stage. Each holds the lock on the asset's row, so neither misses what the other counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.reasons import CATALOGUE, Reason

from kioku_search.assets.asset import EMBEDDING_STAGE, FRAMES_STAGE, Asset, Failure
from kioku_search.assets.stage_rows import fail_stage, finish_stage, is_found
from kioku_search.vectors.indexing import Failed, Origin

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.db.pool import Connection

_BEGIN = """
INSERT INTO search.videos (owner, asset_id, generation) VALUES ($1, $2, $3)
ON CONFLICT (owner, asset_id) DO UPDATE SET generation = EXCLUDED.generation, total_frames = NULL,
    frames_cut = 0, frames_embedded = 0, frames_failed = 0, updated_at = now()
WHERE videos.generation < EXCLUDED.generation
"""
_COUNT = """
UPDATE search.videos v SET frames_cut = f.cut, frames_embedded = f.embedded,
    frames_failed = f.failed, updated_at = now(),
    told_at = CASE WHEN told_at < now() - interval '0.5 s' THEN now() ELSE told_at END
FROM (SELECT count(*) FILTER (WHERE s3_key <> '') AS cut,
        count(*) FILTER (WHERE state = 'DONE') AS embedded,
        count(*) FILTER (WHERE state = 'FAILED') AS failed
    FROM search.frames WHERE owner = $1 AND asset_id = $2 AND generation = $3
        AND frame_no < (SELECT coalesce(total_frames, 2147483647) FROM search.videos
            WHERE owner = $1 AND asset_id = $2)) f
WHERE v.owner = $1 AND v.asset_id = $2 RETURNING v.*
"""
_WORST = """
SELECT reason, min(message) AS message FROM search.frames
WHERE owner = $1 AND asset_id = $2 AND generation = $3 AND state = 'FAILED'
GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 1
"""
_DROP_BEYOND = (
    "DELETE FROM search.frames WHERE owner = $1 AND asset_id = $2 AND frame_no >= $3",
    "DELETE FROM search.image_embeddings WHERE owner = $1 AND asset_id = $2 AND frame_no >= $3",
)
_DROP_OLDER = """
DELETE FROM search.image_embeddings e
WHERE e.space_id = search.serving_space('IMAGE', $1)
    AND e.owner = $1 AND e.asset_id = $2 AND e.frame_no >= 0 AND e.generation < $3
"""


async def newest_cutting(connection: Connection, asset: Asset, generation: int) -> int:
    """The newest generation of the video's frames, which begins here if it is this one."""
    await connection.execute(_BEGIN, asset.owner, asset.asset_id, generation)
    newest: int = await connection.fetchval(
        "SELECT generation FROM search.videos WHERE owner = $1 AND asset_id = $2",
        asset.owner,
        asset.asset_id,
    )
    return newest


async def settle(connection: Connection, asset: Asset, origin: Origin) -> None:
    """Count the frames anew and end the stages that are over."""
    key = (asset.owner, asset.asset_id)
    (video,) = await connection.fetch(_COUNT, *key, origin.generation)
    total = video["total_frames"]
    if total is None:
        return
    if total == 0:
        await _drop_beyond(connection, asset, 0)
        await _fail(connection, asset, origin, FRAMES_STAGE, _failure(Reason.VIDEO_NO_FRAMES))
        return
    if video["frames_cut"] == total:
        await _end_cutting(connection, asset, origin, total)
    if video["frames_embedded"] + video["frames_failed"] == total:
        await _end_embedding(connection, asset, origin, video)


async def _end_cutting(connection: Connection, asset: Asset, origin: Origin, total: int) -> None:
    await _drop_beyond(connection, asset, total)
    await finish_stage(connection, asset, FRAMES_STAGE, origin.attempts)


async def _drop_beyond(connection: Connection, asset: Asset, total: int) -> None:
    """Remove what an older cutting had more."""
    for statement in _DROP_BEYOND:
        await connection.execute(statement, asset.owner, asset.asset_id, total)


async def _end_embedding(
    connection: Connection, asset: Asset, origin: Origin, video: asyncpg.Record
) -> None:
    key = (asset.owner, asset.asset_id, origin.generation)
    await connection.execute(_DROP_OLDER, *key)
    if video["frames_embedded"]:
        if await is_found(connection, asset):
            await finish_stage(connection, asset, EMBEDDING_STAGE, origin.attempts)
        return
    (worst,) = await connection.fetch(_WORST, *key)
    failure = Failure(Reason(worst["reason"]), worst["message"])
    await _fail(connection, asset, origin, EMBEDDING_STAGE, failure)


async def _fail(
    connection: Connection, asset: Asset, origin: Origin, stage: str, failure: Failure
) -> None:
    await fail_stage(connection, asset, Failed(origin, stage, failure))


def _failure(reason: Reason) -> Failure:
    return Failure(reason, CATALOGUE[reason].meaning)
