"""A delivery is settled on the store it came from, confirmed by the server, or not at all."""

from __future__ import annotations

import json
from datetime import datetime

import structlog
from nats.aio.msg import Msg

from kioku_rt.errors import DependencyDown
from kioku_rt.events.headers import event_id
from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.jetstream.down import event_log_errors
from kioku_rt.events.outcome import Event

CONFIRM_SECONDS = 1.0
CONFIRM_TRIES = 2
_NANO = 1_000_000_000

log = structlog.get_logger(__name__)


class Delivery:
    """One delivered event and the ways to settle it. Settling twice has no second effect.

    After the store was replaced its sequence number means another event, so settling it then does
    nothing (an acknowledgement that was meant for the old event would swallow the new one).

    Args:
        bus: it came by.
        message: as it arrived.
        stream: it came from.
        born: when that stream was made.
    """

    def __init__(self, bus: EventBus, message: Msg, stream: str, born: datetime) -> None:
        self._bus = bus
        self._reply = message.reply
        self._stream = stream
        self._born = born
        metadata = message.metadata
        headers = dict(message.headers or {})
        self.event = Event(
            id=event_id(headers, stream, metadata.sequence.stream),
            subject=message.subject,
            payload=message.data,
            attempt=metadata.num_delivered,
            headers=headers,
            stream_sequence=metadata.sequence.stream,
        )

    async def ack(self) -> None:
        """Done.  Raises DependencyDown when that is not confirmed."""
        await self._settle(b"+ACK")

    async def term(self) -> None:
        """Never deliver it again.  Raises DependencyDown when that is not confirmed."""
        await self._settle(b"+TERM")

    async def nak(self, delay: float = 0.0) -> None:
        """Deliver it again after `delay` seconds.  Raises DependencyDown when not confirmed."""
        wish = b" " + json.dumps({"delay": int(delay * _NANO)}).encode() if delay > 0 else b""
        await self._settle(b"-NAK" + wish)

    async def in_progress(self) -> None:
        """Start its ack_wait anew.  Raises DependencyDown."""
        if await self._of_this_store():
            with event_log_errors():
                await self._bus.client.publish(self._reply, b"+WPI")

    async def _of_this_store(self) -> bool:
        return await self._bus.stream_created(self._stream) == self._born

    async def _settle(self, verdict: bytes) -> None:
        """Send until confirmed.

        A server that answers everything else but not this does not know the delivery any more: it
        restarted, or has given the event to somebody else. Then there is nothing to settle.
        """
        if not await self._of_this_store():
            log.warning("events.delivery_of_lost_store", event_id=self.event.id)
            return
        for _ in range(CONFIRM_TRIES):
            if await self._confirmed(verdict):
                return
            await self._bus.health()
        log.info("events.delivery_unknown", event_id=self.event.id)

    async def _confirmed(self, verdict: bytes) -> bool:
        try:
            with event_log_errors():
                await self._bus.client.request(self._reply, verdict, timeout=CONFIRM_SECONDS)
        except DependencyDown as down:
            if isinstance(down.__cause__, TimeoutError):
                return False
            raise
        return True
