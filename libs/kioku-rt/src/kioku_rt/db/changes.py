"""Hears from PostgreSQL what changed, so that nobody has to ask all the time.

A lost connection loses announcements: it is opened again, and everybody is told to look, so a
listener may wake in vain but never sleeps through a change for long.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from kioku_rt.db.errors import database_errors
from kioku_rt.errors import DependencyDown
from kioku_rt.events.delays import sleep_unless

_AGAIN_SECONDS = 1.0
_PING_SECONDS = 5.0
log = structlog.get_logger(__name__)
Heard = Callable[[str], None]


class ChangeListener:
    """Listens on one connection and wakes whoever waits.

    Args:
        dsn: of any role.
        name: of the connection, for people who look at the database.
        channels: what is called with the payload of an announcement, by NOTIFY's channel.
        on_again: called whenever announcements may have been lost, so that somebody looks.
    """

    def __init__(
        self,
        dsn: str,
        *,
        name: str,
        channels: Mapping[str, Heard],
        on_again: Callable[[], None],
    ) -> None:
        self._dsn = dsn
        self._name = name
        self._channels = channels
        self._on_again = on_again
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def watching(self, thing: UUID) -> Iterator[asyncio.Event]:
        """An event that is set after each change of the thing, inside the block."""
        changed = asyncio.Event()
        key = str(thing)
        self._watchers[key].add(changed)
        try:
            yield changed
        finally:
            self._watchers[key].discard(changed)
            if not self._watchers[key]:
                del self._watchers[key]

    def wake(self, key: str) -> None:
        """Wake whoever watches this thing."""
        for watcher in self._watchers.get(key, ()):
            watcher.set()

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
                server_settings={"application_name": self._name},
            )
            try:
                for channel, heard in self._channels.items():
                    await connection.add_listener(channel, partial(_tell, heard))
                self._wake_all()
                while not stop.is_set():
                    await connection.execute("SELECT 1")
                    await sleep_unless(stop, _PING_SECONDS)
            finally:
                await connection.close(timeout=2.0)

    def _wake_all(self) -> None:
        self._on_again()
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.set()


def _tell(heard: Heard, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
    heard(str(payload))
