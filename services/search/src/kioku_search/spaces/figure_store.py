"""Figures of spaces for the metrics, in PostgreSQL.  Implements `FigureStore`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kioku_search.database import unbound
from kioku_search.spaces.space import LIVE
from kioku_search.spaces.space_life_store import LONG, LONG_SECONDS
from kioku_search.spaces.space_metrics import SpaceFigures

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.db.pool import Connection

_SPACES = """
SELECT s.space_id, s.kind, s.state, s.canary_percent, b.space_id IS NOT NULL AS filled,
    b.total, b.done, b.failed, b.in_flight, b.measured_per_minute, b.pace
FROM search.spaces s LEFT JOIN search.backfills b USING (space_id)
"""
_VECTORS = """
SELECT space_id, count(*) AS vectors FROM search.image_embeddings GROUP BY space_id
UNION ALL SELECT space_id, count(*) FROM search.face_embeddings GROUP BY space_id
"""
_WANTED = "SELECT count(*) AS total, count(*) FILTER (WHERE stored) AS done FROM"
_REST = 10.0
"""How much longer than it took vectors are not counted again."""


class FigureStore:
    """Counts what spaces hold.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._vectors: dict[str, int] = {}
        self._rested = 0.0

    async def figures(self) -> dict[str, SpaceFigures]:
        """By space id; what takes long to count may be some rounds old."""
        async with unbound(self._pool) as connection:
            await connection.execute(LONG)
            rows = await connection.fetch(_SPACES)
            await self._count(connection)
            return {row["space_id"]: await self._of(connection, row) for row in rows}

    async def _count(self, connection: Connection) -> None:
        started = time.monotonic()
        if started < self._rested:
            return
        rows = await connection.fetch(_VECTORS, timeout=LONG_SECONDS)
        self._vectors = {row["space_id"]: row["vectors"] for row in rows}
        ended = time.monotonic()
        self._rested = ended + _REST * (ended - started)

    async def _of(self, connection: Connection, row: asyncpg.Record) -> SpaceFigures:
        items: dict[str, int] = {}
        if row["filled"]:
            ended = row["done"] + row["failed"] + row["in_flight"]
            items = {name: row[name] for name in ("done", "failed", "in_flight")}
            items["pending"] = max(0, row["total"] - ended)
        elif row["kind"] == "IMAGE" and row["state"] in LIVE:
            (found,) = await connection.fetch(
                f"{_WANTED} search.wanted_vectors($1)", row["space_id"], timeout=LONG_SECONDS
            )
            items = {"done": found["done"], "pending": found["total"] - found["done"]}
        return SpaceFigures(
            state=row["state"],
            canary_percent=row["canary_percent"],
            vectors=self._vectors.get(row["space_id"], 0),
            items=items,
            rate=row["measured_per_minute"] or 0.0,
            pace=1.0 if row["pace"] is None else row["pace"],
        )
