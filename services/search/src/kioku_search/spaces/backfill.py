"""Promise: a space is filled at a pace, in its hours, and every vector it lacks has a reason.

What an operator sees and sets of a back-fill; `filling` does the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

from kioku_search.assets.asset import Failure
from kioku_search.spaces.space import IMAGE, Spaces

DEFAULT_RATE = 600
MAX_RATE = 1_000_000
_DAY = 24 * 60


@dataclass(frozen=True)
class Window:
    """A daily time: minutes of the day in a zone of the IANA database; it may pass midnight."""

    start: int
    end: int
    zone: str = "UTC"


@dataclass(frozen=True)
class Backfill:
    """How far a back-fill is, in vectors; counted at `counted_at`."""

    space_id: str
    state: str
    total: int
    done: int
    failed: int
    in_flight: int
    rate_per_minute: int
    measured_per_minute: float
    window: Window | None
    in_window: bool
    started_at: datetime | None
    finished_at: datetime | None
    counted_at: datetime | None
    pace: float = 1.0
    """Share of its rate that it goes at; less than 1 while it gives way to searches."""

    @property
    def pending(self) -> int:
        """Vectors that are not ordered yet."""
        return max(0, self.total - self.done - self.failed - self.in_flight)

    @property
    def failure_rate(self) -> float:
        """Failures by what ended, 0 to 1."""
        return self.failed / max(1, self.done + self.failed)

    @property
    def eta_seconds(self) -> int | None:
        """Seconds until nothing is pending, at the measured rate; None while that is unknown."""
        if self.state != "RUNNING" or self.measured_per_minute <= 0:
            return None
        return round(60 * (self.pending + self.in_flight) / self.measured_per_minute)


@dataclass(frozen=True)
class ItemFailure:
    """One vector that cannot be had; `frame_no` -1 is the asset as a whole."""

    owner: str
    asset_id: UUID
    frame_no: int
    failure: Failure
    orders: int
    failed_at: datetime


@dataclass(frozen=True)
class FailurePage:
    """Failures by owner, asset and frame, and the token of the next page."""

    failures: tuple[ItemFailure, ...]
    next_page_token: str


class BackfillStore(Protocol):
    """Back-fills and their failures; changes are audited."""

    async def start(self, space_id: str, rate: int, window: Window | None, actor: str) -> None:
        """Begin, or change the pace.

        Raises:
            InvalidInput: FIELD_INVALID for a zone that is none.
        """

    async def switch(self, space_id: str, state: str, actor: str) -> None:
        """RUNNING or PAUSED, where there is a job."""

    async def retry(self, space_id: str, actor: str) -> int:
        """Forget the failures, so that they are ordered again; how many."""

    async def find(self, space_id: str) -> Backfill | None:
        """The job, if there is one."""

    async def failures(
        self, space_id: str, limit: int, after: tuple[str, UUID, int]
    ) -> list[ItemFailure]:
        """At most `limit` failures after one of them."""


class Backfills:
    """The rpcs about back-fills."""

    def __init__(self, store: BackfillStore, spaces: Spaces, tokens: PageTokens) -> None:
        self._store = store
        self._spaces = spaces
        self._tokens = tokens

    async def start(
        self, space_id: str, rate: int, window: Window | None, *, actor: str
    ) -> Backfill:
        """Begin to fill a space, or change the pace of a job that was begun.

        Raises:
            InvalidInput: FIELD_INVALID.
            KiokuError: SPACE_NOT_FOUND, SPACE_STATE_WRONG.
        """
        await self._check_space(space_id)
        checked = _checked_rate(rate)
        _check_window(window)
        await self._store.start(space_id, checked, window, actor)
        self._spaces.forget()
        return await self.get(space_id)

    async def pause(self, space_id: str, *, actor: str) -> Backfill:
        """Order nothing more.  Raises KiokuError BACKFILL_NOT_FOUND."""
        await self.get(space_id)
        await self._store.switch(space_id, "PAUSED", actor)
        return await self.get(space_id)

    async def resume(self, space_id: str, *, actor: str) -> Backfill:
        """Go on.  Raises KiokuError BACKFILL_NOT_FOUND."""
        await self.get(space_id)
        await self._store.switch(space_id, "RUNNING", actor)
        return await self.get(space_id)

    async def retry(self, space_id: str, *, actor: str) -> tuple[Backfill, int]:
        """Order failures again; how many.  Raises KiokuError BACKFILL_NOT_FOUND."""
        await self.get(space_id)
        retried = await self._store.retry(space_id, actor)
        return await self.get(space_id), retried

    async def get(self, space_id: str) -> Backfill:
        """How far it is.  Raises KiokuError BACKFILL_NOT_FOUND."""
        found = await self._store.find(space_id)
        if found is None:
            raise KiokuError(Reason.BACKFILL_NOT_FOUND, metadata={"space_id": space_id[:128]})
        return found

    async def failures(self, space_id: str, size: int, token: str) -> FailurePage:
        """A page of failures.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
            KiokuError: BACKFILL_NOT_FOUND.
        """
        await self.get(space_id)
        scope = scope_of("backfill failures", space_id)
        after = ("", UUID(int=0), -1)
        if token:
            owner, asset_id, frame_no = self._tokens.read(scope, token)
            after = (owner, UUID(asset_id), frame_no)
        rows = await self._store.failures(space_id, size + 1, after)
        if len(rows) <= size:
            return FailurePage(tuple(rows), "")
        last = rows[size - 1]
        position = [last.owner, str(last.asset_id), last.frame_no]
        return FailurePage(tuple(rows[:size]), self._tokens.sign(scope, position))

    async def _check_space(self, space_id: str) -> None:
        known = (await self._spaces.known()).get(space_id)
        if known is None:
            raise KiokuError(Reason.SPACE_NOT_FOUND, metadata={"space_id": space_id[:128]})
        if known.space.kind != IMAGE or known.state == "retired":
            raise KiokuError(
                Reason.SPACE_STATE_WRONG,
                "Only spaces of pictures that are not retired are filled.",
                metadata={"state": known.state, "kind": known.space.kind},
            )


def _checked_rate(rate: int) -> int:
    if not 0 <= rate <= MAX_RATE:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"The rate is 1 to {MAX_RATE:,} a minute, 0 for {DEFAULT_RATE}.",
            field="rate_per_minute",
            metadata={"limit": str(MAX_RATE)},
        )
    return rate or DEFAULT_RATE


def _check_window(window: Window | None) -> None:
    if window is None:
        return
    if not (0 <= window.start < _DAY and 0 <= window.end < _DAY) or window.start == window.end:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "A window begins and ends at two different minutes of the day, 0 to 1439.",
            field="window",
        )
