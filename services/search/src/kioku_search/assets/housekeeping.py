"""What uploads leave behind is removed, whether they ended well or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kioku_rt.objects.port import ObjectStore

from kioku_search.assets.asset import incoming_key


class UploadLeftovers(Protocol):
    """Uploads that ended, well or not."""

    async def give_up(self, limit: int) -> int:
        """FAILED with UPLOAD_EXPIRED, for uploads that were never completed; how many."""

    async def uncleared(self, older_than: timedelta, limit: int) -> list[tuple[str, UUID]]:
        """Assets whose bytes under `incoming/` no signed URL can bring back any more."""

    async def cleared(self, assets: Sequence[tuple[str, UUID]]) -> None:
        """Remember that nothing is left there."""

    async def forget_processed(self) -> int:
        """Drop records of events that the event log has forgotten too; how many."""


class Leftovers:
    """Removes what uploads leave behind.

    Args:
        url_lifetime: after it, no signed URL can write under `incoming/`.
    """

    def __init__(
        self, store: UploadLeftovers, objects: ObjectStore, url_lifetime: timedelta
    ) -> None:
        self._store = store
        self._objects = objects
        self._url_lifetime = url_lifetime

    async def clear(self, limit: int = 100) -> int:
        """Give up what was never completed, then remove what is left under `incoming/`."""
        given_up = await self._store.give_up(limit)
        over = await self._store.uncleared(self._url_lifetime, limit)
        await self._objects.delete([incoming_key(asset_id) for _, asset_id in over])
        await self._store.cleared(over)
        await self._store.forget_processed()
        return given_up
