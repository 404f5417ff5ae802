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

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.jetstream.delivery import Delivery
from kioku_rt.events.jetstream.down import NOT_CONNECTED, event_log_errors
from kioku_rt.events.topology import ConsumerSpec

EXPIRES_SECONDS = 10.0
HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 3.0
SEND_SECONDS = 2.0
_HEARTBEAT, _EMPTY, _EXPIRED = "100", "404", "408"
_NANO = 1_000_000_000


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
        self._numbers = itertools.count(1)
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

    @property
    def idle(self) -> bool:
        """Whether no request is open and nothing has arrived: `next` would ask for more."""
        return self._wanted == 0 and self._arrived.empty()

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
        if self.idle:
            await self._request(batch)
        while True:
            message = await self._next_message()
            if self._broken is not None:
                if message is not None:
                    self._arrived.put_nowait(message)  # for `close` to hand back
                raise self._broken
            if message is None:
                return None
            if message.reply:
                self._wanted = max(0, self._wanted - 1)
                return Delivery(self._bus, message, self._spec.stream, self._born)
            if self._ends_request(message):
                return None

    async def _next_message(self) -> Msg | None:
        """Whatever arrives next; the server says something every second while a request is open.

        The second look is for an event loop that was itself blocked for those seconds.
        """
        for seconds in (SILENCE_SECONDS, HEARTBEAT_SECONDS):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    return await self._arrived.get()
        raise PullEnded("the server is silent", suspect=True)

    async def _request(self, batch: int) -> None:
        self._open = next(self._numbers)
        wish = {
            "batch": batch,
            "expires": int(EXPIRES_SECONDS * _NANO),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * _NANO),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._spec.stream}.{self._spec.durable}"
        reply = f"{self._inbox}.{self._open}"
        with event_log_errors():
            async with asyncio.timeout(SEND_SECONDS):
                await self._bus.client.publish(subject, json.dumps(wish).encode(), reply)
        self._wanted = batch

    def _ends_request(self, status: Msg) -> bool:
        """Whether a status message ends the open request.

        Raises:
            PullEnded: it says that there is no such consumer or stream any more.
        """
        headers = status.headers or {}
        code = headers.get("Status", "")
        if code == _HEARTBEAT or not status.subject.endswith(f".{self._open}"):
            return False
        self._wanted = 0
        if code in (_EMPTY, _EXPIRED):
            return True
        raise PullEnded(f"{code} {headers.get('Description', '')}".strip(), suspect=True)

    async def close(self) -> list[Delivery]:
        """Unsubscribe; the deliveries that had arrived and were not taken.

        The server has seen the end of the subscription before this returns, so nothing is sent
        into the void (unless the connection is down, when nothing is sent at all).
        """
        self._forget_loss()
        if self._subscription is not None:
            await self._unsubscribe(self._subscription)
        left = []
        while not self._arrived.empty():
            message = self._arrived.get_nowait()
            if message is not None and message.reply:
                left.append(Delivery(self._bus, message, self._spec.stream, self._born))
        return left

    async def _unsubscribe(self, subscription: Subscription) -> None:
        client = self._bus.client
        with suppress(*NOT_CONNECTED):
            async with asyncio.timeout(SEND_SECONDS):
                if client.is_connected:
                    await subscription.drain()  # type: ignore[no-untyped-call]
                    return
        # A drain that failed, or was not possible, would leave the subscription behind: its task,
        # and its renewal at every reconnect.
        client._remove_sub(subscription._id)
        subscription._stop_processing()
