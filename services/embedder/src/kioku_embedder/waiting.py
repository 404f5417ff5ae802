"""Promise: who is served next: interactive before bulk, first come first served within each.

A plain data structure without locks or threads; the batcher guards it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from kioku_embedder.answer import Answer, Outcome
from kioku_embedder.preprocessing import Pixels


class Priority(IntEnum):
    """Who waits for an item; lower goes first."""

    INTERACTIVE = 0
    BULK = 1


class Tower(StrEnum):
    """Which half of the model an item needs; a pass runs one of them."""

    IMAGE = "image"
    TEXT = "text"


@dataclass(eq=False)
class Item:
    """One thing to embed: what, by which tower, for whom, since when (seconds, monotonic).

    Compared by identity. The future belongs to the event loop that submitted it.
    """

    payload: Pixels | str
    tower: Tower
    priority: Priority
    since: float
    future: asyncio.Future[Answer]


@dataclass(frozen=True)
class Pass:
    """One finished run of a tower: how many items, how long (seconds), and what came out."""

    tower: Tower
    priority: Priority
    seconds: float
    outcomes: tuple[Outcome, ...]


@dataclass
class WaitingLines:
    """Four queues: two priorities by two towers.

    Args:
        patience: seconds after which one bulk pass goes ahead of interactive work, so that a
            flood of queries cannot starve the events until their attempts are used up.
    """

    patience: float
    _lines: dict[tuple[Priority, Tower], deque[Item]] = field(
        default_factory=lambda: {(p, t): deque() for p in Priority for t in Tower}
    )
    _last_bulk: float = 0.0

    def add(self, item: Item) -> None:
        """Puts an item at the end of its line."""
        self._lines[item.priority, item.tower].append(item)

    def remove(self, item: Item) -> None:
        """Takes a given-up item out, if it still waits."""
        line = self._lines[item.priority, item.tower]
        if item in line:
            line.remove(item)

    def depth(self, priority: Priority) -> int:
        """Items of one priority that wait."""
        return sum(len(self._lines[priority, tower]) for tower in Tower)

    def take(self, now: float, most: Callable[[Tower], int]) -> list[Item]:
        """The next batch, of one tower and one priority; empty when nothing waits.

        Args:
            now: seconds, monotonic.
            most: how many items a pass of this tower may have.
        """
        line = self._next_line(now)
        if line is None:
            return []
        if line[0].priority is Priority.BULK:
            self._last_bulk = now
        size = min(len(line), max(1, most(line[0].tower)))
        return [line.popleft() for _ in range(size)]

    def drain(self) -> list[Item]:
        """Everything that waits, in no order; the lines are empty afterwards."""
        everything = [item for line in self._lines.values() for item in line]
        for line in self._lines.values():
            line.clear()
        return everything

    def _next_line(self, now: float) -> deque[Item] | None:
        urgent, bulk = (self._oldest(priority) for priority in Priority)
        if urgent is None or bulk is None:
            return urgent or bulk
        starved = now - max(bulk[0].since, self._last_bulk) > self.patience
        return bulk if starved else urgent

    def _oldest(self, priority: Priority) -> deque[Item] | None:
        lines = [self._lines[priority, tower] for tower in Tower if self._lines[priority, tower]]
        return min(lines, key=lambda line: line[0].since, default=None)
