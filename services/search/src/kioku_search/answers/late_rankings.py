"""Promise: no first page waits until its ranking is kept, and every later page finds it.

Most first pages are the only ones, so their rankings are written a moment later, many at once.
Whoever turns a page in this process has them written first; in another process it is looked for
again while the ranking is so young that it may just be under way. A process that is killed in that
moment, or a database that is away, loses them, and their tokens have expired.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

import structlog
from kioku_rt.auth.principal import Acting
from kioku_rt.errors import DependencyDown
from kioku_rt.events.delays import sleep_unless

from kioku_search.answers.ranking import Cut, Ranking, Rankings, Standing

log = structlog.get_logger(__name__)
GATHER_SECONDS = 0.05
_BATCH = 100
_MOST = 2_000
"""Where more wait, first pages wait as well: a slow database is not run away from."""
_YOUNG_SECONDS = 5.0
_PATIENCE_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_Found = TypeVar("_Found")


class RankingsInBulk(Rankings, Protocol):
    """Rankings that can be written many at a time."""

    async def keep_all(self, rankings: Sequence[tuple[Acting, Ranking]]) -> None:
        """Keep them.  Raises DependencyDown; then none is kept."""


class LateRankings:
    """Writes behind.  Implements `Rankings`.

    Args:
        store: keeps them for good.
    """

    def __init__(self, store: RankingsInBulk) -> None:
        self._store = store
        self._waiting: dict[UUID, tuple[Acting, Ranking]] = {}
        self._writing: tuple[UUID, ...] = ()
        self._some = asyncio.Event()
        self._turn = asyncio.Lock()

    def unwritten(self, ranking_id: UUID) -> bool:
        """Whether it is kept here, and nowhere else yet."""
        return ranking_id in self._waiting or ranking_id in self._writing

    async def keep(self, acting: Acting, ranking: Ranking, request_id: UUID | None) -> bool:
        """Keep it, at once only where a request id must tell of it in every process."""
        if request_id is not None or len(self._waiting) >= _MOST:
            return await self._store.keep(acting, ranking, request_id)
        self._waiting[ranking.ranking_id] = (acting, ranking)
        self._some.set()
        return True

    async def find_request(self, acting: Acting, request_id: UUID) -> Standing | None:
        """The ranking that a request id made, while it is kept."""
        return await self._store.find_request(acting, request_id)

    async def cut(self, acting: Acting, ranking_id: UUID, after: int, limit: int) -> Cut | None:
        """At most `limit` assets that are still there, after a place; None: it is not kept."""
        return await self._found(
            ranking_id, lambda: self._store.cut(acting, ranking_id, after, limit)
        )

    async def lengthen(self, acting: Acting, standing: Standing, more: Ranking) -> None:
        """Add those of `more` that it does not hold, unless it was lengthened meanwhile."""
        await self._store.lengthen(acting, standing, more)

    async def holding(
        self, acting: Acting, ranking_id: UUID, asset_ids: list[UUID]
    ) -> frozenset[UUID] | None:
        """Which of these assets a ranking holds; None: it is not kept."""
        return await self._found(
            ranking_id, lambda: self._store.holding(acting, ranking_id, asset_ids)
        )

    async def write(self) -> None:
        """Write what waits, and wait for what is being written.

        Raises:
            DependencyDown: the database does not answer.
        """
        async with self._turn:
            while self._waiting:
                self._writing = tuple(self._waiting)[:_BATCH]
                # Not tried again: whether it was written before the connection went, nobody knows.
                batch = [self._waiting.pop(one) for one in self._writing]
                try:
                    await self._store.keep_all(batch)
                finally:
                    self._writing = ()

    async def run(self, stop: asyncio.Event) -> None:
        """Write what comes, until `stop` is set and nothing waits."""
        while await self._come(stop):
            try:
                await self.write()
            except DependencyDown:
                log.warning("rankings.lost")

    async def _come(self, stop: asyncio.Event) -> bool:
        """Wait for some, and a moment for more; False: stopped, and none waits."""
        stopped, some = asyncio.create_task(stop.wait()), asyncio.create_task(self._some.wait())
        try:
            await asyncio.wait({stopped, some}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            some.cancel()
        self._some.clear()
        if await sleep_unless(stop, GATHER_SECONDS):
            return True
        return bool(self._waiting)

    async def _found(
        self, ranking_id: UUID, look: Callable[[], Awaitable[_Found | None]]
    ) -> _Found | None:
        await self.write()
        until = time.monotonic() + _PATIENCE_SECONDS
        while (found := await look()) is None and _is_young(ranking_id):
            if time.monotonic() > until:
                return None
            await asyncio.sleep(_LOOK_SECONDS)
        return found


def _is_young(ranking_id: UUID) -> bool:
    """Whether it was made a moment ago: the id begins with the time (RFC 9562, version 7)."""
    made_at = (ranking_id.int >> 80) / 1000
    return abs(time.time() - made_at) < _YOUNG_SECONDS
