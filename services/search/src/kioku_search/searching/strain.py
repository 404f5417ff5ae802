"""Promise: work that can wait is told when searches have become slow, so that they come first."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from kioku_rt.auth.principal import Acting

    from kioku_search.searching.search import Floats, Neighbour, Neighbours, Probe

WINDOW_SECONDS = 3.0
LEAST = 5
"""Fewer searches than these in the window say nothing."""
SHARE = 0.1
_MOST = 4096


class Strain:
    """Whether searches of this process are slow at the moment.

    They are while more than one in ten of those that ended within the last three seconds, or did
    not end yet, took longer than the limit in the database, the wait for a connection included.

    Args:
        limit_ms: milliseconds; 0: they never are.
        clock: seconds, monotonic.
    """

    def __init__(self, limit_ms: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit_ms
        self._clock = clock
        self._ended: deque[tuple[float, bool]] = deque(maxlen=_MOST)
        self._running: dict[object, float] = {}

    @contextmanager
    def searching(self) -> Iterator[None]:
        """One search, however it ends."""
        search, began = object(), self._clock()
        self._running[search] = began
        try:
            yield
        finally:
            del self._running[search]
            now = self._clock()
            self._ended.append((now, self._late(now - began)))

    @property
    def slow(self) -> bool:
        """Whether work that can wait should."""
        if not self._limit:
            return False
        now = self._clock()
        while self._ended and self._ended[0][0] < now - WINDOW_SECONDS:
            self._ended.popleft()
        late = [late for _, late in self._ended]
        late += [True for began in self._running.values() if self._late(now - began)]
        return len(late) >= LEAST and sum(late) > SHARE * len(late)

    def _late(self, seconds: float) -> bool:
        return seconds * 1e3 > self._limit


class TimedNeighbours:
    """Neighbours whose searches are noted.  Implements `Neighbours`.

    Args:
        neighbours: finds.
        strain: is told how long it took.
    """

    def __init__(self, neighbours: Neighbours, strain: Strain) -> None:
        self._neighbours = neighbours
        self._strain = strain

    async def nearest(self, acting: Acting, probe: Probe, limit: int) -> list[Neighbour]:
        """At most `limit` neighbours, nearest first, ties by asset id."""
        with self._strain.searching():
            return await self._neighbours.nearest(acting, probe, limit)

    async def check_searchable(self, acting: Acting, asset_id: UUID, space_id: str) -> None:
        """Say why an asset has no neighbours.  Raises KiokuError if there is a reason."""
        await self._neighbours.check_searchable(acting, asset_id, space_id)

    async def mean_vector(self, acting: Acting, asset_id: UUID, space_id: str) -> Floats | None:
        """The vector of an asset, of a video the mean of its frames; None if it has none."""
        return await self._neighbours.mean_vector(acting, asset_id, space_id)
