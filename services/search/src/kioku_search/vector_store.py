"""Vectors and stage outcomes in PostgreSQL, written by the worker.  Implements `VectorStore`.

Each method is one transaction: the event is recorded as processed, the asset's row is locked (a
deleted one is gone, so nothing derived is written for it), the effect and its audit row are
written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import audit, first_time

from kioku_search.asset import EMBEDDING_STAGE, Asset
from kioku_search.asset_row import lock_asset
from kioku_search.database import SCHEMA, unbound
from kioku_search.indexing import Effect, Failed, Origin

if TYPE_CHECKING:
    import asyncpg
    import numpy as np
    import numpy.typing as npt
    from kioku_rt.db.pool import Connection

ACTOR = "embedder"
_PUT = """
INSERT INTO search.image_embeddings
    (space_id, owner, asset_id, generation, kind, tags, shown_at, embedding)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (owner, asset_id, space_id) DO UPDATE SET
    generation = EXCLUDED.generation, embedding = EXCLUDED.embedding, updated_at = now()
WHERE image_embeddings.generation <= EXCLUDED.generation
"""
_DONE = """
UPDATE search.asset_stages SET state = 'DONE', attempts = $4, reason = '', message = '',
    updated_at = now() WHERE owner = $1 AND asset_id = $2 AND stage = $3
"""
_READY = """
UPDATE search.assets SET state = 'READY', reason = '', message = '', updated_at = now()
WHERE owner = $1 AND asset_id = $2 AND state IN ('PROCESSING', 'FAILED') AND NOT EXISTS (
    SELECT FROM search.asset_stages s
    WHERE s.owner = $1 AND s.asset_id = $2 AND s.state <> 'DONE')
"""
_FAIL_STAGE = """
UPDATE search.asset_stages SET state = 'FAILED', attempts = $4, reason = $5, message = $6,
    updated_at = now()
WHERE owner = $1 AND asset_id = $2 AND stage = $3 AND state <> 'DONE' RETURNING stage
"""
_FAIL_ASSET = """
UPDATE search.assets SET state = 'FAILED', reason = $3, message = $4, updated_at = now()
WHERE owner = $1 AND asset_id = $2
"""


class VectorStore:
    """Vectors of pictures and the outcomes of stages.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(self, origin: Origin, space_id: str, vector: npt.NDArray[np.float32]) -> Effect:
        """Store a vector; the stage is done if the space is the active one."""
        async with unbound(self._pool) as connection:
            asset = await _begin(connection, origin, "search-embeddings")
            if isinstance(asset, Effect):
                return asset
            await connection.execute(
                _PUT,
                space_id,
                asset.owner,
                asset.asset_id,
                origin.generation,
                asset.kind,
                list(asset.tags),
                asset.taken_at or asset.created_at,
                vector,
            )
            if await _is_active(connection, space_id):
                await connection.execute(
                    _DONE, asset.owner, asset.asset_id, EMBEDDING_STAGE, origin.attempts
                )
                await connection.execute(_READY, asset.owner, asset.asset_id)
            await _record(connection, origin, "embedding.store", "ok", "")
        return Effect.DONE

    async def fail(self, failed: Failed) -> Effect:
        """Note the failure on stage and asset, unless a newer try or a vector is there."""
        origin, failure = failed.origin, failed.failure
        async with unbound(self._pool) as connection:
            asset = await _begin(connection, origin, "search-failures")
            if isinstance(asset, Effect):
                return asset
            if origin.generation < asset.generation:
                return Effect.OVERTAKEN
            key = (asset.owner, asset.asset_id)
            stage = await connection.fetchval(
                _FAIL_STAGE, *key, failed.stage, origin.attempts, failure.reason, failure.message
            )
            if stage is None:
                return Effect.OVERTAKEN
            await connection.execute(_FAIL_ASSET, *key, failure.reason, failure.message)
            await _record(connection, origin, f"{failed.stage}.fail", "failed", failure.reason)
        return Effect.DONE


async def _begin(connection: Connection, origin: Origin, consumer: str) -> Asset | Effect:
    """The locked asset, or why the event has no effect."""
    if not await first_time(connection, schema=SCHEMA, consumer=consumer, event_id=origin.event_id):
        return Effect.AGAIN
    asset = await lock_asset(connection, origin.owner, origin.asset_id)
    if asset is not None:
        return asset
    dead = await connection.fetchval(
        "SELECT true FROM search.deletions WHERE owner = $1 AND asset_id = $2",
        origin.owner,
        origin.asset_id,
    )
    return Effect.DEAD_ASSET if dead else Effect.UNKNOWN


async def _is_active(connection: Connection, space_id: str) -> bool:
    return bool(
        await connection.fetchval(
            "SELECT true FROM search.spaces WHERE space_id = $1 AND state = 'active'", space_id
        )
    )


async def _record(
    connection: Connection, origin: Origin, action: str, outcome: str, reason: str
) -> None:
    await audit(
        connection,
        schema=SCHEMA,
        actor=ACTOR,
        action=action,
        subject=str(origin.asset_id),
        outcome=outcome,
        reason=reason,
        details={"generation": origin.generation, "attempts": origin.attempts},
    )
