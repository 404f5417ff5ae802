"""Nearest pictures in PostgreSQL: one round trip, one SQL function (`search.nearest_images`).

Implements `Neighbours`.  The function sets the owner that row-level security checks, so a search
needs no transaction of its own. A plain question goes to the function of its space, whose
statements are planned once; what that one does not answer in full, `nearest_images` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from kioku_rt.db import acquire
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.vectors import SMALLEST_NORM

from kioku_search.assets.asset import Kind
from kioku_search.database import owned
from kioku_search.searching.quick_search import QuickSearch
from kioku_search.searching.search import Neighbour, Probe, Wanted

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    import numpy.typing as npt
    from kioku_rt.auth.principal import Acting

NEAREST = (
    "SELECT * FROM search.nearest_images($1, $2, $3, $4, $5, p_kind => $6, p_tags => $7,"
    " p_from => $8, p_until => $9, p_after_distance => $10, p_after_asset => $11, p_seen => $12,"
    " p_ef => $13, p_any_tags => $14, p_not_tags => $15)"
)
_VECTORS_OF = """
SELECT e.embedding FROM search.image_embeddings e
WHERE e.owner = $1 AND e.asset_id = $2 AND e.space_id = $3 ORDER BY e.frame_no
"""


class NeighbourStore:
    """Neighbours of a vector or of an asset among one owner's pictures and videos.

    Args:
        pool: of the role `search_api`.
        ef_search: how many candidates the graph keeps while its space says nothing else.
    """

    def __init__(self, pool: asyncpg.Pool, *, ef_search: int) -> None:
        self._pool = pool
        self._ef_search = ef_search
        self._quick = QuickSearch(ef_search)

    async def nearest(self, acting: Acting, probe: Probe, limit: int) -> list[Neighbour]:
        """At most `limit` neighbours, nearest first, ties by asset id."""
        if acting.on_behalf:
            async with owned(self._pool, acting, "search", probe.space.space_id):
                pass  # recorded before anything is read
        after = probe.after
        async with acquire(self._pool) as connection:
            quick = await self._quick.nearest(connection, acting, probe, limit)
            rows = quick or await connection.fetch(
                NEAREST,
                *asked(acting, probe, limit),
                after.distance if after else None,
                after.asset_id if after else None,
                after.seen if after else 0,
                self._ef_search,
                *either(probe.wanted),
            )
        return [_neighbour(row) for row in rows]

    async def mean_vector(
        self, acting: Acting, asset_id: UUID, space_id: str
    ) -> npt.NDArray[np.float32] | None:
        """The vector of an asset, of a video the mean of its frames; None if it has none.

        Frames that cancel each other out are their first, as in `search.nearest_images`.
        """
        async with owned(self._pool, acting, "search", space_id) as connection:
            rows = await connection.fetch(_VECTORS_OF, acting.owner, asset_id, space_id)
        if not rows:
            return None
        vectors = np.stack([row["embedding"] for row in rows]).astype(np.float32)
        mean: npt.NDArray[np.float32] = vectors.mean(axis=0)
        return mean if float(np.linalg.norm(mean)) >= SMALLEST_NORM else vectors[0]

    async def check_searchable(self, acting: Acting, asset_id: UUID, space_id: str) -> None:
        """Say why an asset has no neighbours.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_READY.
        """
        async with owned(self._pool, acting, "") as connection:
            row = await connection.fetchrow(
                "SELECT EXISTS (SELECT FROM search.image_embeddings e WHERE e.owner = a.owner"
                " AND e.asset_id = a.asset_id AND e.space_id = $3) AS has_vector"
                " FROM search.assets a WHERE a.owner = $1 AND a.asset_id = $2"
                " AND a.state <> 'DELETING'",
                acting.owner,
                asset_id,
                space_id,
            )
        if row is None:
            raise KiokuError(Reason.ASSET_NOT_FOUND)
        if not row["has_vector"]:
            raise KiokuError(Reason.ASSET_NOT_READY)


def asked(acting: Acting, probe: Probe, limit: int) -> tuple[Any, ...]:
    """The first nine parameters of `search.nearest_images`: who asks, what for, which assets."""
    wanted = probe.wanted
    return (
        acting.owner,
        probe.space.space_id,
        probe.vector,
        probe.like,
        limit,
        wanted.kind,
        list(wanted.labels) or None,
        wanted.start,
        wanted.end,
    )


def either(wanted: Wanted) -> tuple[list[str] | None, list[str] | None]:
    """Its last two: tags of which one is enough, and tags that none may have."""
    return list(wanted.any_tags) or None, list(wanted.not_tags) or None


def _neighbour(row: asyncpg.Record) -> Neighbour:
    return Neighbour(
        asset_id=row["asset_id"],
        distance=row["distance"],
        filename=row["filename"],
        kind=Kind(row["kind"]),
        tags=tuple(row["tags"]),
        taken_at=row["taken_at"],
        strategy=row["strategy"],
        frame_no=row["frame_no"],
        time_ms=row["time_ms"],
        matched=row["matched"],
        effort=row["effort"],
        recall=row["estimated_recall"],
    )
