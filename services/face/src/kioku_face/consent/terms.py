"""Promise: what was given for a time ends by itself, and nobody unknown is kept for ever.

A consent whose time is over is as one that was taken back. Faces of nobody known go when the last
of theirs is older than the retention. Both are erasures, carried out by the job of all erasures.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kioku_face.consent.consent import ConsentRules


class TermStore(Protocol):
    """What has come to its end; each change is one audited transaction."""

    async def over(self, limit: int) -> Sequence[tuple[str, UUID]]:
        """Owner and person of consents whose time is over."""

    async def expire(self, owner: str, person_id: UUID) -> bool:
        """Begin the erasure, if the consent is over still."""

    async def crowded(self, kept: timedelta, limit: int) -> Sequence[str]:
        """Owners of faces of nobody known that were kept long enough."""

    async def forget_unknown(self, owner: str, kept: timedelta, limit: int) -> int:
        """Begin the erasure of at most so many of them; of how many."""


class Terms:
    """Ends terms."""

    def __init__(self, store: TermStore, rules: ConsentRules) -> None:
        self._store = store
        self._rules = rules

    async def end_consents(self) -> int:
        """End those whose time is over; how many.

        Raises:
            DependencyDown: the database does not answer.
        """
        over = await self._store.over(self._rules.batch)
        return sum([await self._store.expire(owner, person_id) for owner, person_id in over])

    async def end_retention(self) -> int:
        """Forget faces of nobody known whose time is over; how many.

        Raises:
            DependencyDown: the database does not answer.
        """
        kept, batch = self._rules.anonymous, self._rules.batch
        gone = 0
        for owner in await self._store.crowded(kept, batch):
            while some := await self._store.forget_unknown(owner, kept, batch):
                gone += some
        return gone
