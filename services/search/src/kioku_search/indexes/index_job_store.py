"""Orders for indexes in PostgreSQL.  Implements `JobStore`."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_search.database import unbound
from kioku_search.indexes.index import IndexMethod, OperatorClass, Parameters
from kioku_search.indexes.index_jobs import IndexJob

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

_FIELDS = "space_id, kind, method, opclass, m, ef_construction, lists"


class IndexJobStore:
    """Orders, one open one for each space.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def order(self, space_id: str, kind: str, parameters: Parameters | None) -> None:
        """Add one.  Raises KiokuError INDEX_BUSY while another is open."""
        async with unbound(self._pool) as connection:
            await add_order(connection, space_id, kind, parameters)

    async def open(self) -> IndexJob | None:
        """The oldest that is not done."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM search.index_jobs WHERE state IN ('PENDING', 'RUNNING')"
                " ORDER BY created_at LIMIT 1"
            )
        return _job(row) if row else None

    async def begin(self, job_id: UUID) -> None:
        """It is RUNNING."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                "UPDATE search.index_jobs SET state = 'RUNNING', updated_at = now()"
                " WHERE job_id = $1",
                job_id,
            )

    async def progress(self, job_id: UUID, phase: str, done: int, total: int) -> None:
        """How far it is."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                "UPDATE search.index_jobs SET phase = $2, done = $3, total = $4,"
                " updated_at = now() WHERE job_id = $1",
                *(job_id, phase, done, total),
            )

    async def end(self, job_id: UUID, reason: Reason | None, message: str) -> None:
        """DONE, or FAILED with a reason."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                "UPDATE search.index_jobs SET state = $2, reason = $3, message = $4, phase = '',"
                " updated_at = now() WHERE job_id = $1",
                *(job_id, "FAILED" if reason else "DONE", reason or "", message),
            )

    async def last(self, space_id: str) -> IndexJob | None:
        """The newest of a space, whatever its state."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM search.index_jobs WHERE space_id = $1"
                " ORDER BY created_at DESC LIMIT 1",
                space_id,
            )
        return _job(row) if row else None


async def add_order(
    connection: Connection, space_id: str, kind: str, parameters: Parameters | None
) -> None:
    """Add an order in the caller's transaction.  Raises KiokuError INDEX_BUSY."""
    values = astuple(parameters) if parameters else ("", "", 0, 0, 0)
    try:
        await connection.execute(
            f"INSERT INTO search.index_jobs ({_FIELDS})"  # noqa: S608
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            *(space_id, kind, *values),
        )
    except asyncpg.UniqueViolationError as error:
        raise KiokuError(Reason.INDEX_BUSY) from error


def _job(row: asyncpg.Record) -> IndexJob:
    built = Parameters(
        IndexMethod(row["method"] or "hnsw"),
        OperatorClass(row["opclass"] or "halfvec_cosine_ops"),
        row["m"],
        row["ef_construction"],
        row["lists"],
    )
    return IndexJob(
        job_id=UUID(str(row["job_id"])),
        parameters=built if row["method"] else None,
        **{
            name: row[name]
            for name in ("space_id", "kind", "state", "phase", "done", "total", "reason")
        },
        message=row["message"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
