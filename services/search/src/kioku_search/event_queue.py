"""How much work about vectors is under way in the event log.  Implements `Queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.events.jetstream.down import event_log_errors

if TYPE_CHECKING:
    from kioku_rt.events import EventBus

_STREAM = "KIOKU"
_CONSUMERS = ("embedder-uploaded", "embedder-requested", "search-embeddings", "search-failures")


class EventQueue:
    """Counts what the consumers between an upload and its vector have not settled.

    Args:
        bus: the event log.
    """

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def waiting(self) -> int:
        """Events delivered or not that were not settled yet.  Raises DependencyDown."""
        await self._bus.ensure()
        total = 0
        with event_log_errors():
            log = self._bus.client.jetstream(timeout=2.0)
            for durable in _CONSUMERS:
                info = await log.consumer_info(_STREAM, durable)
                total += (info.num_pending or 0) + (info.num_ack_pending or 0)
        return total
