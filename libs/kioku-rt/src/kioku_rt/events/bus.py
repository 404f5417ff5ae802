"""One connection to the event log: what `publish` returned from is stored, and no call hangs.

This module and `pull.py` are the only ones that know nats-py. Before anything is sent the bus makes
sure (once per connection) that the declared streams and consumers exist, so a wiped store or a
deleted stream comes back by itself, and it knows when the store it talks to was born.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext, api
from nats.js import errors as js_errors

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import declare
from kioku_rt.events.topology import MAX_EVENT_BYTES, Topology
from kioku_rt.reasons import Reason

EVENT_LOG = "event log"
ID_HEADER = "Nats-Msg-Id"
EVENT_ID = "Kioku-Event-Id"  # the event's id where the message needs another one of its own
REPLY_SECONDS = 2.0
CONNECT_SECONDS = 2.0
PING_SECONDS = 5
_TOO_LARGE = 10054

log = structlog.get_logger(__name__)


@contextmanager
def event_log_errors() -> Iterator[None]:
    """Turn every way in which NATS can be away into `DependencyDown("event log")`."""
    try:
        yield
    except js_errors.APIError as error:
        if error.err_code == _TOO_LARGE:
            raise KiokuError(Reason.MESSAGE_TOO_LARGE) from error
        raise DependencyDown(EVENT_LOG) from error
    except (nats.errors.Error, TimeoutError, OSError) as error:
        raise DependencyDown(EVENT_LOG) from error


@dataclass(frozen=True)
class Stored:
    """A message as it lies in a stream."""

    subject: str
    payload: bytes = field(repr=False)
    headers: Mapping[str, str]
    sequence: int
    time: datetime


class EventBus:
    """A connection that comes back by itself; made by `connect`, ended by `close`.

    Attributes:
        generation: grows with every loss of the connection or of the topology.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.generation = 0
        self.client = Client()
        self._js = JetStreamContext(self.client, timeout=REPLY_SECONDS)
        self._connecting: asyncio.Task[None] | None = None
        self._sure = False
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
    ) -> EventBus:
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
            connect_timeout=int(CONNECT_SECONDS),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]
            ping_interval=PING_SECONDS,
            max_outstanding_pings=2,
            flush_timeout=REPLY_SECONDS,
            drain_timeout=5,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            error_cb=self._error,
        )

    async def _disconnected(self) -> None:
        log.warning("event log lost")
        self.reset()

    async def _reconnected(self) -> None:
        log.info("event log back")
        self.reset()

    async def _error(self, error: Exception) -> None:
        log.debug("event log client error", error=repr(error))

    def reset(self) -> None:
        """Doubt the topology: the next call makes sure of it again, and open pulls end."""
        self._sure = False
        self.generation += 1
        for callback in tuple(self._on_loss):
            callback()

    def on_loss(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called when the connection or the topology is lost; ends the wish."""
        self._on_loss.add(callback)
        return lambda: self._on_loss.discard(callback)

    async def ensure(self) -> None:
        """Return once the connection is up and the topology exists.

        Raises:
            DependencyDown: no connection, or JetStream does not answer.
        """
        if self._sure and self.client.is_connected:
            return
        if self._connecting is not None and self._connecting.done():
            self._connecting.result()
        if not self.client.is_connected:
            raise DependencyDown(EVENT_LOG)
        async with self._making_sure:
            if not self._sure:
                await self._make_sure()

    async def _make_sure(self) -> None:
        generation = self.generation
        with event_log_errors():
            created = await declare.apply(self._js, self.topology)
        for stream, born in created.items():
            if self._created.get(stream, born) != born:
                log.warning("event store is new", stream=stream, created=born.isoformat())
        self._created = created
        self._sure = generation == self.generation

    async def stream_created(self, stream: str = "KIOKU") -> datetime:
        """When the stream now in use was made; another value than before: its events are gone.

        Raises:
            DependencyDown: the event log does not answer.
        """
        await self.ensure()
        return self._created[stream]

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        event_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Store one event; returns after the server's acknowledgement, within about 2 s.

        The same `event_id` within the stream's duplicate window is stored once.

        Raises:
            DependencyDown: not acknowledged; it may or may not be stored: publish it again.
            KiokuError: MESSAGE_TOO_LARGE.
        """
        if len(payload) > MAX_EVENT_BYTES:
            raise KiokuError(Reason.MESSAGE_TOO_LARGE)
        await self.ensure()
        try:
            with event_log_errors():
                async with asyncio.timeout(REPLY_SECONDS):
                    await self._js.publish(
                        subject,
                        payload,
                        timeout=REPLY_SECONDS,
                        headers={**(headers or {}), ID_HEADER: event_id},
                    )
        except DependencyDown as down:
            if isinstance(down.__cause__, js_errors.NoStreamResponseError):
                self.reset()
            raise

    async def stored(self, stream: str, sequence: int) -> Stored | None:
        """The message at `sequence`, or None if it is gone.

        Raises:
            DependencyDown: the event log does not answer.
        """
        return await self._get(stream, {"seq": sequence})

    async def stored_after(self, stream: str, sequence: int, subject: str) -> Stored | None:
        """The first message at or after `sequence` whose subject matches, or None.

        Raises:
            DependencyDown: the event log does not answer.
        """
        return await self._get(stream, {"seq": sequence, "next_by_subj": subject})

    async def _get(self, stream: str, query: Mapping[str, Any]) -> Stored | None:
        await self.ensure()
        subject = f"{api.DEFAULT_PREFIX}.STREAM.MSG.GET.{stream}"
        with event_log_errors():
            reply = await self.client.request(subject, json.dumps(query).encode(), REPLY_SECONDS)
            answer = json.loads(reply.data)
            if answer.get("error", {}).get("code") == 404:
                return None
            if "error" in answer:
                js_errors.APIError.from_error(answer["error"])
        return _stored(answer["message"])

    async def remove(self, stream: str, sequence: int) -> bool:
        """Delete one message from a stream; False if it was gone.

        Raises:
            DependencyDown: the event log does not answer.
        """
        await self.ensure()
        with event_log_errors():
            try:
                return bool(await self._js.delete_msg(stream, sequence))
            except js_errors.APIError as error:
                if error.err_code in (10037, 10057):
                    return False
                raise

    async def health(self) -> None:
        """One round trip to JetStream itself (a server whose JetStream is off still pings).

        Raises:
            DependencyDown: the event log does not answer.
        """
        await self.ensure()
        with event_log_errors():
            for stream in self.topology.streams[:1]:
                await self._js.stream_info(stream.name)

    async def close(self) -> None:
        """Send what was published, then end; within about 5 s."""
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
            await asyncio.wait({self._connecting})
        with suppress(nats.errors.Error, TimeoutError, OSError):
            async with asyncio.timeout(5):
                if self.client.is_connected:
                    await self.client.flush(2)
                await self.client.close()

    async def __aenter__(self) -> EventBus:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()


def _stored(message: Mapping[str, Any]) -> Stored:
    lines = base64.b64decode(message.get("hdrs", "")).decode().split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return Stored(
        subject=message["subject"],
        payload=base64.b64decode(message.get("data", "")),
        headers={name: value.strip() for name, _, value in pairs},
        sequence=message["seq"],
        time=datetime.fromisoformat(message["time"]),
    )
