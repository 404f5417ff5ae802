"""Jobs that nobody waits for: each is idempotent, so any number of processes may run them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog
from kioku_rt.errors import DependencyDown
from kioku_rt.objects.port import ObjectStore

from kioku_search.asset import incoming_key

log = structlog.get_logger(__name__)


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


@dataclass(frozen=True)
class Job:
    """Something to do every so many seconds."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]

    async def run(self, stop: asyncio.Event) -> None:
        """Do it until `stop` is set; a dependency that is down costs one round."""
        while not stop.is_set():
            try:
                await self.work()
            except DependencyDown as down:
                log.warning("job.waits", job=self.name, dependency=down.dependency)
            try:
                async with asyncio.timeout(self.seconds):
                    await stop.wait()
            except TimeoutError:
                continue
