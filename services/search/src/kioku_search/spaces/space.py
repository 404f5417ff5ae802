"""What an embedding space is, and which one an owner is served from."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason

IMAGE = "IMAGE"
TAG = "TAG"
FACE = "FACE"
LIVE = frozenset({"backfilling", "canary", "active", "standby"})
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
    """A space and its state: registered, backfilling, canary, active, standby or retired.

    `canary_percent` of the owners are served from it while it is a canary.
    """

    space: Space
    state: str
    canary_percent: int = 0

    @property
    def live(self) -> bool:
        """Whether new assets get a vector in it: somebody is, or may soon be, served from it."""
        return self.state in LIVE

    def tries(self, owner: str) -> bool:
        """Whether it is a canary that serves this owner."""
        return self.state == "canary" and in_canary(self.space.space_id, owner, self.canary_percent)


@dataclass(frozen=True, slots=True)
class Share:
    """Some of the owners: those inside a canary's share, or those outside; all without a canary."""

    canary: str = ""
    percent: int = 0
    inside: bool = False

    @property
    def rest(self) -> Share:
        """The other owners."""
        return replace(self, inside=not self.inside)


def share_of(space_id: str, known: Mapping[str, KnownSpace]) -> Share | None:
    """The owners that a space serves; None: nobody."""
    one = known[space_id]
    kind = one.space.kind
    canaries = [
        other
        for other in known.values()
        if other.space.kind == kind and other.state == "canary" and other.canary_percent
    ]
    if one in canaries:
        return Share(space_id, one.canary_percent, inside=True)
    if one.state != "active":
        return None
    if not canaries:
        return Share()
    return Share(canaries[0].space.space_id, canaries[0].canary_percent, inside=False)


def in_canary(space_id: str, owner: str, percent: int) -> bool:
    """Whether an owner belongs to a canary's share; `search.in_canary` of the database agrees.

    32 bits of SHA-256 over space and owner, so that each canary tries other owners, and a share
    that grows keeps those it had.
    """
    digest = hashlib.sha256(f"{space_id}/{owner}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < percent


class SpaceStore(Protocol):
    """Where spaces are kept."""

    async def all(self) -> list[KnownSpace]:
        """Every space."""

    async def register(self, space: Space) -> str:
        """Its state afterwards; idempotent.  Raises InvalidInput if it cannot be stored."""


class Models(Protocol):
    """Whoever makes vectors, asked for its spaces."""

    async def default_space(self) -> Space:
        """The space of vectors made without naming one.  Raises DependencyDown."""

    async def served_spaces(self) -> list[Space]:
        """Every space it makes vectors of.  Raises DependencyDown."""


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

    async def serving(self, kind: str, owner: str) -> Space:
        """The space that an owner's pictures, or tags, are searched in: the canary's or the active.

        Raises:
            KiokuError: NO_ACTIVE_SPACE.
        """
        space = await self.find_serving(kind, owner)
        if space is None:
            raise KiokuError(Reason.NO_ACTIVE_SPACE)
        return space

    async def find_serving(self, kind: str, owner: str) -> Space | None:
        """The same, if there is one."""
        for one in (await self.known()).values():
            if one.space.kind == kind and one.tries(owner):
                return one.space
        return await self.find_active(kind)

    async def find_active(self, kind: str) -> Space | None:
        """The active space of a kind, whoever else is served from a canary."""
        for one in (await self.known()).values():
            if one.state == "active" and one.space.kind == kind:
                return one.space
        return None

    async def searchable(self, space_id: str) -> Space:
        """The space of that id, unless it is retired or of faces, which no search compares.

        Raises:
            KiokuError: SPACE_UNKNOWN.
        """
        space = await self._stored(space_id)
        if space is None or space.kind == FACE:
            raise _unknown(space_id)
        return space

    async def of_faces(self, space_id: str) -> Space:
        """The space of faces of that id, unless it is retired.

        Raises:
            KiokuError: SPACE_UNKNOWN.
        """
        space = await self._stored(space_id)
        if space is None or space.kind != FACE:
            raise _unknown(space_id)
        return space

    async def _stored(self, space_id: str) -> Space | None:
        known = (await self.known()).get(space_id)
        return None if known is None or known.state == "retired" else known.space

    async def recheck(self, space_id: str) -> Space:
        """As `searchable`, by what the table says now: an empty answer may mean a space that went.

        Raises:
            KiokuError: SPACE_UNKNOWN.
        """
        self.forget()
        return await self.searchable(space_id)

    async def register(self, space: Space) -> str:
        """Make sure that `space` is known; its state."""
        known = self._known.get(space.space_id)
        if known is not None and known.space == space and known.state != "retired":
            return known.state
        state = await self._store.register(space)
        self.forget()
        return state

    async def ensure_active(self) -> bool:
        """Have an active space, asking the embedder for its default one if there is none.

        Returns False if there is none and the embedder does not answer.
        """
        if await self.find_active(IMAGE) is None:
            try:
                await self.register(await self._models.default_space())
            except DependencyDown:
                return False
        return True

    async def known(self) -> dict[str, KnownSpace]:
        """Every space by its id."""
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


def _unknown(space_id: str) -> KiokuError:
    return KiokuError(Reason.SPACE_UNKNOWN, metadata={"space_id": space_id[:128]})
