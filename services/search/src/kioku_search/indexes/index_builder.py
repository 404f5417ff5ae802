"""Makes and drops indexes as the role that owns the vectors.  Implements `Builder`.

CREATE and REINDEX INDEX CONCURRENTLY run in no function and only for the owner; so a process that
is given that role's DSN connects with it while a job lasts, and for nothing else (decision 0020).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import asyncpg
import structlog
from kioku_rt.db.errors import database_errors
from kioku_rt.db.identifiers import identifier
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_search.indexes.dedicated import dedicated
from kioku_search.indexes.index_probe import IndexProbe
from kioku_search.spaces.space import FACE

if TYPE_CHECKING:
    from kioku_search.indexes.index import Parameters, SpaceIndex
    from kioku_search.indexes.index_jobs import Told

    Connection = asyncpg.Connection[Any]

_P = ParamSpec("_P")
_T = TypeVar("_T")
log = structlog.get_logger(__name__)
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('search.index_jobs', 0))"
_LOOK_SECONDS = 0.5
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


def _ending_the_job(
    method: Callable[_P, Awaitable[_T]],
) -> Callable[_P, Coroutine[Any, Any, _T]]:
    """What PostgreSQL refuses ends the job with a reason; while it is away, the job waits."""

    @wraps(method)
    async def told(*args: _P.args, **named: _P.kwargs) -> _T:
        try:
            with database_errors():
                try:
                    return await method(*args, **named)
                except _FULL as error:
                    raise KiokuError(
                        Reason.INDEX_MEMORY_EXCEEDED, "The build ran out of memory or of disk."
                    ) from error
        except asyncpg.PostgresError as error:
            log.exception("index.refused")
            raise KiokuError(
                Reason.INTERNAL, "The database refused a step of the job; the log says which."
            ) from error

    return told


class IndexBuilder:
    """Works on one connection and looks on from another."""

    def __init__(self, connection: Connection, watching: Connection) -> None:
        self._connection = connection
        self._watching = watching

    @_ending_the_job
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
        if index.kind == FACE:  # ANALYZE would keep samples of vectors that no erasure reaches
            await self._connection.execute(
                f"ALTER INDEX search.{identifier(name)} ALTER COLUMN 1 SET STATISTICS 0"
            )

    @_ending_the_job
    async def rebuild(self, index: SpaceIndex, told: Told) -> None:
        """Make the same index anew in its place."""
        await self._whole(index.name)
        await self._build(f"REINDEX INDEX CONCURRENTLY search.{identifier(index.name)}", told)
        await self._connection.execute(_RESTART, index.space_id)

    @_ending_the_job
    async def drop(self, name: str) -> None:
        """Remove an index, if it is there, without stopping anybody."""
        if name:
            await self._connection.execute(
                f"DROP INDEX CONCURRENTLY IF EXISTS search.{identifier(name)}"
            )

    @_ending_the_job
    async def drop_others(self, index: SpaceIndex, name: str) -> None:
        """Remove every index of the space's vectors but `name`."""
        for row in await self._connection.fetch(_OTHERS, index.partition, name):
            await self.drop(row["relname"])

    @_ending_the_job
    async def switch(self, index: SpaceIndex, name: str, wanted: Parameters) -> None:
        """From now on searches use `name`; empty: they compare all."""
        await self._connection.execute(
            _SWITCH,
            *(index.space_id, wanted.method, wanted.opclass, wanted.m, wanted.ef_construction),
            *(wanted.lists, name),
        )

    @_ending_the_job
    async def tidy(self, index: SpaceIndex) -> None:
        """Vacuum and gather statistics."""
        await self._connection.execute(f"VACUUM (ANALYZE) search.{identifier(index.partition)}")

    @_ending_the_job
    async def probe(self, index: SpaceIndex, name: str, wanted: Parameters) -> float | None:
        """Recall of some queries by the index `name` alone; None in an empty space.

        Raises:
            KiokuError: INDEX_PROBE_FAILED if searches would not be served by it.
        """
        return await IndexProbe(self._connection, self._watching).recall(index, name, wanted)

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
        build.result()
