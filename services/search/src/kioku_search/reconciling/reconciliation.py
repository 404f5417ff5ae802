"""Promise: an operator is told, by number and example, where what is is not what should be.

The reconciler (`repair`) mends what users would miss, by itself. This is the view of it, over all
owners, and the way to mend the rest: what can be computed anew is, and orphans go only when asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from kioku_rt.auth.principal import Principal
from kioku_rt.objects.port import ObjectStore

from kioku_search.reconciling.finding import (
    Coverage,
    Finding,
    FindingKind,
    Mended,
    ObjectProgress,
    Sample,
)
from kioku_search.reconciling.object_audit import Claims, ObjectAudit
from kioku_search.reconciling.repair import Round
from kioku_search.spaces.space import KnownSpace

_BY_EVENTS = "work is under way, or their waits are not over; the reconciler goes on"
_NOT_ASKED = "orphans are removed only when that is asked for"
_BACKUP = "only a backup has them"
_REMOVE_TOGETHER = 500
Find = Callable[[int], Awaitable[Finding]]
Mend = Callable[[], Awaitable[int]]


class ReconciliationStore(Protocol):
    """Set differences over all owners, and what mends them; each call is one transaction."""

    async def record(self, principal: Principal, action: str, details: dict[str, str]) -> None:
        """Audit a call, before it reads anything."""

    async def spaces(self) -> list[KnownSpace]:
        """Every space."""

    async def coverage(self, space: KnownSpace) -> list[Coverage]:
        """What should be in a space and what is."""

    async def missing_vectors(
        self, space: KnownSpace, grace: timedelta, samples: int
    ) -> list[Finding]:
        """By kind of asset; empty for a space that need not have every vector."""

    async def orphan_vectors(self, space: KnownSpace, samples: int) -> Finding:
        """Vectors whose asset is gone or being deleted."""

    async def drifted_tags(self, samples: int) -> Finding:
        """Rows of the tags' index, and copies beside vectors, that say something else."""

    async def contradictory_stages(self, samples: int) -> Finding:
        """Stages and frames that contradict the vectors of the active space."""

    async def remove_orphan_vectors(self, older_than: timedelta) -> int:
        """Remove those that were written longer ago; how many."""

    async def mend_tags(self) -> int:
        """Write index and copies anew from the assets; how many rows changed."""

    async def mend_stages(self) -> int:
        """End the stages and frames whose vector is there; how many."""


class Orders(Protocol):
    """The reconciler."""

    async def run_whole(self) -> Round:
        """One round that looks at everything.  Raises DependencyDown."""


@dataclass(frozen=True)
class Repairs:
    """What a repair may do.

    Args:
        objects: compare stored objects too.
        remove_orphans: remove what no row knows.
        grace: how old an orphan must be.
    """

    objects: bool
    remove_orphans: bool
    grace: timedelta


class Reconciliation:
    """Reports and repairs.

    Args:
        claims: what the rows say of the object store.
        grace: how long a stage may be pending before its asset counts as missing; younger objects
            are no orphans.
    """

    def __init__(
        self,
        store: ReconciliationStore,
        claims: Claims,
        objects: ObjectStore,
        orders: Orders,
        grace: timedelta,
    ) -> None:
        self._store = store
        self._claims = claims
        self._objects = objects
        self._orders = orders
        self._grace = grace

    async def report(
        self, principal: Principal, *, objects: bool, samples: int
    ) -> AsyncGenerator[Coverage | Finding | ObjectProgress, None]:
        """Everything that rows can tell, then, if asked, the comparison with the store.

        Args:
            samples: examples of each finding.

        Raises:
            DependencyDown: the database or the object store does not answer.
        """
        await self._store.record(principal, "reconcile.report", {"objects": str(objects)})
        async with aclosing(self.compare(samples)) as parts:
            async for part in parts:
                yield part
        if objects:
            async with aclosing(self._compare_objects(samples)) as found:
                async for one in found:
                    yield one

    async def compare(self, samples: int) -> AsyncGenerator[Coverage | Finding, None]:
        """Rows with rows, in nobody's name; the gauges come from here."""
        for space in await self._store.spaces():
            for row in await self._store.coverage(space):
                yield row
            for missing in await self._store.missing_vectors(space, self._grace, samples):
                yield missing
            yield await self._store.orphan_vectors(space, samples)
        yield await self._store.drifted_tags(samples)
        yield await self._store.contradictory_stages(samples)

    async def _compare_objects(
        self, samples: int
    ) -> AsyncGenerator[Finding | ObjectProgress, None]:
        kinds = (FindingKind.MISSING_OBJECT, FindingKind.ORPHAN_OBJECT)
        counts: Counter[FindingKind] = Counter()
        kept: dict[FindingKind, list[Sample]] = {kind: [] for kind in kinds}
        async with aclosing(self._audit(self._grace).run()) as parts:
            async for part in parts:
                if isinstance(part, ObjectProgress):
                    yield part
                    continue
                counts[part.kind] += 1
                if len(kept[part.kind]) < samples:
                    kept[part.kind].append(part.sample)
        for kind in kinds:
            yield Finding(kind, counts[kind], tuple(kept[kind]))

    async def repair(
        self, principal: Principal, repairs: Repairs
    ) -> AsyncGenerator[Mended | ObjectProgress, None]:
        """Mend what can be mended; what was left says why.

        Raises:
            DependencyDown: the database, the event log or the object store does not answer.
        """
        details = {"objects": str(repairs.objects), "remove": str(repairs.remove_orphans)}
        await self._store.record(principal, "reconcile.repair", details)
        yield await self._mended(
            FindingKind.DRIFTED_TAG, self._store.drifted_tags, self._store.mend_tags
        )
        yield await self._mended(
            FindingKind.CONTRADICTORY_STAGE,
            self._store.contradictory_stages,
            self._store.mend_stages,
        )
        ordered = await self._orders.run_whole()
        left = _BY_EVENTS if ordered.ordered < ordered.missing else ""
        yield Mended(FindingKind.MISSING_VECTOR, ordered.missing, ordered.ordered, left)
        yield await self._orphan_vectors(repairs)
        if repairs.objects:
            async with aclosing(self._repair_objects(repairs)) as parts:
                async for part in parts:
                    yield part

    async def _mended(self, kind: FindingKind, find: Find, mend: Mend) -> Mended:
        """Mend, then look again: what is still wrong needs its vector first."""
        found = (await find(0)).count
        mended = await mend() if found else 0
        left = "they need their vectors first, which are ordered" if (await find(0)).count else ""
        return Mended(kind, found, mended, left)

    async def _orphan_vectors(self, repairs: Repairs) -> Mended:
        kind = FindingKind.ORPHAN_VECTOR
        spaces = await self._store.spaces()
        found = sum([(await self._store.orphan_vectors(one, 0)).count for one in spaces])
        if not repairs.remove_orphans:
            return Mended(kind, found, 0, _NOT_ASKED if found else "")
        removed = await self._store.remove_orphan_vectors(repairs.grace)
        return Mended(kind, found, removed, "the others are too young" if removed < found else "")

    async def _repair_objects(
        self, repairs: Repairs
    ) -> AsyncGenerator[Mended | ObjectProgress, None]:
        missing = orphans = removed = 0
        batch: list[str] = []
        async with aclosing(self._audit(repairs.grace).run()) as parts:
            async for part in parts:
                if isinstance(part, ObjectProgress):
                    yield part
                elif part.kind is FindingKind.MISSING_OBJECT:
                    missing += 1
                else:
                    orphans += 1
                    batch.append(part.sample.object_key)
                if len(batch) == _REMOVE_TOGETHER:
                    removed, batch = removed + await self._remove(batch, repairs), []
        removed += await self._remove(batch, repairs)
        yield Mended(FindingKind.MISSING_OBJECT, missing, 0, _BACKUP if missing else "")
        left = _NOT_ASKED if removed < orphans else ""
        yield Mended(FindingKind.ORPHAN_OBJECT, orphans, removed, left)

    async def _remove(self, keys: Sequence[str], repairs: Repairs) -> int:
        if not repairs.remove_orphans:
            return 0
        await self._objects.delete(keys)
        return len(keys)

    def _audit(self, grace: timedelta) -> ObjectAudit:
        return ObjectAudit(self._claims, self._objects, datetime.now(UTC) - grace)
