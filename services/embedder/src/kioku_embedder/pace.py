"""Promise: no pass is planned to take longer than its budget, or holds one item.

An interactive query waits for the pass that is running, so the length of a pass is what bulk work
may cost a person.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from kioku_embedder.waiting import Tower

_WEIGHT = 0.3
_CRAMPED_SECONDS = 60.0


class Pace:
    """Learns from finished passes how many items the next one may have.

    After a batch did not fit into memory, none is larger than its half for a minute; then size
    grows again as it did at first, because whoever else held the memory may have gone.

    Args:
        batch_size: most items of a pass whatever their speed (memory of the device).
        budget: seconds a pass may take.
        clock: seconds, monotonic.
    """

    def __init__(
        self, batch_size: int, budget: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._batch_size = batch_size
        self._budget = budget
        self._per_item: dict[Tower, float] = {}
        self._largest: dict[Tower, int] = dict.fromkeys(Tower, 1)
        self._clock = clock
        self._cramped_until: dict[Tower, float] = dict.fromkeys(Tower, float("-inf"))

    def most(self, tower: Tower) -> int:
        """Items the next pass of this tower may have; doubles from one while that is cheap."""
        per_item = self._per_item.get(tower)
        if per_item is None:
            return 1
        affordable = int(self._budget / per_item) if per_item > 0 else self._batch_size
        cramped = self._clock() < self._cramped_until[tower]
        reach = self._largest[tower] * (1 if cramped else 2)
        return max(1, min(affordable, self._batch_size, reach))

    def finished(self, tower: Tower, items: int, seconds: float) -> None:
        """Notes a pass of so many items."""
        measured = seconds / items
        known = self._per_item.get(tower, measured)
        self._per_item[tower] = known + _WEIGHT * (measured - known)
        if self._clock() >= self._cramped_until[tower]:
            self._largest[tower] = max(self._largest[tower], items)

    def did_not_fit(self, tower: Tower, items: int) -> None:
        """Notes a batch of so many items for which there was no memory."""
        self._cramped_until[tower] = self._clock() + _CRAMPED_SECONDS
        self._largest[tower] = max(1, min(self._largest[tower], items // 2))

    def seconds_for(self, tower: Tower, items: int) -> float:
        """About how long so many items take; 0 while unknown."""
        return self._per_item.get(tower, 0.0) * items
