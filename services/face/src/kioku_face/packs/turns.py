"""Promise: so many at once, those somebody waits for first, and who finds no room is told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

_SHORTEST, _LONGEST = 0.1, 30.0
_WEIGHT = 0.2
_PATIENCE = 4  # turns that urgent work gets in a row while other work waits


class Turns:
    """A gate for one event loop.

    Args:
        at_once: that are through the gate together.
        limit: of each kind, urgent or not, waiting or through.
    """

    def __init__(self, at_once: int, limit: int) -> None:
        self._free = at_once
        self._at_once = at_once
        self._limit = limit
        self._taken = {True: 0, False: 0}
        self._waiting: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._urgent_in_a_row = 0
        self._seconds = 0.1

    def fullness(self, *, urgent: bool) -> float:
        """Taken by the limit; at 1 the next one is refused."""
        return self._taken[urgent] / self._limit

    @asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[None]:
        """Waits for a turn and holds it.

        Raises:
            KiokuError: OVERLOADED, with about the time until there is room.
        """
        if self._taken[urgent] >= self._limit:
            wait = self._taken[urgent] * self._seconds / self._at_once
            raise KiokuError(Reason.OVERLOADED, retry_after=min(_LONGEST, max(_SHORTEST, wait)))
        self._taken[urgent] += 1
        try:
            await self._enter(urgent)
            begun = monotonic()
            try:
                yield
            finally:
                self._seconds += _WEIGHT * (monotonic() - begun - self._seconds)
                self._leave()
        finally:
            self._taken[urgent] -= 1

    async def _enter(self, urgent: bool) -> None:
        if self._free:
            self._free -= 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[urgent].append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # the turn came with the cancellation
                self._leave()
            raise

    def _leave(self) -> None:
        """Hands the turn on."""
        while (after := self._next()) is not None:
            if not after.done():
                after.set_result(None)
                return
        self._free += 1

    def _next(self) -> asyncio.Future[None] | None:
        urgent, other = self._waiting[True], self._waiting[False]
        if urgent and not (other and self._urgent_in_a_row >= _PATIENCE):
            self._urgent_in_a_row += 1
            return urgent.popleft()
        self._urgent_in_a_row = 0
        return other.popleft() if other else None
