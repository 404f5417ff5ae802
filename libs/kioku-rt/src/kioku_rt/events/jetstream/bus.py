"""The event log: what `publish` returned from is stored, and no call hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from kioku_rt.errors import KiokuError
from kioku_rt.events.headers import MESSAGE_ID
from kioku_rt.events.jetstream import stored
from kioku_rt.events.jetstream.connection import REPLY_SECONDS, Connection
from kioku_rt.events.jetstream.down import event_log_errors
from kioku_rt.events.jetstream.stored import Stored
from kioku_rt.events.outcome import Event
from kioku_rt.events.topology import MAX_EVENT_BYTES
from kioku_rt.events.trace import with_trace
from kioku_rt.reasons import Reason


class EventBus(Connection):
    """Publishes events and reads what is stored; workers pull through it.

    `await EventBus.connect(url, name)` makes one; `close` (or `async with`) ends it. Every method
    raises DependencyDown while the event log does not answer, within a few seconds.
    """

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        event_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Store one event, with the current trace; returns after the server's acknowledgement.

        The same `event_id` within the stream's duplicate window is stored once.

        Raises:
            DependencyDown: not acknowledged in 2 s; it may or may not be stored: publish it again.
            KiokuError: MESSAGE_TOO_LARGE.
        """
        if len(payload) > MAX_EVENT_BYTES:
            raise KiokuError(Reason.MESSAGE_TOO_LARGE)
        await self.store(subject, payload, {**with_trace(headers), MESSAGE_ID: event_id})

    async def stored(self, stream: str, sequence: int) -> Stored | None:
        """The message at `sequence`, or None if it is gone.  Raises DependencyDown."""
        await self.ensure()
        with event_log_errors():
            return await stored.read(self.client, stream, {"seq": sequence}, REPLY_SECONDS)

    async def stored_after(self, stream: str, sequence: int, subject: str) -> Stored | None:
        """The first message from `sequence` on with such a subject.  Raises DependencyDown."""
        await self.ensure()
        query = {"seq": sequence, "next_by_subj": subject}
        with event_log_errors():
            return await stored.read(self.client, stream, query, REPLY_SECONDS)

    async def remove(self, stream: str, sequence: int) -> bool:
        """Delete one message from a stream; False if it was gone.  Raises DependencyDown.

        The server overwrites its bytes (`no_erase` is not set).
        """
        await self.ensure()
        with event_log_errors():
            return await stored.remove(self.client, stream, sequence, REPLY_SECONDS)

    async def erase(self, event: Event) -> bool:
        """Remove an event from its stream for good, its bytes overwritten; False if it was gone.

        After the store was replaced its sequence number means another event, which is left alone.

        Raises:
            DependencyDown: the event log does not answer; it may or may not be removed.
        """
        stream = self.topology.stream_of(event.subject)
        if stream is None:
            return False
        there = await self.stored(stream.name, event.stream_sequence)
        if there is None or (there.subject, there.payload) != (event.subject, event.payload):
            return False
        return await self.remove(stream.name, event.stream_sequence)

    async def purge(self, stream: str) -> None:
        """Remove every message of a stream.  Raises DependencyDown."""
        await self.ensure()
        with event_log_errors():
            await self.js.purge_stream(stream)

    async def unsettled(self, durables: Iterable[str]) -> int:
        """Events that these consumers have not settled, delivered or not.  Raises DependencyDown.

        Raises KeyError for a consumer that the topology does not declare.
        """
        streams = {spec.durable: spec.stream for spec in self.topology.consumers}
        await self.ensure()
        with event_log_errors():
            infos = await asyncio.gather(
                *(self.js.consumer_info(streams[durable], durable) for durable in durables)
            )
        return sum((info.num_pending or 0) + (info.num_ack_pending or 0) for info in infos)
