"""Indexes of spaces in PostgreSQL: what they are, and their efforts.  Implements `Efforts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.database import unbound
from kioku_search.indexes.index import IndexMethod, OperatorClass, Parameters, SpaceIndex

if TYPE_CHECKING:
    import asyncpg

    from kioku_search.indexes.recall import Effort

_INDEX = """
SELECT i.*, s.kind, s.dimension, s.normalised, s.partition_name,
    greatest(c.reltuples, 0)::bigint AS rows
FROM search.space_indexes i JOIN search.spaces s USING (space_id) JOIN pg_class c
    ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace
WHERE s.state <> 'retired'
"""


class IndexStore:
    """What the processes agree on about indexes.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(self, space_id: str) -> SpaceIndex | None:
        """The index of a space."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(_INDEX + "AND i.space_id = $1", space_id)
        return _space_index(row) if row else None

    async def all(self) -> list[SpaceIndex]:
        """Indexes of all spaces that are not retired."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_INDEX + "ORDER BY s.created_at")
        return [_space_index(row) for row in rows]

    async def set_effort(self, index: SpaceIndex, effort: Effort) -> bool:
        """Change the effort unless somebody else did since `index` was read; whether it was."""
        async with unbound(self._pool) as connection:
            status = await connection.execute(
                "UPDATE search.space_indexes SET effort = $3, missed_effort = $4,"
                " effort_since = clock_timestamp(), updated_at = now()"
                " WHERE space_id = $1 AND effort IS NOT DISTINCT FROM $2 AND index_name = $5",
                *(index.space_id, index.effort, effort.now, effort.missed, index.name),
            )
        return status == "UPDATE 1"

    async def set_recall(self, space_id: str, mean: float | None) -> None:
        """What answers tell of it."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                "UPDATE search.space_indexes SET recall_mean = $2 WHERE space_id = $1",
                *(space_id, mean),
            )

    async def measure_costs(self, index: SpaceIndex) -> None:
        """Time one more row and one more tuple on this machine, and keep both.

        What was too little effort for fewer rows says nothing about more, so it is forgotten.
        """
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM search.measure_costs($1)", index.space_id
            )
            if row and row["row_us"] and row["row_us"] > 0 and row["tuple_us"] > 0:
                await connection.execute(
                    "UPDATE search.space_indexes SET row_us = $2, tuple_us = $3,"
                    " measured_rows = $4, missed_effort = 0 WHERE space_id = $1",
                    *(index.space_id, row["row_us"], row["tuple_us"], index.rows),
                )


def _space_index(row: asyncpg.Record) -> SpaceIndex:
    return SpaceIndex(
        space_id=row["space_id"],
        dimension=row["dimension"],
        normalised=row["normalised"],
        partition=row["partition_name"],
        parameters=Parameters(
            IndexMethod(row["method"]),
            OperatorClass(row["opclass"]),
            row["m"],
            row["ef_construction"],
            row["lists"],
        ),
        name=row["index_name"],
        effort=row["effort"],
        missed_effort=row["missed_effort"],
        rows=row["rows"],
        measured_rows=row["measured_rows"],
        kind=row["kind"],
    )
