"""What an embedding space is, and which one a search uses."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason

IMAGE = "IMAGE"
TAG = "TAG"
_FRESH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Space:
    """What gives a vector its meaning; `kind` and `metric` are the contracts' names."""

    space_id: str
    kind: str
    model: str
    revision: str
    dimension: int
    metric: str
    preprocessing: str
    normalised: bool
    precision: str


@dataclass(frozen=True, slots=True)
class KnownSpace:
    """A space and its state: registered, backfilling, canary, active or retired."""

    space: Space
    state: str


class SpaceStore(Protocol):
    """Where spaces are kept."""

    async def all(self) -> list[KnownSpace]:
        """Every space."""

    async def register(self, space: Space) -> str:
        """Its state afterwards; idempotent.  Raises InvalidInput if it cannot be stored."""


class Models(Protocol):
    """Whoever makes vectors, asked for its default space."""

    async def default_space(self) -> Space:
        """The space of vectors made without naming one.  Raises DependencyDown."""


class Spaces:
    """The spaces as last read, at most ten seconds old, so that a search costs no extra query."""

    def __init__(self, store: SpaceStore, models: Models) -> None:
        self._store = store
        self._models = models
        self._known: dict[str, KnownSpace] = {}
        self._fresh_until = float("-inf")
        self._changes = 0
        self._reading = asyncio.Lock()

    def forget(self) -> None:
        """Read again before the next answer; called when the table changed."""
        self._changes += 1
        self._fresh_until = float("-inf")

    async def active(self, kind: str = IMAGE) -> Space:
        """The space that pictures, or tags, are searched in.

        Raises:
            KiokuError: NO_ACTIVE_SPACE.
        """
        space = await self.find_active(kind)
        if space is None:
            raise KiokuError(Reason.NO_ACTIVE_SPACE)
        return space

    async def find_active(self, kind: str) -> Space | None:
        """The active space of a kind, if there is one."""
        for known in (await self._all()).values():
            if known.state == "active" and known.space.kind == kind:
                return known.space
        return None

    async def searchable(self, space_id: str) -> Space:
        """The space of that id, unless it is retired.

        Raises:
            KiokuError: SPACE_UNKNOWN.
        """
        known = (await self._all()).get(space_id)
        if known is None or known.state == "retired":
            raise KiokuError(Reason.SPACE_UNKNOWN, metadata={"space_id": space_id[:128]})
        return known.space

    async def register(self, space: Space) -> str:
        """Make sure that `space` is known; its state."""
        known = self._known.get(space.space_id)
        if known is not None and known.space == space:
            return known.state
        state = await self._store.register(space)
        self.forget()
        return state

    async def ensure_active(self) -> bool:
        """Have an active space, asking the embedder for its default one if there is none.

        Returns False if there is none and the embedder does not answer.
        """
        try:
            await self.active()
        except KiokuError as error:
            if error.reason is not Reason.NO_ACTIVE_SPACE:
                raise
            try:
                await self.register(await self._models.default_space())
            except DependencyDown:
                return False
        return True

    async def _all(self) -> dict[str, KnownSpace]:
        if time.monotonic() < self._fresh_until:
            return self._known
        async with self._reading:
            if time.monotonic() >= self._fresh_until:
                await self._read()
        return self._known

    async def _read(self) -> None:
        changes = self._changes
        rows = await self._store.all()
        self._known = {row.space.space_id: row for row in rows}
        if changes == self._changes:  # else it changed while we read
            self._fresh_until = time.monotonic() + _FRESH_SECONDS
