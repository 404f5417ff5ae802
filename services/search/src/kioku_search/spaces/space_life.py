"""Promise: a space begins to serve owners only when it is complete, and each change is one step.

Whatever serves owners was found complete while nobody could write: first the whole difference is
taken, which may take seconds, then, alone with the spaces, that of the last moment. New assets get
their vectors in every live space, so a few may be on the way at any time; they are waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

from kioku_search.spaces.space import FACE, IMAGE, KnownSpace, Models, Space, Spaces

_PATIENCE_SECONDS = 10.0
_AGAIN_SECONDS = 0.1
_ON_THE_WAY = 1000
"""More than so many are a back-fill that is not over, not assets on their way."""


@dataclass(frozen=True)
class SpaceStatus:
    """A space with the times of its life."""

    known: KnownSpace
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Gap:
    """What a space lacks of the vectors that READY assets should have, at a moment.

    Args:
        pending: not there, and not failed.
        failed: failed for good.
        taken_at: by the database's clock.
    """

    pending: int
    failed: int
    taken_at: datetime


@dataclass(frozen=True)
class Step:
    """A change of who is served from where.

    Args:
        space_id: the space that is changed.
        percent: of owners for a canary; None: it becomes the active one.
        gaining: the space that serves more owners afterwards, and so must be complete.
        force: go although it is not.
        actor: who wants it.
    """

    space_id: str
    percent: int | None
    gaining: str
    force: bool
    actor: str


class LifeStore(Protocol):
    """Spaces and their changes, each one transaction with its audit."""

    async def statuses(self) -> list[SpaceStatus]:
        """Every space, the oldest first."""

    async def admit(self, space_id: str, actor: str) -> None:
        """Note that it will be registered; a retired one is forgotten, so that it begins anew."""

    async def gap(self, space_id: str) -> Gap:
        """The whole difference."""

    async def take(self, step: Step, since: datetime) -> int:
        """Take the step if nothing that became READY since then is missing; how many are.

        Raises:
            KiokuError: SPACE_STATE_WRONG.
        """

    async def retire(self, space_id: str, actor: str) -> None:
        """Drop its vectors."""


class SpaceLife:
    """What an operator does with spaces.

    Args:
        follow: has the assets' states follow a change at once.
    """

    def __init__(
        self,
        store: LifeStore,
        spaces: Spaces,
        models: Models,
        follow: Callable[[], Awaitable[object]],
    ) -> None:
        self._store = store
        self._spaces = spaces
        self._models = models
        self._follow = follow

    async def all(self) -> list[SpaceStatus]:
        """Every space, the oldest first."""
        return await self._store.statuses()

    async def get(self, space_id: str) -> SpaceStatus:
        """One space.  Raises KiokuError SPACE_NOT_FOUND."""
        for one in await self._store.statuses():
            if one.known.space.space_id == space_id:
                return one
        raise KiokuError(Reason.SPACE_NOT_FOUND, metadata={"space_id": space_id[:128]})

    async def register(self, space: Space | None, space_id: str, actor: str) -> SpaceStatus:
        """Make a space known: the one given, or the one that the embedder describes.

        Raises:
            InvalidInput: it cannot be stored, or is known with another meaning.
            KiokuError: SPACE_NOT_SERVED.
            DependencyDown: the embedder does not answer.
        """
        chosen = space or await self._served(space_id)
        await self._store.admit(chosen.space_id, actor)
        await self._spaces.register(chosen)
        self._spaces.forget()
        return await self.get(chosen.space_id)

    async def set_canary(
        self, space_id: str, percent: int, *, accept_failures: int, actor: str
    ) -> SpaceStatus:
        """Serve so many percent of the owners from a space.

        Raises:
            InvalidInput: FIELD_INVALID.
            KiokuError: SPACE_NOT_FOUND, SPACE_STATE_WRONG, SPACE_NOT_COMPLETE.
        """
        if not 0 <= percent <= 100:
            raise InvalidInput(
                Reason.FIELD_INVALID, "The percentage must be 0 to 100.", field="percent"
            )
        known = (await self.get(space_id)).known
        _check_state(known, {"backfilling", "canary"})
        gaining = space_id
        if percent < known.canary_percent:
            gaining = await self._active(known.space.kind)
        await self._take(
            Step(space_id, percent, gaining, force=False, actor=actor), accept_failures
        )
        return await self.get(space_id)

    async def promote(
        self, space_id: str, *, accept_failures: int, actor: str
    ) -> tuple[SpaceStatus, str]:
        """Serve every owner from a space; it, and the space that was active before.

        Raises:
            KiokuError: SPACE_NOT_FOUND, SPACE_STATE_WRONG, SPACE_NOT_COMPLETE.
        """
        known = (await self.get(space_id)).known
        before = await self._find_active(known.space.kind)
        if known.state != "active":
            ready = {"backfilling", "canary", "standby"}
            _check_state(known, ready | ({"registered"} if known.space.kind == FACE else set()))
            step = Step(space_id, None, space_id, force=False, actor=actor)
            await self._take(step, accept_failures)
        return await self.get(space_id), before

    async def roll_back(self, kind: str, *, force: bool, actor: str) -> tuple[SpaceStatus, str]:
        """Serve every owner from the space that was active before; it, and the one until now.

        Raises:
            KiokuError: SPACE_STATE_WRONG, SPACE_NOT_COMPLETE.
        """
        before = await self._find_active(kind or IMAGE)
        for one in await self._store.statuses():
            known = one.known
            if known.state == "standby" and known.space.kind == (kind or IMAGE):
                space_id = known.space.space_id
                step = Step(space_id, None, space_id, force=force, actor=actor)
                await self._take(step, accept_failures=0)
                return await self.get(space_id), before
        raise KiokuError(Reason.SPACE_STATE_WRONG, "There is no space to go back to.")

    async def retire(self, space_id: str, *, force: bool, actor: str) -> SpaceStatus:
        """Drop a space's vectors.

        Raises:
            KiokuError: SPACE_NOT_FOUND, SPACE_IN_USE.
        """
        known = (await self.get(space_id)).known
        if not force and (known.state in ("active", "standby") or known.canary_percent):
            raise KiokuError(Reason.SPACE_IN_USE)
        await self._store.retire(space_id, actor)
        self._spaces.forget()
        await self._follow()
        return await self.get(space_id)

    async def _take(self, step: Step, accept_failures: int) -> None:
        """Take the step as soon as nothing is missing; the caller waits some seconds for that."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            gap = await self._store.gap(step.gaining)
            if gap.failed > accept_failures and not step.force:
                raise _incomplete(gap.pending, gap.failed)
            missing = 0 if step.force else gap.pending
            if not missing:
                missing = await self._store.take(step, gap.taken_at)
            if not missing:
                break
            if missing > _ON_THE_WAY or time.monotonic() > deadline:
                raise _incomplete(missing, gap.failed)
            await asyncio.sleep(_AGAIN_SECONDS)
        self._spaces.forget()
        await self._follow()

    async def _served(self, space_id: str) -> Space:
        served = await self._models.served_spaces()
        for one in served:
            if space_id in ("", one.space_id):
                return one
        raise KiokuError(Reason.SPACE_NOT_SERVED, metadata={"space_id": space_id[:128]})

    async def _active(self, kind: str) -> str:
        found = await self._find_active(kind)
        if not found:
            raise KiokuError(Reason.NO_ACTIVE_SPACE)
        return found

    async def _find_active(self, kind: str) -> str:
        for one in await self._store.statuses():
            if one.known.state == "active" and one.known.space.kind == kind:
                return one.known.space.space_id
        return ""


def _check_state(known: KnownSpace, allowed: set[str]) -> None:
    if known.state not in allowed:
        raise KiokuError(
            Reason.SPACE_STATE_WRONG,
            f"The space is {known.state}; it must be {' or '.join(sorted(allowed))}.",
            metadata={"state": known.state},
        )


def _incomplete(pending: int, failed: int) -> KiokuError:
    return KiokuError(
        Reason.SPACE_NOT_COMPLETE,
        f"The space lacks {pending} vectors that READY assets should have; {failed} failed.",
        metadata={"pending": str(pending), "failed": str(failed)},
    )
