"""Promise: an owner sees what their pictures announce, each event once, and nothing of others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

from kioku_vlm.correcting.correction import corrected, first_day
from kioku_vlm.observing.observation import FINAL_STATES, KnownEntry, Observation, State
from kioku_vlm.schedule_facts import Kind

_LOOK_SECONDS = 5.0
"""A watcher looks so often in any case: an announcement may be lost with its connection."""


@dataclass(frozen=True)
class Wanted:
    """Which observations: of an asset, in a state; None: of all, in any."""

    asset_id: UUID | None = None
    state: State | None = None


@dataclass(frozen=True)
class Days:
    """Which entries: between two days, both included (None: no end), of these kinds (none: all)."""

    first: date | None = None
    last: date | None = None
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True)
class EntryPlace:
    """Where a page of entries begins: after this one; entries without a day come last."""

    day: date
    entry_id: UUID


@dataclass(frozen=True)
class ObservationPage:
    """Observations, newest first, and the token of the next page (empty: this was the last)."""

    observations: tuple[Observation, ...]
    next_page_token: str


@dataclass(frozen=True)
class EntryPage:
    """Entries by day, and the token of the next page (empty: this was the last)."""

    entries: tuple[KnownEntry, ...]
    next_page_token: str


class LibraryStore(Protocol):
    """Reading in the name of one owner, audited in the transaction that reads."""

    async def find(
        self, acting: Acting, observation_id: UUID, action: str = ""
    ) -> Observation | None:
        """One observation with entries and readings; None: there is none; no action: no audit."""

    async def page(
        self, acting: Acting, wanted: Wanted, limit: int, after: tuple[datetime, UUID] | None
    ) -> list[Observation]:
        """At most `limit` observations with their entries, newest first."""

    async def entries(
        self, acting: Acting, days: Days, limit: int, after: EntryPlace | None
    ) -> list[KnownEntry]:
        """At most `limit` entries that stand for their events, by day."""


class Changes(Protocol):
    """Tells when an observation changed."""

    def watching(self, observation_id: UUID) -> AbstractContextManager[asyncio.Event]:
        """An event that is set after each change, inside the block."""


class Library:
    """GetObservation, WatchObservation, ListObservations and ListEntries."""

    def __init__(self, store: LibraryStore, changes: Changes, tokens: PageTokens) -> None:
        self._store = store
        self._changes = changes
        self._tokens = tokens

    async def get(
        self, acting: Acting, observation_id: UUID, action: str = "observation.get"
    ) -> Observation:
        """One observation.

        Raises:
            KiokuError: OBSERVATION_NOT_FOUND.
        """
        found = await self._store.find(acting, observation_id, action)
        if found is None:
            raise KiokuError(Reason.OBSERVATION_NOT_FOUND, field="observation_id")
        return found

    async def watch(
        self, acting: Acting, observation_id: UUID
    ) -> AsyncGenerator[Observation, None]:
        """The observation now and after each change, until it is READY, FAILED or removed.

        Raises:
            KiokuError: OBSERVATION_NOT_FOUND, before anything was yielded.
        """
        with self._changes.watching(observation_id) as changed:
            seen = await self.get(acting, observation_id, "observation.watch")
            yield seen
            while seen.state not in FINAL_STATES:
                await _wait(changed)
                found = await self._store.find(acting, observation_id)
                if found is None:
                    return
                if found != seen:
                    seen = found
                    yield seen

    async def page(self, acting: Acting, wanted: Wanted, size: int, token: str) -> ObservationPage:
        """A page of observations, newest first.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
        """
        scope = scope_of("observations", acting.owner, str(wanted.asset_id), wanted.state)
        after = None
        if token:
            created, observation_id = self._tokens.read(scope, token)
            after = (datetime.fromisoformat(created), UUID(observation_id))
        rows = await self._store.page(acting, wanted, size + 1, after)
        shown = tuple(rows[:size])
        if len(rows) <= size:
            return ObservationPage(shown, "")
        position = [shown[-1].created_at.isoformat(), str(shown[-1].observation_id)]
        return ObservationPage(shown, self._tokens.sign(scope, position))

    async def entries(self, acting: Acting, days: Days, size: int, token: str) -> EntryPage:
        """A page of entries by day; an event that was read several times comes once.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
        """
        scope = scope_of("entries", acting.owner, str(days))
        after = None
        if token:
            day, entry_id = self._tokens.read(scope, token)
            after = EntryPlace(date.fromisoformat(day), UUID(entry_id))
        rows = await self._store.entries(acting, days, size + 1, after)
        shown = tuple(rows[:size])
        if len(rows) <= size:
            return EntryPage(shown, "")
        position = [day_of(shown[-1]).isoformat(), str(shown[-1].entry_id)]
        return EntryPage(shown, self._tokens.sign(scope, position))


def day_of(entry: KnownEntry) -> date:
    """By which it is sorted: its first day as it holds; the last there is where none is told."""
    return first_day(corrected(entry.read, entry.corrections)) or date.max


async def _wait(changed: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await changed.wait()
    except TimeoutError:
        pass
    changed.clear()
