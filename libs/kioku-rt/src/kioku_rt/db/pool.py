"""A pool whose every wait ends: connect 2 s, acquire 2 s, command 5 s, close 5 s.

`asyncio.wait_for` alone does not bound asyncpg behind a dead network path, so the driver's own
timeouts and the server's are set as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from kioku_rt.db.errors import database_errors
from kioku_rt.db.vectors import register_codecs

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[Any] | PoolConnectionProxy[Any]

CONNECT_SECONDS = 2.0
ACQUIRE_SECONDS = 2.0
COMMAND_SECONDS = 5.0
CLOSE_SECONDS = 5.0
SERVER_SETTINGS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}


async def open_pool(
    dsn: str,
    *,
    min_size: int = 1,
    max_size: int = 10,
    role: str | None = None,
    reset: bool = True,
    application_name: str,
) -> asyncpg.Pool:
    """A pool of connections that know `halfvec` and `vector` as numpy arrays.

    Args:
        dsn: `postgresql://user[:password]@host:port/database`.
        min_size, max_size: connections kept and allowed.
        role: set for every session (`SET ROLE`); the login must be a member of it.
        reset: ask the server to forget a session's settings when its connection is given back;
            False saves that round trip where every setting is local to its transaction.
        application_name: shown in `pg_stat_activity`.

    Raises:
        DependencyDown: the database does not answer.
    """
    settings = {**SERVER_SETTINGS, "application_name": application_name}
    if role is not None:
        settings["role"] = role
    # It logs a traceback for every second of an outage that our own errors report already.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    with database_errors():
        return await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings=settings,
            init=register_codecs,
            reset=None if reset else _as_it_is,
        )


async def _as_it_is(_connection: object) -> None:
    """Keep the session."""


async def close_pool(pool: asyncpg.Pool) -> None:
    """Close, waiting at most 5 s for connections in use; then they are cut."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()


@asynccontextmanager
async def acquire(pool: asyncpg.Pool) -> AsyncIterator[PoolConnectionProxy[Any]]:
    """One connection of the pool, awaited at most 2 s.

    Failures of the database inside the block become DependencyDown as well.

    Raises:
        DependencyDown: no connection came free, or the database went away.
    """
    with database_errors():
        async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            yield connection


async def ping(pool: asyncpg.Pool) -> None:
    """One round trip, for readiness.

    Raises:
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection:
        await connection.execute("SELECT 1")
