"""Makes and drops indexes as the role that owns the vectors.  Implements `Builder`.

CREATE and REINDEX INDEX CONCURRENTLY run in no function and only for the owner; so a process that
is given that role's DSN connects with it while a job lasts, and for nothing else (decision 0020).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
from kioku_rt.db.identifiers import identifier
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_search.dedicated import dedicated
from kioku_search.evaluation import displaced
from kioku_search.index import IndexMethod
from kioku_search.recall import tied_recall

if TYPE_CHECKING:
    from kioku_search.index import Parameters, SpaceIndex
    from kioku_search.index_jobs import Told

    Connection = asyncpg.Connection[Any]

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('search.index_jobs', 0))"
_LOOK_SECONDS = 0.5
_PROBES, _K = 10, 10
_PROBE_EF, _PROBE_SHARE = 200, 4
_PROBE_LOCK_TRIES = 50
_FULL = (asyncpg.ProgramLimitExceededError, asyncpg.OutOfMemoryError, asyncpg.DiskFullError)
_PROGRESS = """
SELECT phase, greatest(blocks_done, tuples_done) AS done,
    greatest(blocks_total, tuples_total) AS total
FROM pg_stat_progress_create_index WHERE pid = $1
"""
_KNOWN = """
SELECT c.relname AS name, i.indisvalid AS valid
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'search'::regnamespace
    AND (c.relname = $1 OR starts_with(c.relname, $1 || '_cc'))
"""
_OTHERS = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
WHERE i.indrelid = ('search.' || $1)::regclass AND m.amname IN ('hnsw', 'ivfflat')
    AND c.relname <> $2
"""
_SWITCH = """
UPDATE search.space_indexes SET method = $2, opclass = $3, m = $4, ef_construction = $5, lists = $6,
    index_name = $7, effort = NULL, missed_effort = 0, effort_since = clock_timestamp(),
    recall_mean = NULL, row_us = NULL, tuple_us = NULL, measured_rows = 0, updated_at = now()
WHERE space_id = $1
"""
_RESTART = """
UPDATE search.space_indexes SET missed_effort = 0, effort_since = clock_timestamp(),
    updated_at = now()
WHERE space_id = $1
"""


def builders(dsn: str, memory_bytes: int) -> Callable[[], Any]:
    """What opens a builder: a context that gives None while another process holds the lock."""

    @asynccontextmanager
    async def open_builder() -> AsyncIterator[IndexBuilder | None]:
        async with dedicated(dsn, "index") as connection, dedicated(dsn, "index") as watching:
            free = await connection.fetchval(_LOCK)
            if free:
                await connection.execute(
                    "SELECT set_config('maintenance_work_mem', $1, false)",
                    f"{memory_bytes // 1024}kB",
                )
            yield IndexBuilder(connection, watching) if free else None

    return open_builder


class IndexBuilder:
    """Works on one connection and looks on from another."""

    def __init__(self, connection: Connection, watching: Connection) -> None:
        self._connection = connection
        self._watching = watching

    async def create(self, index: SpaceIndex, name: str, wanted: Parameters, told: Told) -> None:
        """Build `name` beside what is there; a whole one of that name stays, a torn one goes."""
        if await self._whole(name):
            return
        text = await self._connection.fetchval(
            "SELECT search.index_sql('CONCURRENTLY', $1, $2, $3, $4, $5, $6, $7, $8)",
            *(name, index.partition, index.dimension, wanted.method, wanted.opclass),
            *(wanted.m, wanted.ef_construction, wanted.lists),
        )
        await self._build(text, told)

    async def rebuild(self, index: SpaceIndex, told: Told) -> None:
        """Make the same index anew in its place."""
        await self._whole(index.name)
        await self._build(f"REINDEX INDEX CONCURRENTLY search.{identifier(index.name)}", told)
        await self._connection.execute(_RESTART, index.space_id)

    async def drop(self, name: str) -> None:
        """Remove an index, if it is there, without stopping anybody."""
        if name:
            await self._connection.execute(
                f"DROP INDEX CONCURRENTLY IF EXISTS search.{identifier(name)}"
            )

    async def drop_others(self, index: SpaceIndex, name: str) -> None:
        """Remove every index of the space's vectors but `name`."""
        for row in await self._connection.fetch(_OTHERS, index.partition, name):
            await self.drop(row["relname"])

    async def switch(self, index: SpaceIndex, name: str, wanted: Parameters) -> None:
        """From now on searches use `name`; empty: they compare all."""
        await self._connection.execute(
            _SWITCH,
            *(index.space_id, wanted.method, wanted.opclass, wanted.m, wanted.ef_construction),
            *(wanted.lists, name),
        )

    async def tidy(self, index: SpaceIndex) -> None:
        """Vacuum and gather statistics."""
        await self._connection.execute(f"VACUUM (ANALYZE) search.{identifier(index.partition)}")

    async def probe(self, index: SpaceIndex, name: str, wanted: Parameters) -> float | None:
        """Recall of some queries by the index `name` alone; None in an empty space.

        Raises:
            KiokuError: INDEX_PROBE_FAILED if searches would not be served by it.
        """
        rows = await self._as_worker(
            "SELECT embedding FROM search.sample_vectors($1, $2)", index.space_id, _PROBES
        )
        queries = displaced([row["embedding"] for row in rows])
        if not queries:
            return None
        found = await self._alone(index, name, wanted, queries)
        recalls = []
        for query, distances in zip(queries, found, strict=True):
            (true,) = await self._as_worker(
                "SELECT search.nearest_distances($1, $2, $3, NULL)", index.space_id, query, _K
            )
            recalls.append(tied_recall(distances, true[0], _K))
        return sum(recalls) / len(recalls)

    async def _alone(
        self, index: SpaceIndex, name: str, wanted: Parameters, queries: list[Any]
    ) -> list[list[float]]:
        """Distances that `name` gives, with the old index hidden from this transaction.

        Two indexes of one operator class serve the same queries, so the old one is dropped and
        the transaction rolled back. Its lock is asked for briefly, so that searches never queue.
        """
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            if index.name not in ("", name) and not await self._hidden(index.name):
                raise KiokuError(
                    Reason.INDEX_PROBE_FAILED, "The table was never free for the probe."
                )
            return await self._asked(index, name, wanted, queries)
        finally:
            await transaction.rollback()

    async def _hidden(self, name: str) -> bool:
        await self._connection.execute("SET LOCAL lock_timeout = '50ms'")
        for _ in range(_PROBE_LOCK_TRIES):
            try:
                async with self._connection.transaction():
                    await self._connection.execute(f"DROP INDEX search.{identifier(name)}")
            except asyncpg.LockNotAvailableError:
                await asyncio.sleep(_LOOK_SECONDS / 5)
            else:
                return True
        return False

    async def _asked(
        self, index: SpaceIndex, name: str, wanted: Parameters, queries: list[Any]
    ) -> list[list[float]]:
        ivfflat = wanted.method is IndexMethod.IVFFLAT
        probes = max(1, wanted.lists // _PROBE_SHARE)
        await self._connection.execute(
            "SET LOCAL ROLE search_worker; SET LOCAL enable_seqscan = off;"
            " SET LOCAL enable_sort = off; SET LOCAL hnsw.iterative_scan = relaxed_order;"
            f" SET LOCAL hnsw.ef_search = {_PROBE_EF};"
            f" SET LOCAL ivfflat.probes = {probes if ivfflat else 1}"
        )
        text = await self._connection.fetchval(
            "SELECT search.nearest_images_sql('whole_index', $1, $2, '', false,"
            " search.index_operator($3))",
            *(index.space_id, index.dimension, wanted.opclass),
        )
        plan = await self._connection.fetch("EXPLAIN " + text, queries[0], _K)
        if not any(f"using {name} on" in row[0] for row in plan):
            raise KiokuError(
                Reason.INDEX_PROBE_FAILED, "Searches would not be served by the new index."
            )
        return [await self._connection.fetchval(text, query, _K) or [] for query in queries]

    async def _as_worker(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Row-level security is forced on the owner too; the worker sees every row."""
        async with self._watching.transaction():
            await self._watching.execute("SET LOCAL ROLE search_worker")
            rows: list[asyncpg.Record] = await self._watching.fetch(statement, *values)
        return rows

    async def _whole(self, name: str) -> bool:
        """Whether the index is there and valid, after what a torn build left was removed."""
        rows = await self._connection.fetch(_KNOWN, name)
        for row in rows:
            if not row["valid"]:
                await self.drop(row["name"])
        return any(row["valid"] and row["name"] == name for row in rows)

    async def _build(self, text: str, told: Told) -> None:
        pid = self._connection.get_server_pid()
        build = asyncio.create_task(self._connection.execute(text))
        try:
            while not (await asyncio.wait({build}, timeout=_LOOK_SECONDS))[0]:
                row = await self._watching.fetchrow(_PROGRESS, pid)
                if row:
                    await told(row["phase"], row["done"], row["total"])
        finally:
            build.cancel()
            await asyncio.gather(build, return_exceptions=True)
        try:
            build.result()
        except _FULL as error:
            raise KiokuError(
                Reason.INDEX_MEMORY_EXCEEDED, "The build ran out of memory or of disk."
            ) from error
