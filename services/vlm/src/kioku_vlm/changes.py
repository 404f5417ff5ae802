"""Hears from PostgreSQL which observations changed, so that nobody has to ask all the time.

A lost connection loses announcements: it is opened again, and everybody is told to look, so a
listener may wake in vain but never sleeps through a change for long.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import structlog
from kioku_rt.db.errors import database_errors
from kioku_rt.errors import DependencyDown
from kioku_rt.events.delays import sleep_unless

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

CHANNEL = "vlm_observations"
_AGAIN_SECONDS = 1.0
_PING_SECONDS = 5.0
log = structlog.get_logger(__name__)


class DatabaseChanges:
    """Listens on one connection and wakes whoever waits.  Implements `Changes`.

    Args:
        dsn: of any role of this service.
        ring: called at every change: somebody may have ordered a reading in another process.
    """

    def __init__(self, dsn: str, *, ring: Callable[[], None]) -> None:
        self._dsn = dsn
        self._ring = ring
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def watching(self, observation_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set after each change of the observation, inside the block."""
        changed = asyncio.Event()
        key = str(observation_id)
        self._watchers[key].add(changed)
        try:
            yield changed
        finally:
            self._watchers[key].discard(changed)
            if not self._watchers[key]:
                del self._watchers[key]

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set, across restarts of PostgreSQL."""
        while not stop.is_set():
            try:
                await self._listen(stop)
            except DependencyDown:
                log.warning("changes.lost")
                await sleep_unless(stop, _AGAIN_SECONDS)

    async def _listen(self, stop: asyncio.Event) -> None:
        with database_errors():
            connection = await asyncpg.connect(
                self._dsn,
                timeout=2.0,
                command_timeout=5.0,
                server_settings={"application_name": "kioku-vlm-changes"},
            )
            try:
                await connection.add_listener(CHANNEL, self._changed)
                self._wake_all()
                while not stop.is_set():
                    await connection.execute("SELECT 1")
                    await sleep_unless(stop, _PING_SECONDS)
            finally:
                await connection.close(timeout=2.0)

    def _changed(
        self,
        _connection: PoolConnectionProxy[Any] | object,
        _pid: int,
        _channel: str,
        payload: object,
    ) -> None:
        self._ring()
        for watcher in self._watchers.get(str(payload), ()):
            watcher.set()

    def _wake_all(self) -> None:
        self._ring()
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.set()
