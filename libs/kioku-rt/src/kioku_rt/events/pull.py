"""A pull subscription that loses no delivery: not by cancellation, not at its end.

nats-py's own `fetch` keeps an orphan request on the server when it is cancelled and takes a deleted
consumer for an empty one. This one speaks the pull protocol itself (ADR-13 and ADR-37 of
nats-io/nats-architecture-and-design): one request open at a time, each with its own reply subject,
heartbeats from the server, and an end that hands back whatever arrived and was not begun.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import suppress
from datetime import datetime

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kioku_rt.events.bus import EVENT_ID, ID_HEADER, EventBus, event_log_errors
from kioku_rt.events.outcome import Event
from kioku_rt.events.topology import ConsumerSpec

EXPIRES_SECONDS = 10.0
HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 3.0
DRAIN_SECONDS = 2.0
CONFIRM_SECONDS = 1.0
_HEARTBEAT, _EMPTY, _EXPIRED = "100", "404", "408"
_NANO = 1_000_000_000

log = structlog.get_logger(__name__)


class Delivery:
    """One delivered event and the ways to settle it; each is sent at most once with effect.

    A delivery belongs to the store it came from: after the store was replaced its sequence means
    another event, so settling it does nothing.
    """

    def __init__(self, bus: EventBus, message: Msg, stream: str, born: datetime) -> None:
        self._bus = bus
        self._message = message
        self._stream = stream
        self._born = born
        metadata = message.metadata
        headers = dict(message.headers or {})
        sequence = metadata.sequence.stream
        own_id = headers.get(EVENT_ID) or headers.get(ID_HEADER)
        self.event = Event(
            id=own_id or f"{stream}-{born:%Y%m%d%H%M%S}-{sequence}",
            subject=message.subject,
            payload=message.data,
            attempt=metadata.num_delivered,
            headers=headers,
            stream_sequence=sequence,
        )

    async def ack(self) -> None:
        """Done; returns when the server has confirmed.  Raises DependencyDown."""
        await self._settle(b"+ACK")

    async def term(self) -> None:
        """Never deliver it again; returns when the server has confirmed.  Raises DependencyDown."""
        await self._settle(b"+TERM")

    async def nak(self, delay: float = 0.0) -> None:
        """Deliver it again after `delay` seconds.  Raises DependencyDown."""
        wish = b" " + json.dumps({"delay": int(delay * _NANO)}).encode() if delay > 0 else b""
        await self._settle(b"-NAK" + wish)

    async def in_progress(self) -> None:
        """Start its ack_wait anew.  Raises DependencyDown."""
        if await self._of_this_store():
            with event_log_errors():
                await self._bus.client.publish(self._message.reply, b"+WPI")

    async def _of_this_store(self) -> bool:
        return await self._bus.stream_created(self._stream) == self._born

    async def _settle(self, verdict: bytes) -> None:
        if not await self._of_this_store():
            log.warning("event belongs to a store that is gone", event_id=self.event.id)
            return
        with event_log_errors():
            await self._bus.client.request(self._message.reply, verdict, CONFIRM_SECONDS)


class PullEnded(Exception):
    """The pull is over.

    Attributes:
        suspect: the consumer or the stream seems to be gone, so the topology is to be doubted;
            otherwise the bus has noticed by itself.
    """

    def __init__(self, why: str, *, suspect: bool) -> None:
        self.suspect = suspect
        super().__init__(why)


class Pull:
    """The open subscription of one worker to one durable consumer; made by `open`."""

    def __init__(self, bus: EventBus, spec: ConsumerSpec, born: datetime) -> None:
        self._bus = bus
        self._spec = spec
        self._born = born
        self._inbox = bus.client.new_inbox()
        self._arrived: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._subscription: Subscription | None = None
        self._requests = itertools.count(1)
        self._open = 0
        self._wanted = 0
        self._broken: PullEnded | None = None
        self._forget_loss = bus.on_loss(self._lost)

    @classmethod
    async def open(cls, bus: EventBus, spec: ConsumerSpec) -> Pull:
        """Subscribe.

        Raises:
            DependencyDown: the event log does not answer.
        """
        pull = cls(bus, spec, await bus.stream_created(spec.stream))
        with event_log_errors():
            pull._subscription = await bus.client.subscribe(f"{pull._inbox}.*", cb=pull._arrive)
        return pull

    async def _arrive(self, message: Msg) -> None:
        self._arrived.put_nowait(message)

    def _lost(self) -> None:
        self._broken = PullEnded("connection or topology lost", suspect=False)
        self.interrupt()

    def interrupt(self) -> None:
        """Let a waiting `next` return None now."""
        self._arrived.put_nowait(None)

    async def next(self, batch: int) -> Delivery | None:
        """The next delivery; None after the request ended empty, or after `interrupt`.

        Opens a request for `batch` events when none is open. Safe to cancel: a delivery that has
        arrived stays for the next call.

        Raises:
            PullEnded: the consumer, the stream or the connection is gone.
            DependencyDown: the request could not be sent.
        """
        if self._wanted == 0 and self._arrived.empty():
            await self._request(batch)
        while True:
            if self._broken is not None:
                raise self._broken
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    message = await self._arrived.get()
            except TimeoutError:
                raise PullEnded("the server is silent", suspect=True) from None
            if message is None:
                return None
            if message.reply:
                self._wanted = max(0, self._wanted - 1)
                return Delivery(self._bus, message, self._spec.stream, self._born)
            if self._status(message):
                return None

    async def _request(self, batch: int) -> None:
        self._open = next(self._requests)
        wish = {
            "batch": batch,
            "expires": int(EXPIRES_SECONDS * _NANO),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * _NANO),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._spec.stream}.{self._spec.durable}"
        with event_log_errors():
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._bus.client.publish(
                    subject, json.dumps(wish).encode(), f"{self._inbox}.{self._open}"
                )
        self._wanted = batch

    def _status(self, message: Msg) -> bool:
        """Take note of a status message; whether it ends the open request."""
        headers = message.headers or {}
        status = headers.get("Status", "")
        if status == _HEARTBEAT or not message.subject.endswith(f".{self._open}"):
            return False
        self._wanted = 0
        if status not in (_EMPTY, _EXPIRED):
            raise PullEnded(f"{status} {headers.get('Description', '')}".strip(), suspect=True)
        return True

    async def close(self) -> list[Delivery]:
        """Unsubscribe; the deliveries that had arrived and were not taken.

        The server has seen the end of the subscription before this returns, so nothing is sent
        into the void (unless the connection is down, when nothing is sent at all).
        """
        self._forget_loss()
        if self._subscription is not None:
            with suppress(nats.errors.Error, TimeoutError, OSError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._subscription.drain()  # type: ignore[no-untyped-call]
        left = []
        while not self._arrived.empty():
            message = self._arrived.get_nowait()
            if message is not None and message.reply:
                left.append(Delivery(self._bus, message, self._spec.stream, self._born))
        return left
