"""Counts in PostgreSQL.  Implements `Stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.assets.stats import Counts, SpaceCount
from kioku_search.database import owned
from kioku_search.spaces.space_store import known_space

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.auth.principal import Acting

_STATES = "SELECT state, count(*) AS assets FROM search.assets WHERE owner = $1 GROUP BY state"
_SPACES = """
SELECT s.space_id, s.kind, s.model, s.revision, s.dimension, s.metric, s.preprocessing,
    s.normalised, s.precision, s.state, s.canary_percent, coalesce(v.vectors, 0) AS vectors
FROM search.spaces s LEFT JOIN (
    SELECT e.space_id, count(*) AS vectors FROM search.image_embeddings e
    WHERE e.owner = $1 GROUP BY e.space_id
    UNION ALL SELECT f.space_id, count(*) FROM search.face_embeddings f
    WHERE f.owner = $1 GROUP BY f.space_id) v USING (space_id)
WHERE s.state = 'active' OR v.vectors > 0 ORDER BY s.created_at
"""
_SERVING = "SELECT coalesce(search.serving_space('IMAGE', $1), '')"
_MISSING = """
SELECT count(*) FROM search.assets a
WHERE a.owner = $1 AND a.kind = 'IMAGE' AND a.state IN ('PROCESSING', 'READY') AND NOT EXISTS (
    SELECT FROM search.image_embeddings e
    WHERE e.space_id = $2 AND e.owner = $1 AND e.asset_id = a.asset_id)
"""
_MISSING_VIDEOS = """
SELECT count(*) FROM search.assets a LEFT JOIN search.videos v USING (owner, asset_id)
WHERE a.owner = $1 AND a.kind = 'VIDEO' AND a.state IN ('PROCESSING', 'READY') AND (
    v.total_frames IS NULL OR v.total_frames - v.frames_failed > (
        SELECT count(*) FROM search.image_embeddings e
        WHERE e.space_id = $2 AND e.owner = $1 AND e.asset_id = a.asset_id AND e.frame_no >= 0))
"""


class StatsStore:
    """Counts what one owner has.

    Args:
        pool: of the role `search_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, acting: Acting) -> Counts:
        """What the owner has; an asset being deleted is nothing any more."""
        async with owned(self._pool, acting, "stats.get") as connection:
            states = await connection.fetch(_STATES, acting.owner)
            spaces = await connection.fetch(_SPACES, acting.owner)
            serving = await connection.fetchval(_SERVING, acting.owner)
            missing = await connection.fetchval(_MISSING, acting.owner, serving)
            missing += await connection.fetchval(_MISSING_VIDEOS, acting.owner, serving)
        return Counts(
            {row["state"]: row["assets"] for row in states if row["state"] != "DELETING"},
            tuple(_space_count(row) for row in spaces),
            missing,
        )


def _space_count(row: asyncpg.Record) -> SpaceCount:
    return SpaceCount(known_space(row), row["vectors"])
