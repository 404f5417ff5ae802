"""Promise: some time after an erasure no byte of the erased vectors is left in the tables' files.

A DELETE, and a VACUUM after it, leave the bytes where they were: in free space of the heap's pages
and in nodes of the graph. So each partition of faces is rewritten, and old files are removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)


class ErasureStore(Protocol):
    """Erasures whose bytes may still be there."""

    async def open(self) -> list[int]:
        """Their tickets."""

    async def close(self, tickets: Sequence[int]) -> None:
        """Note that nothing is left of these."""

    async def oldest_seconds(self) -> float:
        """How long the oldest waits; 0: none does."""

    async def face_spaces(self) -> list[str]:
        """Every space of faces that is not retired."""


class Scrubber(Protocol):
    """Somebody with the right to rewrite tables."""

    async def rewrite(self, space_id: str) -> bool:
        """Write the vectors of a space anew; False if something deleted had to be kept, or if its
        index is being worked on: then it has to be done once more."""


class Scrubbing:
    """The job that finishes erasures."""

    def __init__(self, store: ErasureStore, scrubber: Scrubber) -> None:
        self._store = store
        self._scrubber = scrubber

    async def run_once(self) -> int:
        """Rewrite what held erased vectors; how many erasures are finished by it.

        Raises:
            DependencyDown: the database does not answer, or its tables were never free.
        """
        tickets = await self._store.open()
        if not tickets:
            return 0
        spaces = await self._store.face_spaces()
        done = [await self._scrubber.rewrite(space_id) for space_id in spaces]
        if not all(done):
            log.info("scrub.again", erasures=len(tickets))
            return 0
        await self._store.close(tickets)
        log.info("scrub.done", erasures=len(tickets))
        return len(tickets)
