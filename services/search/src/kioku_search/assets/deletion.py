"""Promise: after DeleteAsset nothing shows the asset, and its receipt says when nothing was left.

One transaction hides the asset, removes its vectors, frames and stages, and leaves the tombstone
that every later write of derived data runs into. Each participant then purges what it holds and
confirms; a second sweep of storage runs when no signed URL and no handler can be alive any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.objects.port import ObjectStore
from kioku_rt.reasons import Reason

from kioku_search.assets.asset import Kind, incoming_key, prefixes
from kioku_search.assets.uploads import not_found

PARTICIPANT = "search"


@dataclass(frozen=True)
class Purge:
    """One participant's word that nothing is left with it."""

    participant: str
    confirmed_at: datetime | None
    removed: Mapping[str, int]


@dataclass(frozen=True)
class Deletion:
    """The receipt so far; `completed_at` is set once every participant confirmed."""

    owner: str
    asset_id: UUID
    created_at: datetime
    completed_at: datetime | None
    swept_at: datetime | None
    purges: tuple[Purge, ...]


class DeletionStore(Protocol):
    """The transactions of a deletion."""

    async def order(
        self,
        acting: Acting,
        asset_id: UUID,
        participants: tuple[str, ...],
        sweep_delays: Mapping[Kind, timedelta],
    ) -> Deletion | None:
        """The deletion, begun now or before; None where there is neither asset nor deletion."""

    async def find(self, acting: Acting, asset_id: UUID) -> Deletion | None:
        """The deletion, unless it is another owner's or not there."""

    async def original(self, owner: str, asset_id: UUID) -> str | None:
        """Key of the original (empty: none is known any more); None without a tombstone."""

    async def purged(
        self, event_id: str, owner: str, asset_id: UUID, removed: Mapping[str, int]
    ) -> None:
        """Announce, once for the event, that this service holds nothing any more."""

    async def confirm(
        self,
        event_id: str,
        owner: str,
        asset_id: UUID,
        participant: str,
        removed: Mapping[str, int],
    ) -> bool:
        """Note a participant's word; False if it is not one of this deletion's."""

    async def due_sweeps(self, limit: int) -> list[tuple[str, UUID]]:
        """Deletions whose second sweep is due."""

    async def swept(self, owner: str, asset_id: UUID) -> None:
        """Note that the second sweep is done."""


class Deletions:
    """DeleteAsset, GetDeletion, and what the events of a deletion bring about.

    Args:
        participants: who must confirm; `search` among them.
        sweep_delays: when no signed URL and no handler of today can be alive any more.
    """

    def __init__(
        self,
        store: DeletionStore,
        objects: ObjectStore,
        *,
        participants: tuple[str, ...],
        sweep_delays: Mapping[Kind, timedelta],
    ) -> None:
        self._store = store
        self._objects = objects
        self._participants = participants
        self._sweep_delays = sweep_delays

    async def order(self, acting: Acting, asset_id: UUID) -> Deletion:
        """Hide the asset and begin to remove it.  Raises KiokuError ASSET_NOT_FOUND."""
        deletion = await self._store.order(acting, asset_id, self._participants, self._sweep_delays)
        if deletion is None:
            raise not_found()
        return deletion

    async def get(self, acting: Acting, asset_id: UUID) -> Deletion:
        """The receipt so far.  Raises KiokuError DELETION_NOT_FOUND."""
        deletion = await self._store.find(acting, asset_id)
        if deletion is None:
            raise KiokuError(Reason.DELETION_NOT_FOUND)
        return deletion

    async def purge(self, event_id: str, owner: str, asset_id: UUID) -> bool:
        """Remove the stored objects and announce it; False if no deletion was ever ordered.

        Raises:
            DependencyDown: the database or the object store does not answer.
        """
        original = await self._store.original(owner, asset_id)
        if original is None:
            return False
        removed = await self._remove_objects(owner, asset_id)
        if original:
            await self._objects.delete([original])
        await self._store.purged(event_id, owner, asset_id, {"objects": removed})
        return True

    async def confirm(
        self,
        event_id: str,
        owner: str,
        asset_id: UUID,
        participant: str,
        removed: Mapping[str, int],
    ) -> bool:
        """Note that a participant purged; False if it is not one of this deletion's."""
        return await self._store.confirm(event_id, owner, asset_id, participant, removed)

    async def sweep(self, limit: int = 100) -> int:
        """Remove what was written between the first purge and the last permission's end."""
        due = await self._store.due_sweeps(limit)
        for owner, asset_id in due:
            await self._remove_objects(owner, asset_id)
            await self._store.swept(owner, asset_id)
        return len(due)

    async def _remove_objects(self, owner: str, asset_id: UUID) -> int:
        removed = 0
        for prefix in prefixes(owner, asset_id):
            removed += await self._objects.delete_prefix(prefix)
        # By name as well, here and above: an object store may list a new object late.
        await self._objects.delete([incoming_key(asset_id)])
        return removed
