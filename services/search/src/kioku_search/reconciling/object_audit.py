"""Promise: rows and stored objects are compared in one pass and in little memory.

Both sides come in the order of their keys (by code point, which is also the order of UTF-8's bytes
and of S3's listings), so this is a merge join. Beside exact keys a live asset owns prefixes:
everything under `derived/…/<asset>/` belongs to it, manifests and older cuttings too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kioku_rt.objects.port import ListedObject, ObjectStore

from kioku_search.reconciling.finding import FindingKind, ObjectProgress, Sample

PREFIXES = ("derived/", "originals/")
"""What is compared, in order; `incoming/` has its own housekeeping."""
_EACH = 10_000


@dataclass(frozen=True, slots=True)
class Claim:
    """What a row says of the store: an object under `key`, or, of a prefix, all that is there."""

    key: str
    prefix: bool
    owner: str
    asset_id: str
    frame_no: int | None = None


class Claims(Protocol):
    """What the rows say."""

    def in_order(self) -> AsyncGenerator[Claim, None]:
        """Every claim, ordered by key; a prefix comes before what it covers."""

    async def still(self, claim: Claim) -> bool:
        """Whether a row says so now."""


@dataclass(frozen=True, slots=True)
class Odd:
    """One disagreement."""

    kind: FindingKind
    sample: Sample


class ObjectAudit:
    """Compares the claims with a bucket.

    Args:
        older_than: younger objects are no orphans: their row may be on its way.
    """

    def __init__(self, claims: Claims, objects: ObjectStore, older_than: datetime) -> None:
        self._claims = claims
        self._objects = objects
        self._older_than = older_than

    async def run(self) -> AsyncGenerator[Odd | ObjectProgress, None]:
        """Every disagreement as it is met, and how far it is.

        Raises:
            DependencyDown: the database or the object store does not answer.
        """
        met = _Met(self._older_than)
        async with aclosing(_merged(self._claims.in_order(), self._listing())) as items:
            async for item in items:
                for claim in met.unmet_before(item):
                    if (odd := await self._missing(claim)) is not None:
                        yield odd
                if isinstance(item, Claim):
                    met.claim(item)
                elif isinstance(item, ListedObject) and met.is_orphan(item):
                    yield _orphan(item)
                if item is None or met.reports(item):
                    yield ObjectProgress(met.listed, item.key if item else "")

    async def _listing(self) -> AsyncGenerator[ListedObject, None]:
        for prefix in PREFIXES:
            after = ""
            while page := await self._objects.list_page(prefix, after=after):
                for one in page:
                    yield one
                after = page[-1].key

    async def _missing(self, claim: Claim) -> Odd | None:
        """Asked again: a store may list a new object late, and a row may have gone meanwhile."""
        if await self._objects.head(claim.key) is not None or not await self._claims.still(claim):
            return None
        sample = Sample(claim.owner, claim.asset_id, claim.frame_no, claim.key, "not in the store")
        return Odd(FindingKind.MISSING_OBJECT, sample)


class _Met:
    """What the pass has seen so far: the claims of one key, and the prefix that is covered now."""

    def __init__(self, older_than: datetime) -> None:
        self._older_than = older_than
        self._open: list[Claim] = []
        self._covered = "\0"
        self.listed = 0

    def unmet_before(self, item: Claim | ListedObject | None) -> list[Claim]:
        """Claims that no object can meet any more, now that `item` is next."""
        if not self._open or (item is not None and item.key == self._open[0].key):
            return []
        unmet, self._open = self._open, []
        return unmet

    def claim(self, claim: Claim) -> None:
        """Note what a row says."""
        if claim.prefix:
            self._covered = claim.key
        else:
            self._open.append(claim)

    def reports(self, item: Claim | ListedObject) -> bool:
        """Whether it is time to say how far this is."""
        return isinstance(item, ListedObject) and self.listed % _EACH == 0

    def is_orphan(self, stored: ListedObject) -> bool:
        """Whether no row knows the object, and it is not new."""
        self.listed += 1
        claimed, self._open = bool(self._open), []
        covered = claimed or stored.key.startswith(self._covered)
        return not covered and stored.modified < self._older_than


async def _merged(
    claims: AsyncGenerator[Claim, None], listing: AsyncGenerator[ListedObject, None]
) -> AsyncGenerator[Claim | ListedObject | None, None]:
    """Both in order of their keys, of equal keys the claims first; None when that was all."""
    async with aclosing(claims), aclosing(listing):
        claim, stored = await anext(claims, None), await anext(listing, None)
        while claim is not None or stored is not None:
            if claim is not None and (stored is None or claim.key <= stored.key):
                yield claim
                claim = await anext(claims, None)
            elif stored is not None:
                yield stored
                stored = await anext(listing, None)
        yield None


def _orphan(stored: ListedObject) -> Odd:
    """An object that nobody knows; its key says of which asset it was."""
    parts = stored.key.split("/")
    asset_id = parts[2] if len(parts) > 3 else ""
    detail = f"{stored.size} bytes of {stored.modified:%Y-%m-%d %H:%M} UTC"
    sample = Sample(asset_id=asset_id, object_key=stored.key, detail=detail)
    return Odd(FindingKind.ORPHAN_OBJECT, sample)
