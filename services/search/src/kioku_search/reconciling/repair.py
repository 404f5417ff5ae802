"""Promise: what should have a vector and has none is found by set difference, and ordered again.

It trusts nothing but the tables, so it mends whatever was lost on the way: an event, a whole event
store, a partition. It orders only when nothing is under way any more; a long queue is no hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from kioku_search.assets.asset import Kind
from kioku_search.spaces.space import IMAGE, Share, Spaces, share_of


@dataclass(frozen=True)
class RepairRules:
    """How eager repairs are.

    Args:
        grace: how long a stage may be pending before its asset counts as missing.
        longest: the longest wait between two repairs of one asset; waits double up to it.
        batch: repairs of each kind of asset in one round.
        every_nth: each so manieth round looks at READY assets too, not only at unfinished ones.
    """

    grace: timedelta
    longest: timedelta
    batch: int
    every_nth: int


@dataclass(frozen=True)
class Round:
    """What one round of repairs found: assets without a vector, and how many it ordered."""

    missing: int
    ordered: int


@dataclass(frozen=True)
class Hole:
    """Where to look: assets of a kind, of the owners that a space serves (empty: none yet)."""

    kind: Kind
    space_id: str
    owners: Share
    everything: bool


class RepairStore(Protocol):
    """Set difference and orders."""

    async def missing(self, hole: Hole, grace: timedelta) -> int:
        """Assets that should have a vector in the space for longer than `grace` and have none."""

    async def order(self, hole: Hole, rules: RepairRules) -> int:
        """Order vectors for the next of them; how many."""

    async def unsent(self) -> bool:
        """Whether an event still waits in the outbox."""

    async def in_backfill(self) -> int:
        """Vectors that back-fills ordered and that did not come yet."""


class Queue(Protocol):
    """How much work is under way."""

    async def waiting(self, kind: Kind) -> int:
        """Events on the way of such assets that were not settled yet.  Raises DependencyDown."""


class Reconciler:
    """Compares what should be there with what is, and orders the difference."""

    def __init__(
        self, store: RepairStore, spaces: Spaces, queue: Queue, rules: RepairRules
    ) -> None:
        self._store = store
        self._spaces = spaces
        self._queue = queue
        self._rules = rules
        self._rounds = 0

    async def run_once(self) -> Round:
        """One round.

        Raises:
            DependencyDown: the database or the event log does not answer.
        """
        everything = self._rounds % self._rules.every_nth == 0
        self._rounds += 1
        return await self._round(everything=everything)

    async def run_whole(self) -> Round:
        """One round that looks at READY assets too, whenever it is asked for.

        Raises:
            DependencyDown: the database or the event log does not answer.
        """
        return await self._round(everything=True)

    async def _round(self, *, everything: bool) -> Round:
        calm = not await self._store.unsent()
        rounds = [
            await self._mend(Hole(kind, space_id, owners, everything), calm=calm)
            for space_id, owners in (await self._serving()).items()
            for kind in Kind
        ]
        return Round(sum(one.missing for one in rounds), sum(one.ordered for one in rounds))

    async def _mend(self, hole: Hole, *, calm: bool) -> Round:
        """One kind's round: pictures are mended although nobody cuts videos, and the other way."""
        missing = await self._store.missing(hole, self._rules.grace)
        if not missing or not calm or await self._busy(hole.kind):
            return Round(missing, 0)
        return Round(missing, await self._store.order(hole, self._rules))

    async def _busy(self, kind: Kind) -> bool:
        """Whether more is under way than back-fills have ordered."""
        return await self._queue.waiting(kind) > await self._store.in_backfill()

    async def _serving(self) -> dict[str, Share]:
        """The spaces in which pictures are searched, and the owners of each.

        What the other live spaces lack is ordered by their back-fills.
        """
        known = await self._spaces.known()
        pictures = [space_id for space_id, one in known.items() if one.space.kind == IMAGE]
        shares = {space_id: share_of(space_id, known) for space_id in pictures}
        found = {space_id: share for space_id, share in shares.items() if share is not None}
        return found or {"": Share()}  # then the embedder chooses
