"""Promise: a provider gets no more requests a minute, and no more at once, than was agreed.

Requests are spaced evenly, people before bulk work. When the provider asks to wait, everybody
waits; who would have to wait longer than they can is told at once.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_embedder.hosted.failure import RateLimited
from kioku_embedder.waiting import Priority


@dataclass(order=True)
class _Waiter:
    priority: Priority
    number: int
    patience: float = field(compare=False)
    turn: asyncio.Future[None] = field(compare=False)


class Throttle:
    """A gate for requests.

    Args:
        per_minute: most requests that begin in a minute.
        concurrency: most requests that have begun and not ended.
    """

    def __init__(self, *, per_minute: float, concurrency: int) -> None:
        self._interval = 60.0 / per_minute
        self._free = concurrency
        self._next = 0.0
        self._waiters: list[_Waiter] = []
        self._numbers = count()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def held_seconds(self) -> float:
        """How long nothing may begin from now on; 0 or a fraction of a second in normal work."""
        return max(0.0, self._next - monotonic())

    def seconds_for(self, items: int) -> float:
        """How long so many requests take to begin."""
        return self.held_seconds + self._interval * items

    def hold(self, seconds: float) -> None:
        """Nothing begins for so long; the provider said so."""
        self._next = max(self._next, monotonic() + seconds)
        for waiter in self._waiters:
            if waiter.patience < self.held_seconds and not waiter.turn.done():
                waiter.turn.set_exception(RateLimited(self.held_seconds))
        self._pump()

    @asynccontextmanager
    async def turn(self, priority: Priority, *, patience: float) -> AsyncIterator[float]:
        """Waits for the right to one request and holds it; gives the seconds waited.

        Args:
            priority: whose request.
            patience: seconds of waiting that make sense.

        Raises:
            RateLimited: the rate would make it wait longer.
            KiokuError: OVERLOADED, the requests before it took longer.
        """
        before = sum(waiter.priority <= priority for waiter in self._waiters)
        if self.seconds_for(before) > patience:
            raise RateLimited(self.seconds_for(before))
        started = monotonic()
        try:
            async with asyncio.timeout(patience):
                await self._wait(priority, patience)
        except TimeoutError as error:
            raise KiokuError(Reason.OVERLOADED, retry_after=patience) from error
        try:
            yield monotonic() - started
        finally:
            self._free += 1
            self._pump()

    async def _wait(self, priority: Priority, patience: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, _Waiter(priority, next(self._numbers), patience, turn))
        self._pump()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._free += 1  # it was granted while its owner gave up
                self._pump()
            raise

    def _pump(self) -> None:
        """Grants what may begin now and sets the alarm for what may begin later."""
        while self._waiters and self._free:
            if self._waiters[0].turn.done():
                heapq.heappop(self._waiters)
                continue
            if self.held_seconds > 0:
                self._ring_in(self.held_seconds)
                return
            self._free -= 1
            self._next = monotonic() + self._interval
            heapq.heappop(self._waiters).turn.set_result(None)

    def _ring_in(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(seconds, self._pump)
