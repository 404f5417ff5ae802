"""Frames and their vectors in PostgreSQL.  Implements `FrameStore` and `FrameVectorStore`.

What is done to one video is done one after the other, in transactions as of `stage_rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import first_time

from kioku_search.assets.asset import Asset, Failure, Kind, StageState
from kioku_search.assets.asset_row import visible_asset
from kioku_search.assets.stage_rows import Target, begin, fail_stage, gone, hold_space, live, record
from kioku_search.database import SCHEMA, unbound
from kioku_search.spaces.backfill_rows import note_frame_failures
from kioku_search.turns import Turns
from kioku_search.vectors.indexing import Effect, Failed, FrameVector, Origin
from kioku_search.vectors.vector_store import PUT
from kioku_search.videos.cutting import CutFrame, FrameRange
from kioku_search.videos.video import VideoFacts, frame_id
from kioku_search.videos.video_rows import newest_cutting, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg
    from kioku_rt.db.pool import Connection

_CUT = """
INSERT INTO search.frames (owner, asset_id, generation, frame_no, frame_id, time_ms, s3_key,
    sha256, width, height) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (owner, asset_id, frame_no) DO UPDATE SET
    state = CASE WHEN frames.generation = $3 THEN frames.state ELSE 'PENDING' END,
    reason = CASE WHEN frames.generation = $3 THEN frames.reason ELSE '' END,
    message = CASE WHEN frames.generation = $3 THEN frames.message ELSE '' END,
    generation = $3, time_ms = $6, s3_key = $7, sha256 = $8, width = $9, height = $10,
    updated_at = now()
WHERE frames.generation <= $3
"""
# It may come before its cutting: then the key is still empty, and the frame not counted as cut.
_EMBEDDED = """
INSERT INTO search.frames (owner, asset_id, generation, frame_no, frame_id, time_ms, state, reason,
    message) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (owner, asset_id, frame_no) DO UPDATE SET
    s3_key = CASE WHEN frames.generation = $3 THEN frames.s3_key ELSE '' END,
    generation = $3, state = $7, reason = $8, message = $9, updated_at = now()
WHERE frames.generation < $3 OR frames.generation = $3 AND frames.state <> 'DONE'
"""
_TOTAL = """
UPDATE search.videos SET total_frames = $3 WHERE owner = $1 AND asset_id = $2
"""
_FACTS = """
UPDATE search.videos SET duration_ms = $3, width = $4, height = $5, codec = $6, hdr = $7,
    incomplete = $8 WHERE owner = $1 AND asset_id = $2
"""
_TOGETHER = 16


class FrameStore:
    """Frames of videos.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._turns = Turns()

    async def standing(self, origin: Origin) -> Effect:
        """DONE while a range of this cutting would still be written, else why it would not."""
        async with unbound(self._pool) as connection:
            if await visible_asset(connection, origin.owner, origin.asset_id) is None:
                return await gone(connection, origin)
            newest = await connection.fetchval(
                "SELECT generation FROM search.videos WHERE owner = $1 AND asset_id = $2",
                origin.owner,
                origin.asset_id,
            )
        return Effect.OVERTAKEN if (newest or 0) > origin.generation else Effect.DONE

    async def put_range(self, cut: FrameRange, frames: Sequence[CutFrame]) -> Effect:
        """Store the frames; the stage is done when all are there."""
        origin = cut.origin
        async with self._turns.of(origin.asset_id), unbound(self._pool) as connection:
            asset = await _begin(connection, origin, "search-frames")
            if isinstance(asset, Effect):
                return asset
            await connection.executemany(_CUT, [_cut_row(origin, one) for one in frames])
            if cut.total is not None:
                await connection.execute(_TOTAL, asset.owner, asset.asset_id, cut.total)
            if cut.facts is not None:
                await _put_facts(connection, asset, cut.facts)
            await settle(connection, asset, origin)
            await record(connection, origin, "frames.store", "ok")
        return Effect.DONE

    async def put_vectors(
        self, origin: Origin, space_id: str, frames: Sequence[FrameVector]
    ) -> Effect:
        """Store them; the stage ends with the last frame in the space its owner is served from.

        Few at a time, for each takes milliseconds in a large graph and a deletion waits for the
        lock. The event is done with the last of them; until then it may be told again.
        """
        *early, last = [frames[at : at + _TOGETHER] for at in range(0, len(frames), _TOGETHER)]
        async with self._turns.of(origin.asset_id):
            for part in early:
                async with unbound(self._pool) as connection:
                    target = await hold_space(connection, space_id, origin.owner)
                    if target.retired:
                        return Effect.RETIRED
                    asset = await _live_video(connection, origin)
                    if isinstance(asset, Effect):
                        return asset
                    await _put(connection, asset, origin, target, part)
            async with unbound(self._pool) as connection:
                target = await hold_space(connection, space_id, origin.owner)
                if target.retired:
                    return Effect.RETIRED
                asset = await _begin(connection, origin, "search-embeddings")
                if isinstance(asset, Effect):
                    return asset
                await _put(connection, asset, origin, target, last)
                await record(connection, origin, "embedding.store", "ok", space_id=space_id)
        return Effect.DONE

    async def fail_frames(self, failed: Failed) -> Effect:
        """Note on stage and asset that the cutting failed."""
        async with unbound(self._pool) as connection:
            asset = await begin(connection, failed.origin, "search-failures")
            if isinstance(asset, Effect):
                return asset
            return await fail_stage(connection, asset, failed)


async def _begin(connection: Connection, origin: Origin, consumer: str) -> Asset | Effect:
    """The locked video, if this is news of its newest cutting."""
    if not await first_time(connection, schema=SCHEMA, consumer=consumer, event_id=origin.event_id):
        return Effect.AGAIN
    return await _live_video(connection, origin)


async def _live_video(connection: Connection, origin: Origin) -> Asset | Effect:
    asset = await live(connection, origin)
    if isinstance(asset, Effect):
        return asset
    if asset.kind is not Kind.VIDEO:
        return Effect.UNKNOWN
    newest = await newest_cutting(connection, asset, origin.generation)
    return Effect.OVERTAKEN if newest > origin.generation else asset


async def _put(
    connection: Connection,
    asset: Asset,
    origin: Origin,
    target: Target,
    frames: Sequence[FrameVector],
) -> None:
    rows = [_vector_row(asset, origin, target.space_id, one) for one in frames]
    await connection.executemany(PUT, [row for row in rows if row is not None])
    await note_frame_failures(connection, origin, target.space_id, frames)
    if target.serves_pictures:
        await connection.executemany(_EMBEDDED, [_state_row(origin, one) for one in frames])
        await settle(connection, asset, origin)


async def _put_facts(connection: Connection, asset: Asset, facts: VideoFacts) -> None:
    await connection.execute(
        _FACTS,
        asset.owner,
        asset.asset_id,
        facts.duration_ms,
        facts.width,
        facts.height,
        facts.codec,
        facts.hdr,
        facts.incomplete,
    )


def _cut_row(origin: Origin, frame: CutFrame) -> tuple[object, ...]:
    key = _frame_key(origin, frame.frame_no)
    rest = (frame.time_ms, frame.object_key, frame.sha256, frame.width, frame.height)
    return (*key, *rest)


def _vector_row(
    asset: Asset, origin: Origin, space_id: str, frame: FrameVector
) -> tuple[object, ...] | None:
    """A row of `image_embeddings`; None for a frame without a vector."""
    if isinstance(frame.outcome, Failure):
        return None
    head = (space_id, asset.owner, asset.asset_id, origin.generation, asset.kind)
    return (*head, list(asset.labels), asset.shown_at, frame.frame_no, frame.time_ms, frame.outcome)


def _state_row(origin: Origin, frame: FrameVector) -> tuple[object, ...]:
    head = (*_frame_key(origin, frame.frame_no), frame.time_ms)
    if isinstance(frame.outcome, Failure):
        return (*head, StageState.FAILED, frame.outcome.reason, frame.outcome.message)
    return (*head, StageState.DONE, "", "")


def _frame_key(origin: Origin, frame_no: int) -> tuple[object, ...]:
    return (
        origin.owner,
        origin.asset_id,
        origin.generation,
        frame_no,
        frame_id(origin.asset_id, frame_no),
    )
