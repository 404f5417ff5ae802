"""Vectors of whole assets, and failures, in PostgreSQL.  Implements `VectorStore`.

Each method is one transaction, see `stage_rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import acquire

from kioku_search.assets.asset import EMBEDDING_STAGE
from kioku_search.assets.stage_rows import ACTOR, begin, fail_stage, hold_space
from kioku_search.database import unbound
from kioku_search.spaces.backfill_rows import note_failure
from kioku_search.vectors.indexing import Effect, Failed, Origin

if TYPE_CHECKING:
    import asyncpg
    import numpy as np
    import numpy.typing as npt

PUT = """
INSERT INTO search.image_embeddings
    (space_id, owner, asset_id, generation, kind, tags, shown_at, frame_no, time_ms, embedding)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (owner, asset_id, frame_no, space_id) DO UPDATE SET
    generation = EXCLUDED.generation, time_ms = EXCLUDED.time_ms, embedding = EXCLUDED.embedding,
    updated_at = now()
WHERE image_embeddings.generation <= EXCLUDED.generation
"""
_STORE = "SELECT search.store_vector($1, $2, $3, $4, $5, $6, $7, $8)"


class VectorStore:
    """Vectors of pictures and the outcomes of stages.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(self, origin: Origin, space_id: str, vector: npt.NDArray[np.float32]) -> Effect:
        """Store a vector; a picture's stage is done when searches find it."""
        async with acquire(self._pool) as connection:
            effect = await connection.fetchval(
                _STORE,
                origin.event_id,
                space_id,
                origin.owner,
                origin.asset_id,
                origin.generation,
                origin.attempts,
                ACTOR,
                vector,
            )
        return Effect(effect)

    async def fail(self, failed: Failed) -> Effect:
        """Note the failure on stage and asset, unless a newer try or a vector is there.

        In a space that is filled beside the one its owner is served from, it is noted there alone.
        """
        async with unbound(self._pool) as connection:
            target = await hold_space(connection, failed.space_id, failed.origin.owner)
            asset = await begin(connection, failed.origin, "search-failures")
            if isinstance(asset, Effect):
                return asset
            if target.known and failed.stage == EMBEDDING_STAGE:
                await note_failure(connection, failed)
                if not target.serves:
                    return Effect.DONE
            return await fail_stage(connection, asset, failed)
