"""Promise: what was deleted stays deleted, also in a database that was restored from before.

It is the deletion of every day, ordered once more in the name of each owner: hidden, vectors gone,
tombstone, receipt, `asset.deleted` for every participant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting, Principal

from kioku_search.assets.asset import Kind
from kioku_search.assets.deletion import DeletionStore

_RESTORE = Principal("kioku-restore", True, frozenset(), "restore")
_TOGETHER = 1000


class Dead(NamedTuple):
    """One asset that was deleted."""

    owner: str
    asset_id: UUID


class Living(Protocol):
    """Who is alive all the same."""

    async def among(self, dead: Sequence[Dead]) -> list[Dead]:
        """Those of them that the database shows as living assets."""


class Burial:
    """Replays deletions.

    Args:
        participants, sweep_delays: as of any deletion.
    """

    def __init__(
        self,
        living: Living,
        deletions: DeletionStore,
        *,
        participants: tuple[str, ...],
        sweep_delays: Mapping[Kind, timedelta],
    ) -> None:
        self._living = living
        self._deletions = deletions
        self._participants = participants
        self._sweep_delays = sweep_delays

    async def bury(self, dead: Sequence[Dead]) -> int:
        """Delete those that are alive; how many.

        Raises:
            DependencyDown: the database does not answer.
        """
        buried = 0
        for start in range(0, len(dead), _TOGETHER):
            for one in await self._living.among(dead[start : start + _TOGETHER]):
                acting = Acting(one.owner, _RESTORE, on_behalf=True)
                await self._deletions.order(
                    acting, one.asset_id, self._participants, self._sweep_delays
                )
                buried += 1
        return buried
