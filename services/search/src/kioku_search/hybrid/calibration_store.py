"""Backgrounds of spaces in PostgreSQL.  Implements `Sampling`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from kioku_search.database import unbound
from kioku_search.hybrid.relevance import Background, Calibration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    import asyncpg
    import numpy.typing as npt

_DUE = """
SELECT NOT EXISTS (SELECT FROM search.space_backgrounds b WHERE b.space_id = $1
    AND b.made_at > now() - $2::interval
    AND (b.assets >= $3 OR 2 * b.assets > (SELECT count(*) FROM (
        SELECT DISTINCT e.owner, e.asset_id FROM (SELECT v.owner, v.asset_id
            FROM search.image_embeddings v WHERE v.space_id = $1 LIMIT 4 * $3) e) few)))
"""
# Pages of the partition are drawn, about four times what is needed; one frame of each video.
_SAMPLE = """
SELECT DISTINCT ON (e.owner, e.asset_id) e.embedding FROM (
    SELECT v.owner, v.asset_id, v.embedding
    FROM search.image_embeddings v TABLESAMPLE SYSTEM ($2) WHERE v.space_id = $1 LIMIT 8 * $3
) e ORDER BY e.owner, e.asset_id LIMIT $3
"""
_ROWS = """
SELECT greatest(c.reltuples, 1) FROM search.spaces s JOIN pg_class c
    ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace
WHERE s.space_id = $1
"""
_KEEP = """
INSERT INTO search.space_backgrounds (space_id, query, mean, deviation, assets)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (space_id, query) DO UPDATE SET mean = EXCLUDED.mean,
    deviation = EXCLUDED.deviation, assets = EXCLUDED.assets, made_at = now()
"""
_ALL_PAGES = 100.0


class CalibrationStore:
    """Samples vectors and keeps what they say.

    Args:
        pool: of the role `search_worker`.
        most: assets in a full sample.
    """

    def __init__(self, pool: asyncpg.Pool, *, most: int) -> None:
        self._pool = pool
        self._most = most

    async def due(self, space_id: str, older: timedelta) -> bool:
        """Whether the background is older than that, or of half the assets there are now."""
        async with unbound(self._pool) as connection:
            return bool(await connection.fetchval(_DUE, space_id, older, self._most))

    async def sample(self, space_id: str) -> npt.NDArray[np.float32]:
        """Vectors of different assets, float32 of shape (assets, dimension); the owner is lost."""
        async with unbound(self._pool) as connection:
            rows = float(await connection.fetchval(_ROWS, space_id) or 1.0)
            share = min(_ALL_PAGES, _ALL_PAGES * 4.0 * self._most / rows)
            found = await connection.fetch(_SAMPLE, space_id, share, self._most)
        return np.array([row["embedding"] for row in found], np.float32)

    async def keep(self, space_id: str, calibration: Calibration, assets: int) -> None:
        """Replace what was known of the space."""
        known = {"IMAGE": calibration.images, "TEXT": calibration.texts}
        async with unbound(self._pool) as connection:
            await connection.execute(
                "DELETE FROM search.space_backgrounds WHERE space_id = $1", space_id
            )
            for query, one in known.items():
                if one is not None:
                    values = (one.mean, one.deviation, assets)
                    await connection.execute(_KEEP, space_id, query, *values)

    async def all(self) -> Mapping[str, Calibration]:
        """What is known, by space."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT space_id, query, mean, deviation FROM search.space_backgrounds"
            )
        known: defaultdict[str, dict[str, Background]] = defaultdict(dict)
        for row in rows:
            known[row["space_id"]][row["query"]] = Background(row["mean"], row["deviation"])
        return {
            space_id: Calibration(found.get("IMAGE"), found.get("TEXT"))
            for space_id, found in known.items()
        }
