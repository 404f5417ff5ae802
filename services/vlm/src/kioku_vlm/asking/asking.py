"""Promise: whoever asks what a picture announces gets what is stored, or a place to ask for it.

What is stored is answered without reading anything. Otherwise the reading is ordered, ahead of
what nobody waits for, and the call waits for it as long as it was told to; the reading goes on
either way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.observing.digest import sha256_of
from kioku_vlm.observing.observation import (
    FINAL_STATES,
    Heard,
    KnownEntry,
    Observation,
    Original,
    State,
    Wish,
)

BY_LOCALE = "locale"
AMBIGUOUS = "AMBIGUOUS_DATE"


@dataclass(frozen=True)
class AskRules:
    """How long what is kept.

    Args:
        kept: how long an observation of bytes lives that are no asset.
        zone: IANA zone in which the day of a request is reckoned; empty: UTC.
    """

    kept: timedelta
    zone: str = ""


class AskStore(Protocol):
    """Orders in the name of one owner, each audited. Every method raises DependencyDown."""

    async def observation_of(self, acting: Acting, asset_id: UUID) -> UUID | None:
        """The observation of an asset; None: it was not heard of."""

    async def note_asset(
        self, acting: Acting, original: Original, today: date, wish: Wish
    ) -> UUID | None:
        """The observation of an asset that was not heard of; None: it is deleted."""

    async def note_bytes(self, acting: Acting, heard: Heard) -> UUID:
        """The observation of bytes that came with a request."""

    async def wish(self, acting: Acting, observation_id: UUID, wish: Wish) -> None:
        """Keep what the caller says beside the picture; what they leave empty stays."""

    async def urge(self, acting: Acting, observation_id: UUID) -> None:
        """Have it read before those that nobody waits for, if it is to be read."""

    async def order(self, acting: Acting, observation_id: UUID, data: bytes | None = None) -> bool:
        """Have it read again, with a fresh count of attempts; False: there is none.

        Args:
            data: its bytes, where they came with the request.
        """


class Observations(Protocol):
    """Observations as their owner sees them."""

    async def find(self, acting: Acting, observation_id: UUID) -> Observation | None:
        """One of them with its entries; None: there is none."""


class Assets(Protocol):
    """The assets of `search`."""

    async def original(self, owner: str, asset_id: UUID) -> Original:
        """Where the bytes of a picture are.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_UPLOADED, VIDEO_NOT_READ.
            DependencyDown: `search` does not answer.
        """


class Changes(Protocol):
    """Tells when an observation changed."""

    def watching(self, observation_id: UUID) -> AbstractContextManager[asyncio.Event]:
        """An event that is set after each change, inside the block."""


class Asking:
    """ExtractSchedule and ReanalyseAsset.

    Args:
        ring: called when something was ordered.
    """

    def __init__(
        self,
        store: AskStore,
        observations: Observations,
        assets: Assets,
        changes: Changes,
        *,
        ring: Callable[[], None],
        rules: AskRules,
    ) -> None:
        self._store = store
        self._observations = observations
        self._assets = assets
        self._changes = changes
        self._ring = ring
        self._rules = rules

    async def of_asset(
        self, acting: Acting, asset_id: UUID, wish: Wish, seconds: float
    ) -> Observation:
        """The observation of an asset, as far as it is after at most so many seconds.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_UPLOADED, VIDEO_NOT_READ.
            DependencyDown: `search`, asked for an asset that was not heard of, does not answer.
        """
        observation_id = await self._heard_of(acting, asset_id, wish)
        return await self._answer(acting, observation_id, wish, seconds)

    async def of_bytes(
        self, acting: Acting, data: bytes, wish: Wish, seconds: float
    ) -> Observation:
        """The observation of bytes, likewise. The same bytes are the same observation."""
        sha256 = await sha256_of(data)
        heard = Heard(data, sha256, self._today(), wish, self._rules.kept)
        observation_id = await self._store.note_bytes(acting, heard)
        return await self._answer(acting, observation_id, wish, seconds, data)

    async def again(self, acting: Acting, asset_id: UUID, wish: Wish) -> Observation:
        """The observation of an asset, PENDING: it will be read by the engine of now.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_UPLOADED, VIDEO_NOT_READ.
        """
        observation_id = await self._heard_of(acting, asset_id, wish)
        await self._store.wish(acting, observation_id, wish)
        if not await self._store.order(acting, observation_id):
            raise KiokuError(Reason.ASSET_NOT_FOUND, field="asset_id")
        self._ring()
        return await self._find(acting, observation_id)

    async def _heard_of(self, acting: Acting, asset_id: UUID, wish: Wish) -> UUID:
        """The observation of an asset; `search` is asked for one whose event did not come (yet)."""
        observation_id = await self._store.observation_of(acting, asset_id)
        if observation_id is None:
            original = await self._assets.original(acting.owner, asset_id)
            observation_id = await self._store.note_asset(acting, original, self._today(), wish)
        if observation_id is None:
            raise KiokuError(Reason.ASSET_NOT_FOUND, field="asset_id")
        return observation_id

    async def _answer(
        self,
        acting: Acting,
        observation_id: UUID,
        wish: Wish,
        seconds: float,
        data: bytes | None = None,
    ) -> Observation:
        with self._changes.watching(observation_id) as changed:
            found = await self._find(acting, observation_id)
            if _otherwise(found, wish):
                await self._store.wish(acting, observation_id, wish)
                if _other_dates(found, wish):
                    await self._store.order(acting, observation_id, data)
                found = await self._find(acting, observation_id)
            if found.state is State.PENDING:
                await self._store.urge(acting, observation_id)
                self._ring()
                found = await self._wait(acting, found, changed, seconds)
        return found

    async def _wait(
        self, acting: Acting, found: Observation, changed: asyncio.Event, seconds: float
    ) -> Observation:
        try:
            async with asyncio.timeout(seconds):
                while found.state not in FINAL_STATES:
                    await changed.wait()
                    changed.clear()
                    found = await self._find(acting, found.observation_id)
        except TimeoutError:
            pass
        return found

    async def _find(self, acting: Acting, observation_id: UUID) -> Observation:
        found = await self._observations.find(acting, observation_id)
        if found is None:  # its last asset was deleted while this call was at work
            raise KiokuError(Reason.OBSERVATION_NOT_FOUND, field="observation_id")
        return found

    def _today(self) -> date:
        return datetime.now(ZoneInfo(self._rules.zone or "UTC")).date()


def _otherwise(found: Observation, wish: Wish) -> bool:
    """Whether the caller says something that was not known."""
    return wish.zone not in ("", found.zone) or wish.locale not in ("", found.locale)


def _other_dates(found: Observation, wish: Wish) -> bool:
    """Whether another locale could give other dates: only where a date is ambiguous."""
    return (
        found.state is State.READY
        and wish.locale not in ("", found.locale)
        and any(map(_by_locale, found.entries))
    )


def _by_locale(entry: KnownEntry) -> bool:
    dates = (entry.read.start, entry.read.end)
    return any(one and (AMBIGUOUS in one.flags or one.resolved_by == BY_LOCALE) for one in dates)
