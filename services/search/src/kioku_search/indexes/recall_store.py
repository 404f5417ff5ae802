"""What was measured of recall, in PostgreSQL.  Implements `Samples` and `Exact`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kioku_search.database import unbound
from kioku_search.indexes.dedicated import dedicated
from kioku_search.searching.neighbour_store import asked, either

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg
    from kioku_rt.auth.principal import Acting

    from kioku_search.indexes.recall import Sample
    from kioku_search.searching.search import Probe

_EVERYTHING = 2**31 - 2
_LONGEST_SECONDS = 60.0
_ADD = """
INSERT INTO search.recall_samples (space_id, effort, k, filtered, recall, answered_at)
SELECT space_id, $2, $3, $4, $5, $6 FROM search.space_indexes WHERE space_id = $1
"""
_WINDOWS = """
SELECT n.space_id, n.recall FROM search.space_indexes i CROSS JOIN LATERAL (
    SELECT * FROM search.recall_samples r WHERE r.space_id = i.space_id
    ORDER BY r.answered_at DESC LIMIT $1) n
"""
_OF_EFFORT = """
SELECT r.recall FROM search.recall_samples r JOIN search.space_indexes i USING (space_id)
WHERE r.space_id = $1 AND r.effort >= $2 AND r.answered_at >= i.effort_since
ORDER BY r.answered_at DESC LIMIT $3
"""
_FORGET = """
DELETE FROM search.recall_samples WHERE space_id = $1 AND answered_at <= (
    SELECT answered_at FROM search.recall_samples WHERE space_id = $1
    ORDER BY answered_at DESC OFFSET $2 LIMIT 1)
"""
_NEAREST = """
SELECT distance FROM search.nearest_images($1, $2, $3, $4, $5, p_kind => $6, p_tags => $7,
    p_from => $8, p_until => $9, p_exact_limit => $10, p_any_tags => $11, p_not_tags => $12)
"""


class RecallStore:
    """Samples of recall.

    Args:
        pool: of the role `search_worker`.
        window: samples of a space that are kept and told of.
    """

    def __init__(self, pool: asyncpg.Pool, window: int) -> None:
        self._pool = pool
        self._window = window

    async def add(self, sample: Sample) -> None:
        """Keep it, and let go of what is older than the window."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                _ADD,
                *(sample.space_id, sample.effort, sample.k, sample.filtered, sample.recall),
                sample.answered_at,
            )
            await connection.execute(_FORGET, sample.space_id, self._window)

    async def of_effort(self, space_id: str, effort: int) -> list[float]:
        """Recalls of the window since that effort is in use; large pages take more than it."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_OF_EFFORT, space_id, effort, self._window)
        return [row["recall"] for row in rows]

    async def windows(self) -> Mapping[str, list[float]]:
        """Recalls of each space's window, newest first."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        async with unbound(self._pool) as connection:
            for row in await connection.fetch(_WINDOWS, self._window):
                found[row["space_id"]].append(row["recall"])
        return found


class ExactStore:
    """Compares with everything an owner has, over a connection of its own.

    Searches never wait for it: it takes none of their pool's connections, and what takes longer
    than a minute is given up.

    Args:
        dsn: of the role `search_api`, so that row-level security binds it like any search.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def distances(self, acting: Acting, probe: Probe, limit: int) -> list[float]:
        """Distances of the `limit` nearest, nearest first."""
        async with dedicated(self._dsn, "recall", seconds=_LONGEST_SECONDS) as connection:
            rows = await connection.fetch(
                _NEAREST, *asked(acting, probe, limit), _EVERYTHING, *either(probe.wanted)
            )
        return [row["distance"] for row in rows]
