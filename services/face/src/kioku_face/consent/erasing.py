"""Promise: an erasure that was begun is finished, whoever dies on the way.

Each step may run again: `search` removes what it still has and keeps a tombstone of each face. Only
one process is at an erasure, until its lease ends; the next one begins it anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from kioku_rt.errors import DependencyDown, KiokuError

from kioku_face.consent.consent import ConsentRules
from kioku_face.consent.erasure import Erasure
from kioku_face.consent.telling import Telling
from kioku_face.vectors import Access, Erased, FaceVectors

_TOGETHER = 20
log = structlog.get_logger(__name__)


class ErasureStore(Protocol):
    """Erasures that are not finished."""

    async def claim(self, limit: int, lease: timedelta) -> Sequence[Erasure]:
        """PENDING ones that nobody is at, for the caller alone until the lease ends."""

    async def faces(self, erasure: Erasure) -> Sequence[UUID]:
        """The faces that went with it."""

    async def erased(self, erasure: Erasure, done: Erased) -> Erasure:
        """Note that `search` confirmed, once; the erasure as it is."""

    async def let_go(self, erasure: Erasure, again: timedelta) -> None:
        """Have it tried again after that time."""

    async def unscrubbed(self, limit: int) -> Sequence[Erasure]:
        """ERASED ones, the oldest first."""

    async def scrubbed(self, erasure: Erasure, at: datetime) -> None:
        """Note that the files were rewritten."""


class Erasing:
    """Carries erasures out."""

    def __init__(
        self, store: ErasureStore, vectors: FaceVectors, telling: Telling, rules: ConsentRules
    ) -> None:
        self._store = store
        self._vectors = vectors
        self._telling = telling
        self._rules = rules

    async def carry_out(self, erasure: Erasure) -> Erasure:
        """Have `search` remove the vectors; the erasure as it then is.

        Raises:
            DependencyDown: the database or `search` does not answer.
        """
        await self._telling.tell(erasure.owner)
        done = await self._erase(erasure, await self._store.faces(erasure))
        return await self._store.erased(erasure, done)

    async def _erase(self, erasure: Erasure, faces: Sequence[UUID]) -> Erased:
        access = Access(erasure.owner, erasure.actor, erasure.cause, str(erasure.erasure_id))
        done = await self._vectors.erase(access, person_id=None, face_ids=faces)
        vectors, ticket = done.vectors, done.scrub_ticket
        for person_id in erasure.people:  # links that `search` knows and this service lost
            more = await self._vectors.erase(access, person_id=person_id, face_ids=())
            vectors, ticket = vectors + more.vectors, max(ticket, more.scrub_ticket)
        return Erased(vectors, ticket)

    async def let_go(self, erasure: Erasure) -> None:
        """Leave it to the job, once what was asked of `search` can no longer be running."""
        await self._store.let_go(erasure, self._rules.again)

    async def go_on(self) -> int:
        """Carry out what waits, one after the other; how many.

        Raises:
            DependencyDown: the database or `search` does not answer.
        """
        waiting = await self._store.claim(_TOGETHER, self._rules.lease)
        done = 0
        for erasure in waiting:
            done += await self._attempt(erasure)
        return done

    async def _attempt(self, erasure: Erasure) -> bool:
        try:
            async with asyncio.timeout(self._rules.attempt.total_seconds()):
                await self.carry_out(erasure)
        except DependencyDown:
            await self.let_go(erasure)
            raise
        except (KiokuError, TimeoutError) as error:
            log.warning("erasure.waits", cause=type(error).__name__)
            await self.let_go(erasure)
            return False
        return True

    async def look_at_scrubs(self) -> int:
        """Note which files were rewritten since; of how many erasures."""
        done = 0
        for erasure in await self._store.unscrubbed(_TOGETHER):
            at = await self._vectors.scrubbed(erasure.scrub_ticket or 0)
            if at is not None:
                await self._store.scrubbed(erasure, at)
                done += 1
        return done
