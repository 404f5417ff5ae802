"""Hears from PostgreSQL what changed, so that nobody has to ask all the time.

A lost connection loses announcements: it is opened again, and everybody is told to look, so a
listener may wake in vain but never sleeps through a change for long.
"""

from __future__ import annotations

import asyncio
import json
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

_AGAIN_SECONDS = 1.0
_PING_SECONDS = 5.0
log = structlog.get_logger(__name__)


class DatabaseChanges:
    """Listens on one connection and wakes whoever waits.  Implements `Changes`.

    Args:
        dsn: of any role of this service.
        on_space: called when a space changed.
        on_deleted: called with the SHA-256 of a picture that is being deleted.
    """

    def __init__(
        self, dsn: str, *, on_space: Callable[[], None], on_deleted: Callable[[str], None]
    ) -> None:
        self._dsn = dsn
        self._on_space = on_space
        self._on_deleted = on_deleted
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def watching(self, asset_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set after each change of the asset, inside the block."""
        changed = asyncio.Event()
        key = str(asset_id)
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
                server_settings={"application_name": "kioku-search-changes"},
            )
            try:
                await connection.add_listener("search_assets", self._asset_changed)
                await connection.add_listener("search_spaces", self._space_changed)
                self._wake_all()
                while not stop.is_set():
                    await connection.execute("SELECT 1")
                    await sleep_unless(stop, _PING_SECONDS)
            finally:
                await connection.close(timeout=2.0)

    def _asset_changed(
        self,
        _connection: PoolConnectionProxy[Any] | object,
        _pid: int,
        _channel: str,
        payload: object,
    ) -> None:
        news = json.loads(str(payload))
        if news["sha256"]:
            self._on_deleted(news["sha256"])
        for watcher in self._watchers.get(news["asset_id"], ()):
            watcher.set()

    def _space_changed(self, *_: object) -> None:
        self._on_space()

    def _wake_all(self) -> None:
        self._on_space()
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.set()
