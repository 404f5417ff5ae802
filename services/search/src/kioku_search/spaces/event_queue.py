"""How much work about vectors is under way in the event log.  Implements `Queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.assets.asset import Kind

if TYPE_CHECKING:
    from kioku_rt.events import EventBus

_CONSUMERS = {
    Kind.IMAGE: ("embedder-uploaded", "embedder-requested", "search-embeddings", "search-failures"),
    Kind.VIDEO: (
        "default",
        "frames-requested",
        "siglip",
        "search-frames",
        "search-embeddings",
        "search-failures",
    ),
}


class EventQueue:
    """Counts what the consumers between an upload and its vectors have not settled.

    Args:
        bus: the event log.
    """

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def waiting(self, kind: Kind) -> int:
        """Events, delivered or not, that were not settled yet.  Raises DependencyDown."""
        return await self._bus.unsettled(_CONSUMERS[kind])
