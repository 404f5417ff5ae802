"""Vectors of an owner's assets by id, in PostgreSQL.  Implements `FoundVectors` and `Pictures`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.database import owned
from kioku_search.hybrid.results import Moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    import asyncpg
    import numpy as np
    import numpy.typing as npt
    from kioku_rt.auth.principal import Acting

# Each asset is one look-up by its key; LIMIT 1 keeps it so, whatever the planner believes.
_OF_HITS = """
SELECT h.asset_id, v.embedding FROM unnest($3::uuid[], $4::int[]) AS h(asset_id, frame_no)
CROSS JOIN LATERAL (
    SELECT e.embedding FROM search.image_embeddings e
    WHERE e.owner = $1 AND e.asset_id = h.asset_id AND e.space_id = $2
        AND (h.frame_no IS NULL OR e.frame_no = h.frame_no) ORDER BY e.frame_no LIMIT 1) v
"""
_MOMENTS = """
SELECT h.asset_id, m.time_ms, m.frame_no, 1 - m.distance AS score
FROM unnest($3::uuid[]) AS h(asset_id)
CROSS JOIN LATERAL (
    SELECT e.time_ms, e.frame_no, (e.embedding <=> $4) + 0 AS distance
    FROM search.image_embeddings e
    WHERE e.owner = $1 AND e.asset_id = h.asset_id AND e.space_id = $2 AND e.frame_no >= 0
    ORDER BY distance, e.frame_no LIMIT $5) m
ORDER BY h.asset_id, m.distance, m.frame_no
"""
_AFTER = """
SELECT a.asset_id, a.filename FROM search.assets a
WHERE a.owner = $1 AND a.asset_id > $3 AND a.kind = 'IMAGE' AND a.state <> 'DELETING'
    AND EXISTS (SELECT FROM search.image_embeddings e
        WHERE e.owner = $1 AND e.asset_id = a.asset_id AND e.space_id = $2)
ORDER BY a.asset_id LIMIT $4
"""


class StoredVectors:
    """Reads what a page of results needs, in one round trip each.

    Args:
        pool: of the role `search_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of_hits(
        self, acting: Acting, space_id: str, hits: Sequence[tuple[UUID, int | None]]
    ) -> Mapping[UUID, npt.NDArray[np.float32]]:
        """By asset the vector of the frame that is named, or of the asset; none: left out."""
        async with owned(self._pool, acting, "") as connection:
            rows = await connection.fetch(
                _OF_HITS, acting.owner, space_id, [one for one, _ in hits], [no for _, no in hits]
            )
        return {row["asset_id"]: row["embedding"] for row in rows}

    async def moments(
        self,
        acting: Acting,
        space_id: str,
        vector: npt.NDArray[np.float32],
        assets: Sequence[UUID],
        most: int,
    ) -> Mapping[UUID, tuple[Moment, ...]]:
        """By video its frames nearest to a vector, nearest first, at most `most` of each."""
        async with owned(self._pool, acting, "") as connection:
            rows = await connection.fetch(
                _MOMENTS, acting.owner, space_id, list(assets), vector, most
            )
        found: dict[UUID, tuple[Moment, ...]] = {}
        for row in rows:
            moment = Moment(row["time_ms"], row["frame_no"], row["score"])
            found[row["asset_id"]] = (*found.get(row["asset_id"], ()), moment)
        return found

    async def after(
        self, acting: Acting, space_id: str, asset_id: UUID, limit: int
    ) -> list[tuple[UUID, str]]:
        """The next pictures with a vector in the space, by id: ids and file names."""
        async with owned(self._pool, acting, "duplicates.list", space_id) as connection:
            # In the order of the key, or all that is left would be read for each page.
            await connection.execute("SET LOCAL enable_sort = off")
            rows = await connection.fetch(_AFTER, acting.owner, space_id, asset_id, limit)
        return [(row["asset_id"], row["filename"]) for row in rows]
