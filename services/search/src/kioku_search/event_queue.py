"""How much work about vectors is under way in the event log.  Implements `Queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kioku_rt.events import EventBus

_CONSUMERS = (
    "embedder-uploaded",
    "embedder-requested",
    "default",
    "frames-requested",
    "siglip",
    "search-frames",
    "search-embeddings",
    "search-failures",
)


class EventQueue:
    """Counts what the consumers between an upload and its vector have not settled.

    Args:
        bus: the event log.
    """

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def waiting(self) -> int:
        """Events, delivered or not, that were not settled yet.  Raises DependencyDown."""
        return await self._bus.unsettled(_CONSUMERS)
