"""Promise: what many ask for at the same time is made once, and what is kept stays within bounds.

The most recently used values are kept, by number and by weight. Each value may carry a stamp, which
is whatever it depends on; asked for with another stamp it is made anew, and the old one is gone.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Found(Enum):
    """How a value was come by."""

    MADE = auto()  # for this caller
    SHARED = auto()  # another caller's making was waited for
    KEPT = auto()  # it was there

    @property
    def was_there(self) -> bool:
        """Whether it was kept before anybody asked this time."""
        return self is Found.KEPT


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    value: V
    stamp: Hashable
    weight: int
    made: float


class Cache(Generic[K, V]):
    """Values by key, and the ones being made.

    Args:
        entries: how many are kept; 0 keeps none (concurrent callers still share one making).
        most: the weight of all together; a heavier value is never kept.
        weigh: a value's weight; one each if it is not given.
        worth: whether a value is to be kept at all.
    """

    def __init__(
        self,
        entries: int,
        *,
        most: int | None = None,
        weigh: Callable[[V], int] = lambda _: 1,
        worth: Callable[[V], bool] = lambda _: True,
    ) -> None:
        self._entries = entries
        self._most = entries if most is None else most
        self._weigh = weigh
        self._worth = worth
        self._kept: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._making: dict[tuple[K, Hashable], asyncio.Task[V]] = {}
        self.weight = 0
        self.outdated = 0
        """How many values were dropped because their stamp was not the one asked for."""

    async def get(
        self, key: K, make: Callable[[], Awaitable[V]], stamp: Hashable = None
    ) -> tuple[V, Found]:
        """The value that has this stamp, and how it was come by.

        Callers that come while it is being made wait for it; one that gives up leaves the others
        their answer. A failure is not kept.
        """
        kept = self._kept.get(key)
        if kept is not None and kept.stamp == stamp:
            self._kept.move_to_end(key)
            return kept.value, Found.KEPT
        if kept is not None:
            self._forget(key)
            self.outdated += 1
        flight = (key, stamp)
        task = self._making.get(flight)
        found = Found.SHARED if task else Found.MADE
        if task is None:
            # Its own context: the first caller's deadline must not end it for the others.
            task = asyncio.create_task(self._make(flight, make), context=contextvars.Context())
            self._making[flight] = task
            task.add_done_callback(lambda done: self._made(flight, done))
        return await asyncio.shield(task), found

    def peek(self, key: K) -> V | None:
        """The value kept under a key, whatever its stamp."""
        kept = self._kept.get(key)
        return kept.value if kept else None

    def drop(self, key: K) -> None:
        """Forget one value."""
        if key in self._kept:
            self._forget(key)

    def drop_older(self, seconds: float) -> None:
        """Forget every value that was made longer ago."""
        before = time.monotonic() - seconds
        for key in [key for key, entry in self._kept.items() if entry.made < before]:
            self._forget(key)

    def drop_matching(self, matches: Callable[[K], bool]) -> None:
        """Forget every value whose key matches, also one still being made."""
        for key in [key for key in self._kept if matches(key)]:
            self._forget(key)
        for flight in [flight for flight in self._making if matches(flight[0])]:
            del self._making[flight]

    def __len__(self) -> int:
        return len(self._kept)

    async def _make(self, flight: tuple[K, Hashable], make: Callable[[], Awaitable[V]]) -> V:
        value = await make()
        if self._making.get(flight) is asyncio.current_task():  # else it was dropped meanwhile
            self._keep(*flight, value)
        return value

    def _keep(self, key: K, stamp: Hashable, value: V) -> None:
        if key in self._kept:
            self._forget(key)
        entry = _Entry(value, stamp, self._weigh(value), time.monotonic())
        if entry.weight > self._most or not self._worth(value):
            return
        self._kept[key] = entry
        self.weight += entry.weight
        while len(self._kept) > self._entries or self.weight > self._most:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: K) -> None:
        self.weight -= self._kept.pop(key).weight

    def _made(self, flight: tuple[K, Hashable], task: asyncio.Task[V]) -> None:
        if self._making.get(flight) is task:
            del self._making[flight]
        if not task.cancelled():
            task.exception()  # whoever still waits hears it; nobody else has to
