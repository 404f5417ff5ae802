"""A connection to NATS that comes back by itself, to streams and consumers that are there.

Before anything is sent it makes sure (once per connection) that the declared streams and consumers
exist, so a wiped store or a deleted stream comes back by itself, and it knows when the store it
talks to was born.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Self

import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js import errors as js_errors

from kioku_rt.errors import DependencyDown
from kioku_rt.events.jetstream import declare
from kioku_rt.events.jetstream.down import EVENT_LOG, NOT_CONNECTED, event_log_errors
from kioku_rt.events.topology import PROBE, Topology

REPLY_SECONDS = 2.0
ENSURE_SECONDS = 5.0
CLOSE_SECONDS = 5.0
_CONNECT_SECONDS = 2
_PING_SECONDS = 2

log = structlog.get_logger(__name__)


class Connection:
    """The life of an event bus; made by `connect`, ended by `close`.

    Attributes:
        topology: the streams and consumers it makes sure of.
        client, js: nats-py's connection and its JetStream, for this package.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.client = Client()
        self.js = JetStreamContext(self.client, timeout=REPLY_SECONDS)
        self._connecting: asyncio.Task[None] | None = None
        self._closing = False
        self._doubts = 0
        self._sure = False
        self._stores_nothing = False
        self._making_sure = asyncio.Lock()
        self._created: dict[str, datetime] = {}
        self._on_loss: set[Callable[[], None]] = set()

    @classmethod
    async def connect(
        cls,
        url: str | Sequence[str],
        name: str,
        *,
        topology: Topology | None = None,
        patience: float = 10.0,
    ) -> Self:
        """Connect, and make sure of the streams and consumers.

        After `patience` seconds without an answer the bus is returned all the same, and goes on
        trying: until it succeeds every call raises DependencyDown.

        Args:
            url: `nats://host:port`, or several.
            name: of this process, for the server's monitoring.
            topology: what must exist; Kioku's own by default.
            patience: seconds.
        """
        bus = cls(topology or Topology())
        servers = [url] if isinstance(url, str) else list(url)
        bus._connecting = asyncio.create_task(bus._connect(servers, name), name="nats connect")
        await asyncio.wait({bus._connecting}, timeout=patience)
        with suppress(DependencyDown):
            await bus.ensure()
        return bus

    async def _connect(self, servers: list[str], name: str) -> None:
        await self.client.connect(
            servers,
            name=name,
            connect_timeout=_CONNECT_SECONDS,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type] # declared int, used as seconds
            ping_interval=_PING_SECONDS,
            max_outstanding_pings=2,
            flush_timeout=REPLY_SECONDS,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            error_cb=self._error,
        )

    async def _disconnected(self) -> None:
        if not self._closing:
            log.warning("events.lost")
        self.reset()

    async def _reconnected(self) -> None:
        log.info("events.back")
        self.reset()

    async def _error(self, error: Exception) -> None:
        log.debug("events.client_error", error=repr(error))

    def reset(self) -> None:
        """Doubt the topology: the next call makes sure of it again, and open pulls end."""
        self._sure = False
        self._doubts += 1
        for callback in tuple(self._on_loss):
            callback()

    def on_loss(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called when connection or topology is lost; call the result to end it."""
        self._on_loss.add(callback)
        return lambda: self._on_loss.discard(callback)

    async def ensure(self) -> None:
        """Return once the connection is up and the topology exists; within 5 s.

        Raises:
            DependencyDown: no connection, or JetStream does not answer.
        """
        if self._sure and self.client.is_connected:
            return
        if self._connecting is not None and self._connecting.done():
            self._connecting.result()
        if not self.client.is_connected:
            raise DependencyDown(EVENT_LOG)
        with event_log_errors():
            async with asyncio.timeout(ENSURE_SECONDS), self._making_sure:
                if not self._sure:
                    await self._make_sure()

    async def _make_sure(self) -> None:
        doubts = self._doubts
        created = await declare.apply(self.js, self.topology)
        for stream, born in created.items():
            if self._created.get(stream, born) != born:
                log.warning("events.store_is_new", stream=stream, created=born.isoformat())
        self._created = created
        self._sure = doubts == self._doubts

    async def stream_created(self, stream: str = "KIOKU") -> datetime:
        """When the stream now in use was made; another value than before: its events are gone.

        Raises:
            DependencyDown: the event log does not answer.
        """
        await self.ensure()
        return self._created[stream]

    async def health(self) -> None:
        """Ask JetStream itself: a server whose JetStream is off, or new, still answers pings.

        After a publish that was not acknowledged a message is written, too: with a full disk behind
        it JetStream answers every question and stores nothing until it is restarted.

        Raises:
            DependencyDown: the event log does not answer or store, or its streams are not ours.
        """
        await self.ensure()
        await asyncio.gather(*(self._look_at(spec.name) for spec in self.topology.streams))
        if self._stores_nothing and self.topology.stream_of(PROBE):
            await self.store(PROBE, b"", {})

    async def store(self, subject: str, payload: bytes, headers: dict[str, str]) -> None:
        """Store one message, and remember whether that worked.  Raises as `publish` does."""
        await self.ensure()
        try:
            with event_log_errors():
                async with asyncio.timeout(REPLY_SECONDS):
                    await self.js.publish(subject, payload, timeout=REPLY_SECONDS, headers=headers)
        except DependencyDown as down:
            self._stores_nothing = True
            if isinstance(down.__cause__, js_errors.NoStreamResponseError):
                self.reset()
            raise
        self._stores_nothing = False

    async def _look_at(self, stream: str) -> None:
        try:
            with event_log_errors():
                created = await declare.created(self.js, stream)
        except DependencyDown as down:
            if isinstance(down.__cause__, js_errors.NotFoundError):
                self.reset()
            raise
        if created != self._created[stream]:
            self.reset()
            await self.ensure()

    async def close(self) -> None:
        """Send what was published, then end; within 5 s."""
        self._closing = True
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
            await asyncio.wait({self._connecting})
        with suppress(*NOT_CONNECTED):
            async with asyncio.timeout(CLOSE_SECONDS):
                if self.client.is_connected:
                    await self.client.flush(int(REPLY_SECONDS))
                await self.client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()
