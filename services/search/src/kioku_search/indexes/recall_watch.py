"""Promise: a share of searches is run again, exactly, after they were answered and never before.

Few wait, the newest goes first and the oldest is dropped, so that what is told is of now. One
search is repeated at a time, in its owner's name, and the watch then rests so long that it takes at
most a tenth of one connection's time. What was asked is forgotten; only numbers stay.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import structlog
from kioku_rt.auth.principal import Acting
from kioku_rt.errors import DependencyDown
from kioku_rt.events.delays import sleep_unless

from kioku_search.indexes.index import IndexMethod, SpaceIndex
from kioku_search.indexes.recall import Effort, Recall, Sample, next_effort, recall_of, tied_recall
from kioku_search.searching.route import EXACT
from kioku_search.searching.search import Floats, Neighbour, Neighbours, Probe, Wanted

log = structlog.get_logger(__name__)
_MOST_REST_SECONDS = 60.0
_AGAIN_SECONDS = 5.0
_IDLE_SECONDS = 0.25


@dataclass(frozen=True)
class RecallRules:
    """How much is watched, and what for.

    Attributes:
        share: of searches that an index answered, 0 to 1.
        target: mean recall that efforts are kept for; 0: they stay as they are.
        waiting: searches that may wait to be repeated.
        duty: share of one connection's time that repeating may take.
        ef_search: of this process, where a space says nothing else.
    """

    share: float = 0.01
    target: float = 0.98
    waiting: int = 16
    duty: float = 0.1
    ef_search: int = 200


class Exact(Protocol):
    """Compares with everything the owner has."""

    async def distances(self, acting: Acting, probe: Probe, limit: int) -> list[float]:
        """Distances of the `limit` nearest, nearest first.  Raises DependencyDown."""


class Samples(Protocol):
    """What was measured, by space, the same for all processes."""

    async def add(self, sample: Sample) -> None:
        """Keep it, and let go of what is older than the window."""

    async def of_effort(self, space_id: str, effort: int) -> list[float]:
        """Recalls of the window since that effort is in use; large pages take more than it."""

    async def windows(self) -> Mapping[str, list[float]]:
        """Recalls of each space's window."""


class Efforts(Protocol):
    """Indexes and their efforts, the same for all processes."""

    async def find(self, space_id: str) -> SpaceIndex | None:
        """The index of a space."""

    async def all(self) -> list[SpaceIndex]:
        """Indexes of all spaces that are not retired."""

    async def set_effort(self, index: SpaceIndex, effort: Effort) -> bool:
        """Change the effort unless somebody else did since `index` was read; whether it was."""

    async def set_recall(self, space_id: str, mean: float | None) -> None:
        """What answers tell of it."""


@dataclass(frozen=True)
class _Asked:
    acting: Acting
    probe: Probe
    k: int
    effort: int
    distances: tuple[float, ...]
    answered_at: datetime


Outcome = Callable[[str], None]


class RecallWatch:
    """Keeps the recall of every space's index known, and its effort right."""

    def __init__(
        self,
        exact: Exact,
        samples: Samples,
        efforts: Efforts,
        rules: RecallRules,
        *,
        outcome: Outcome = lambda _name: None,
    ) -> None:
        self._exact = exact
        self._samples = samples
        self._efforts = efforts
        self._rules = rules
        self._outcome = outcome
        self._waiting: deque[_Asked] = deque()

    def saw(self, acting: Acting, probe: Probe, limit: int, found: Sequence[Neighbour]) -> None:
        """Look at an answer and perhaps keep it for later; never waits, never raises."""
        if not found or found[0].strategy == EXACT or probe.after is not None:
            return
        if random.random() >= self._rules.share:
            return
        if len(self._waiting) >= self._rules.waiting:
            self._waiting.popleft()
            self._outcome("dropped")
        k = max(1, limit - 1)  # one more is asked for, to know whether there is a next page
        distances = tuple(hit.distance for hit in found[:k])
        now = datetime.now(UTC)
        self._waiting.append(_Asked(acting, probe, k, found[0].effort, distances, now))

    async def run(self, stop: asyncio.Event) -> None:
        """Repeat what waits, one at a time, until `stop` is set."""
        rest = 0.0
        while await sleep_unless(stop, rest):
            rest = await self.repeat_one()

    async def repeat_one(self) -> float:
        """Run the newest that waits a second time, if one does; seconds to rest."""
        if not self._waiting:
            return _IDLE_SECONDS
        asked = self._waiting.pop()
        started = time.monotonic()
        try:
            true = await self._exact.distances(asked.acting, asked.probe, asked.k)
            took = time.monotonic() - started
            recall = tied_recall(asked.distances, true, asked.k)
            await self._samples.add(_sample(asked, recall))
            await self._adapt(asked.probe.space.space_id)
        except DependencyDown:
            self._outcome("failed")
            return _AGAIN_SECONDS
        self._outcome("measured")
        return min(_MOST_REST_SECONDS, took * (1 / self._rules.duty - 1))

    async def _adapt(self, space_id: str) -> None:
        index = await self._efforts.find(space_id)
        if index is None or index.parameters.method is IndexMethod.NONE:
            return
        now = index.effort_or(self._rules.ef_search)
        effort = Effort(now, index.least_effort, index.most_effort, index.missed_effort)
        recall = recall_of(await self._samples.of_effort(space_id, now))
        if recall is not None:
            await self._efforts.set_recall(space_id, recall.mean)
        wanted = next_effort(effort, recall, self._rules.target)
        if wanted != effort and await self._efforts.set_effort(index, wanted):
            log.info("recall.effort", space=space_id, before=now, after=wanted.now)

    async def told(self) -> dict[str, tuple[Recall | None, int]]:
        """Of each space's index: recall of late and the effort in use."""
        windows = await self._samples.windows()
        return {
            index.space_id: (
                recall_of(windows.get(index.space_id, [])),
                index.effort_or(self._rules.ef_search),
            )
            for index in await self._efforts.all()
            if index.parameters.method is not IndexMethod.NONE
        }


def _sample(asked: _Asked, recall: float) -> Sample:
    filtered = asked.probe.wanted != Wanted()
    space_id = asked.probe.space.space_id
    return Sample(space_id, asked.effort, asked.k, filtered, recall, asked.answered_at)


class WatchedNeighbours:
    """Neighbours whose answers the watch sees.  Implements `Neighbours`."""

    def __init__(self, inner: Neighbours, watch: RecallWatch) -> None:
        self._inner = inner
        self._watch = watch

    async def nearest(self, acting: Acting, probe: Probe, limit: int) -> list[Neighbour]:
        """What the inner one says."""
        found = await self._inner.nearest(acting, probe, limit)
        self._watch.saw(acting, probe, limit, found)
        return found

    async def check_searchable(self, acting: Acting, asset_id: UUID, space_id: str) -> None:
        """What the inner one says."""
        await self._inner.check_searchable(acting, asset_id, space_id)

    async def mean_vector(self, acting: Acting, asset_id: UUID, space_id: str) -> Floats | None:
        """What the inner one says."""
        return await self._inner.mean_vector(acting, asset_id, space_id)
