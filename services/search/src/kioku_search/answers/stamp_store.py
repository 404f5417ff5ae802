"""Whether answers of before are still right, asked of PostgreSQL.  Implements `Stamps`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import structlog
from kioku_rt.db import acquire
from kioku_rt.db.errors import database_errors
from kioku_rt.db.pool import COMMAND_SECONDS, CONNECT_SECONDS, SERVER_SETTINGS
from kioku_rt.errors import DependencyDown
from kioku_rt.events.delays import sleep_unless

from kioku_search.answers.answer_cache import Stamp
from kioku_search.database import Trail, audit_trail, owned

if TYPE_CHECKING:
    from uuid import UUID

    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

_STAMP = "SELECT * FROM search.answer_stamp($1, $2)"
_AGAIN_SECONDS = 1.0
_LOOK_SECONDS = 5.0
log = structlog.get_logger(__name__)


class StampStore:
    """Epochs of owners and of the spaces.

    Every search asks, so a connection is held for it: taking one out of the pool and giving it back
    takes longer than the question. While it is busy or lost, the pool is used.

    Args:
        pool: of the role `search_api`.
        dsn: of the same role.
    """

    def __init__(self, pool: asyncpg.Pool, dsn: str) -> None:
        self._pool = pool
        self._dsn = dsn
        self._held: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def read(self, acting: Acting, ranking_id: UUID | None) -> Stamp:
        """The stamp of this moment: one round trip, reads by key alone."""
        held = self._held
        if held is not None and not held.is_closed() and not self._turn.locked():
            async with self._turn:
                with database_errors():
                    return await _read(held, acting, ranking_id)
        async with acquire(self._pool) as connection:
            return await _read(connection, acting, ranking_id)

    async def audit(self, acting: Acting, trail: Trail) -> None:
        """Record a search on somebody's behalf as it was recorded when its answer was made."""
        for action, subject in trail:
            async with owned(self._pool, acting, action, subject):
                pass

    def recording(self) -> Trail:
        """From now on, in this task, what is recorded is noted in the list that this gives."""
        trail: Trail = []
        audit_trail.set(trail)
        return trail

    async def run(self, stop: asyncio.Event) -> None:
        """Hold a connection until `stop` is set, across restarts of PostgreSQL."""
        while not stop.is_set():
            try:
                await self._hold(stop)
            except DependencyDown:
                log.warning("stamps.lost")
                await sleep_unless(stop, _AGAIN_SECONDS)

    async def _hold(self, stop: asyncio.Event) -> None:
        with database_errors():
            connection = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings={**SERVER_SETTINGS, "application_name": "kioku-search-stamps"},
            )
            self._held = connection
            try:
                while not stop.is_set() and not connection.is_closed():
                    await sleep_unless(stop, _LOOK_SECONDS)
            finally:
                self._held = None
                async with self._turn:  # whoever asks right now is answered first
                    await connection.close(timeout=CONNECT_SECONDS)


async def _read(connection: Connection, acting: Acting, ranking_id: UUID | None) -> Stamp:
    (row,) = await connection.fetch(_STAMP, acting.owner, ranking_id)
    return Stamp(*row)
