"""A connection for work that may take long, so that it never takes one of the searches' pools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from kioku_rt.db.errors import database_errors
from kioku_rt.db.vectors import register_codecs

CONNECT_SECONDS = 5.0


@asynccontextmanager
async def dedicated(
    dsn: str, name: str, *, seconds: float = 0.0
) -> AsyncIterator[asyncpg.Connection[Any]]:
    """One connection that knows vectors, closed with the block.

    Args:
        name: in `pg_stat_activity`, after `kioku-search-`.
        seconds: the longest a statement may take; 0: for ever.

    Raises:
        DependencyDown: the database does not answer, or a statement took too long.
    """
    with database_errors():
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=seconds or None,
            server_settings={
                "application_name": f"kioku-search-{name}",
                "statement_timeout": f"{seconds:.0f}s",
            },
        )
        try:
            await register_codecs(connection)
            yield connection
        finally:
            await connection.close(timeout=CONNECT_SECONDS)
