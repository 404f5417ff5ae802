"""Rewrites the partitions of faces as the role that owns them.  Implements `Scrubber`.

VACUUM FULL writes a new heap and new indexes of what is alive and removes the old files as it
commits. It holds the table alone, so a large index is not built under that lock: it is dropped
first (searches then compare all, which is right and slower), and ordered anew from the index jobs,
which build it beside the searches (decision 0020).
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import asyncpg
from kioku_rt.db.errors import database_errors
from kioku_rt.db.identifiers import identifier
from kioku_rt.errors import DependencyDown

from kioku_search.database import unbound
from kioku_search.indexes.dedicated import dedicated
from kioku_search.indexes.index import IndexMethod, OperatorClass, Parameters
from kioku_search.indexes.index_job_store import add_order
from kioku_search.indexes.index_jobs import BUILD

if TYPE_CHECKING:
    from collections.abc import Sequence

    Connection = asyncpg.Connection[Any]

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('search.index_jobs', 0))"
_TRIES = 20
_REST_SECONDS = 0.1
_LARGE = 10_000
_SPACE = """
SELECT s.partition_name, i.method, i.opclass, i.m, i.ef_construction, i.lists, i.index_name,
    greatest(c.reltuples, 0)::bigint AS rows,
    EXISTS (SELECT FROM search.index_jobs j WHERE j.space_id = s.space_id
        AND j.state IN ('PENDING', 'RUNNING')) AS busy
FROM search.spaces s JOIN search.space_indexes i USING (space_id) JOIN pg_class c
    ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace
WHERE s.space_id = $1 AND s.state <> 'retired'
"""
_UNUSED = "UPDATE search.space_indexes SET index_name = '' WHERE space_id = $1"
_CLOSE = """
UPDATE search.face_erasures SET scrubbed_at = clock_timestamp()
WHERE ticket = ANY ($1) AND scrubbed_at IS NULL
"""
_OLDEST = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(erased_at)), 0)::float8
FROM search.face_erasures WHERE scrubbed_at IS NULL
"""


class ErasureStore:
    """Erasures whose bytes may still be there.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def open(self) -> list[int]:
        """Their tickets."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT ticket FROM search.face_erasures WHERE scrubbed_at IS NULL ORDER BY ticket"
            )
        return [row["ticket"] for row in rows]

    async def close(self, tickets: Sequence[int]) -> None:
        """Note that nothing is left of these."""
        async with unbound(self._pool) as connection:
            await connection.execute(_CLOSE, list(tickets))

    async def oldest_seconds(self) -> float:
        """How long the oldest waits; 0: none does."""
        async with unbound(self._pool) as connection:
            seconds: float = await connection.fetchval(_OLDEST)
        return seconds

    async def face_spaces(self) -> list[str]:
        """Every space of faces that is not retired."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT space_id FROM search.spaces WHERE kind = 'FACE' AND state <> 'retired'"
            )
        return [row["space_id"] for row in rows]


class TableScrubber:
    """Rewrites one partition at a time, in turn with the index jobs of all processes.

    Args:
        dsn: of the role that owns the tables; connected to while a rewrite lasts.
        large: from how many vectors on their index is not rebuilt under the table's lock.
        tries: how often the table's lock is asked for, a fifth of a second each time.
    """

    def __init__(self, dsn: str, *, large: int = _LARGE, tries: int = _TRIES) -> None:
        self._dsn = dsn
        self._large = large
        self._tries = tries

    async def rewrite(self, space_id: str) -> bool:
        """Write the vectors of a space anew; False if it has to be done once more."""
        async with dedicated(self._dsn, "scrub") as connection:
            if not await connection.fetchval(_LOCK):
                return False
            space = await connection.fetchrow(_SPACE, space_id)
            if space is None:
                return True
            if space["busy"]:
                return False
            if space["index_name"] and space["rows"] >= self._large:
                await self._order_index(connection, space_id, space)
            return await _rewritten(connection, space["partition_name"], self._tries)

    async def _order_index(
        self, connection: Connection, space_id: str, space: asyncpg.Record
    ) -> None:
        """Have the index built beside the searches later, and drop the one with erased vectors."""
        parameters = Parameters(
            IndexMethod(space["method"]),
            OperatorClass(space["opclass"]),
            space["m"],
            space["ef_construction"],
            space["lists"],
        )
        with database_errors():
            async with connection.transaction():
                await connection.execute(_UNUSED, space_id)
                await add_order(connection, space_id, BUILD, parameters)
            await connection.execute(
                f"DROP INDEX CONCURRENTLY IF EXISTS search.{identifier(space['index_name'])}"
            )


async def _rewritten(connection: Connection, partition: str, tries: int) -> bool:
    """Rewrite a table, asking briefly for its lock so that no search queues behind for long.

    A row that an old snapshot may still see is dead and yet copied; the server says how many.
    """
    kept: list[int] = []

    def told(_connection: object, message: asyncpg.PostgresLogMessage) -> None:
        dead = re.match(r"\D*(\d+)", str(getattr(message, "detail", None) or ""))
        if dead:
            kept.append(int(dead[1]))

    connection.add_log_listener(told)
    try:
        await _vacuumed(connection, partition, tries)
    finally:
        connection.remove_log_listener(told)
    return bool(kept) and not any(kept)


async def _vacuumed(connection: Connection, partition: str, tries: int) -> None:
    await connection.execute("SET lock_timeout = '200ms'")
    for tries_left in range(tries - 1, -1, -1):
        try:
            with database_errors():
                return await _vacuum(connection, partition)
        except DependencyDown:
            if not tries_left or connection.is_closed():
                raise
            await asyncio.sleep(_REST_SECONDS)
    return None


async def _vacuum(connection: Connection, partition: str) -> None:
    await connection.execute(f"VACUUM (FULL, VERBOSE) search.{identifier(partition)}")
    await asyncio.sleep(0)  # what it told is delivered before the listener is removed
